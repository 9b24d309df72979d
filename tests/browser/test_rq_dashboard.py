"""rq-dashboard in a real browser: its script runs under our policy, nothing in a job does."""

import json

import pytest
import redis as redis_py
from conftest import make_user, wait_until
from playwright.sync_api import Page, expect
from rq.registry import FailedJobRegistry
from rq.results import Result

from browser.conftest import LATER
from browser.test_every_page import is_fit_to_read
from smartcontent.models import User
from smartcontent.scheduling import Job
from smartcontent.scheduling.job import WRITE_DRAFT
from smartcontent.stores import keys
from smartcontent.stores.keys import QUEUE

RQ = "/admin/rq"
HTML = "<img src=x onerror=alert(1)><script>alert(1)</script>"
JOB_ID = "draft-000000000000-1-u0"


@pytest.fixture
def founder(app) -> User:
    return make_user("founder@example.org", is_admin=True, is_founder=True)


@pytest.fixture
def failed(app) -> Job:
    """A failed job for no draft, with markup wherever a job holds text."""
    with redis_py.Redis.from_url(app.config["REDIS_URL"]) as client:
        job = Job.create(
            WRITE_DRAFT, [0], connection=client, id=JOB_ID, origin=QUEUE, description=HTML,
            meta={"note": HTML}, timeout=60,
        )  # fmt: skip
        job.save()
        job.set_status("failed")
        with client.pipeline() as pipe:
            FailedJobRegistry(QUEUE, client).add(job, pipeline=pipe)
            Result.create_failure(job, ttl=LATER, exc_string=HTML, pipeline=pipe)
            pipe.execute()
        client.sadd("rq:queues", keys.QUEUED, f"rq:queue:{HTML}")
        yield job
        client.srem("rq:queues", f"rq:queue:{HTML}")
        job.delete()


@pytest.fixture
def page(open_page, founder) -> Page:
    page = open_page(f"{RQ}/", founder)
    page.on("dialog", lambda dialog: pytest.fail(f"a script of a job ran: {dialog.message}"))
    return page


def no_markup_of_a_job_in(page: Page) -> None:
    expect(page.locator(".rq :is(img, script:not([name]))")).to_have_count(0)


def test_queues_are_listed_with_markup_in_a_name_as_text(failed, page):
    page.reload()

    expect(page.locator("#queues")).to_contain_text(HTML)
    expect(page.locator("#queues tr", has_text=QUEUE).locator("td").nth(6)).to_have_text("1")
    no_markup_of_a_job_in(page)


def test_failed_jobs_are_listed_with_markup_as_text(failed, page):
    page.goto(f"{RQ}/0/view/jobs/{QUEUE}/failed/8/asc/1")

    expect(page.locator("#jobs .description")).to_have_text(HTML)
    expect(page.locator("#jobs .exc_info")).to_have_text(HTML)
    expect(page.locator("#jobs .job_id")).to_have_text(JOB_ID)
    no_markup_of_a_job_in(page)


def test_job_is_shown_with_markup_as_text_and_requeued_by_its_button(failed, page):
    page.goto(f"{RQ}/0/view/job/{JOB_ID}")

    expect(page.locator("#job-data .description-scroll")).to_have_text(HTML)
    expect(page.locator("#job-data .exc_info")).to_have_text(HTML)
    expect(page.locator("#job-data")).to_contain_text(json.dumps(HTML))
    no_markup_of_a_job_in(page)

    page.get_by_role("button", name="Requeue").click()

    registry = FailedJobRegistry(QUEUE, failed.connection)
    wait_until(lambda: failed.id not in registry.get_job_ids(cleanup=False))


def test_workers_are_listed(page):
    page.goto(f"{RQ}/0/view/workers")

    expect(page.locator("#workers tr", has_text=QUEUE)).to_have_count(1)


def test_way_back_to_the_administrators_pages(page):
    page.get_by_role("link", name="Overview").click()

    expect(page.get_by_role("heading", name="Administration")).to_be_visible()


def test_its_pages_are_in_our_frame_fit_and_can_be_read(failed, open_page, founder):
    page = open_page(f"{RQ}/", founder)
    for path, shown in (
        ("/", "#queues a"),
        (f"/0/view/jobs/{QUEUE}/failed/8/asc/1", "#jobs .job_id"),
        (f"/0/view/job/{JOB_ID}", "#job-data pre"),
        ("/0/view/workers", "#workers td"),
    ):
        page.goto(f"{RQ}{path}")
        expect(page.locator(shown).first).to_be_visible()
        expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_count(1)
        is_fit_to_read(page)
        for field in page.locator(".rq :is(input, select)").all():
            name = "element => element.labels[0]?.textContent ?? element.title"
            assert field.evaluate(name), field.evaluate("element => element.outerHTML")

    page.goto(f"{RQ}/0/view/jobs/{QUEUE}/queued/8/asc/1")
    page.get_by_role("link", name="Compact").click()
    expect(page.get_by_role("dialog")).to_contain_text("Do you really want to compact?")
    with page.expect_response("**/compact"):
        page.get_by_role("button", name="Yes").press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
