"""The database is cut off or silent while a text is written, at its end, and from people."""

import pytest
from conftest import wait_until
from patience import PATIENCE
from processes import Browser

from faults import on_postgresql
from faults.site import Sent, Site

pytestmark = on_postgresql


@pytest.fixture
def writing(site: Site) -> Sent:
    return site.begin_text()


def test_text_goes_on_through_a_short_absence_of_the_database(site, writing):
    site.database["worker"].refuse()
    wait_until(lambda: site.processes.said("worker", "database does not answer"))
    site.database["worker"].restore()

    assert site.finish(writing)["attempt"] == 1


def test_finished_text_waits_for_a_database_that_is_away(site, writing):
    site.database["worker"].refuse()
    site.ollama.finish()
    told = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: told.finished_at)
    site.database["worker"].restore()

    draft = site.wait_for(writing, "completed")

    assert draft["attempt"] == 1
    assert draft["text"] == site.ollama.of(writing.topic)[0].text


@pytest.fixture
def finished(site: Site) -> Sent:
    """A text whose one worker cannot store it, released as lost by those who reach the database."""
    site.start("worker", SMARTCONTENT_WORKERS=1)  # nobody else has the draft meanwhile
    sent = site.begin_text()
    site.database["worker"].refuse()
    noticed = f"draft={sent.draft_id} database does not answer"
    wait_until(lambda: site.processes.said("worker", noticed))
    site.ollama.finish()
    told = site.ollama.requests_for(sent.topic)[0]
    wait_until(lambda: told.finished_at)
    site.end_lease(sent)
    site.wait_for(sent, "queued")
    return sent


def test_finished_text_is_stored_though_its_draft_was_released_as_lost(site, finished):
    site.database["worker"].restore()

    draft = site.wait_for(finished, "completed")

    assert (draft["attempt"], draft["failures"]) == (1, 0)
    assert draft["due_at"] <= draft["started_at"]
    [told] = site.ollama.of(finished.topic)
    assert draft["text"] == told.text


def test_draft_that_was_released_as_lost_and_cancelled_stays_so(site, finished):
    assert site.cancel(finished)

    site.database["worker"].restore()

    wait_until(lambda: site.processes.said("worker", f"Stopped draft={finished.draft_id} "))
    assert site.status(finished) == "cancelled"


@pytest.mark.parametrize("fault", ["refuse", "black_hole"])
def test_worker_cut_off_from_the_database_hangs_up_before_another_begins(site, fault):
    site.start("worker", LEASE_SECONDS=30)  # of which a fifth is left to hang up in
    writing = site.begin_text()
    site.start("worker-2", DATABASE_URL=site.settings["DATABASE_URL"])

    getattr(site.database["worker"], fault)()

    site.wait_for_requests(writing, 2)
    first, second = site.ollama.requests_for(writing.topic)
    assert first.closed_at < second.at
    assert ", telling 2: " in site.finish(writing)["text"]


def test_cut_in_the_middle_of_a_last_write_leaves_one_result(site, writing):
    site.database["worker"].cut_after(answer_bytes=200)
    draft = site.finish(writing)

    assert draft["text"] in [told.text for told in site.ollama.of(writing.topic)]


def test_cancel_takes_effect_though_the_worker_cannot_reach_the_database(site):
    site.start("worker", LEASE_SECONDS=8)
    writing = site.begin_text()
    site.database["worker"].refuse()

    assert site.cancel(writing)

    request = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: request.closed_at)
    site.database["worker"].restore()
    assert site.status(writing) == "cancelled"


def test_cancel_takes_effect_when_the_database_is_back(site, writing):
    site.database["worker"].refuse()
    wait_until(lambda: site.processes.said("worker", "database does not answer"))
    site.cancel(writing)

    site.database["worker"].restore()

    request = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: request.closed_at)
    assert site.status(writing) == "cancelled"


def test_scheduler_goes_on_by_itself_after_the_database_was_away(site):
    site.database["scheduler"].refuse()
    wait_until(lambda: site.processes.said("scheduler", "not reconciled"))

    # Only what people read needs the database here: jobs move without it.
    site.wait_for(site.submit(), "completed")
    site.database["scheduler"].restore()
    site.valkey.client.flushall()
    later = site.submit(delay=1)
    site.valkey.client.flushall()

    site.wait_for(later, "completed")


def test_submitting_without_a_database_fails_plainly_and_leaves_no_job(site):
    site.have("web")
    browser = Browser(site.processes.url).sign_in("ada@example.org")
    token = browser.token()
    site.database["web"].refuse()

    answer = browser.session.post(
        f"{browser.url}/contents",
        data={"csrf_token": token, "content_type": "product_description", "topic": "A teapot"},
        timeout=PATIENCE,
        allow_redirects=False,
    )

    assert answer.status_code == 503
    assert site.valkey.client.zcard("rq:scheduler:scheduled_jobs") == 0
