"""The web process is killed, or cannot reach Redis, while people submit."""

import pytest
import requests
from patience import PATIENCE
from processes import Browser

from faults.site import Sent, Site, at_once, topic
from smartcontent.models import ApiToken


@pytest.fixture
def browser(site: Site) -> Browser:
    site.have("web")
    return Browser(site.processes.url).sign_in("ada@example.org")


def submit(site: Site, browser: Browser) -> Sent:
    """Submit a brief as a browser does."""
    name = topic(next(site.numbers))
    content_id = browser.submit(name)
    [draft] = [draft for draft in site.ledger.drafts() if draft["topic"] == name]
    return Sent(draft["id"], content_id, name)


def test_brief_is_written_though_the_web_process_was_killed_right_after_submitting(site, browser):
    sent = submit(site, browser)
    site.kill("web")

    site.wait_for(sent, "completed")


@pytest.mark.parametrize("fault", ["refuse", "black_hole"])
def test_submitting_goes_on_without_redis_and_the_draft_runs(site, browser, fault):
    getattr(site.redis["web"], fault)()

    sent = [submit(site, browser) for _ in range(8)]

    for one in sent:
        site.wait_for(one, "completed")


def test_people_who_act_in_one_instant_do_not_hold_each_other_up(site, browser):
    sent = [site.submit() for _ in range(8)]
    for one in sent:
        site.wait_for(one, "completed")
    with site.acting():
        token = ApiToken.issue(site.user(), "a script")[1]

    def cancel(one: Sent) -> set[int]:
        path = f"{browser.url}/api/v1/contents/{one.content_id}/cancel"
        headers = {"Authorization": f"Bearer {token}"}
        answers = [requests.post(path, headers=headers, timeout=PATIENCE) for _ in range(5)]
        return {answer.status_code for answer in answers}

    # Where one waits for another in SQLite's own way, none goes on, and they fail in the end.
    assert at_once(*[lambda one=one: cancel(one) for one in sent]) == [{409}] * len(sent)
