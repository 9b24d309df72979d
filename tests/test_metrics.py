"""What Prometheus collects."""

import pytest
from conftest import BRIEF
from prometheus_client.parser import text_string_to_metric_families

from smartcontent.contents import ending, submitting
from smartcontent.models import ApiToken, Reading, Repair, RepairKind, now
from smartcontent.stores.redis import redis
from smartcontent.stores.sql import db


@pytest.fixture
def scrape(app, founder):
    _, secret = ApiToken.issue(founder, "prometheus")

    def figures(token: str = secret) -> dict:
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return figures


def test_drafts_jobs_and_repairs_are_counted(scrape, ada):
    submitting.submit(ada.id, BRIEF, "A teapot")
    ending.cancel(submitting.submit(ada.id, BRIEF, "A teapot").current)
    db.session.add(Repair(kind=RepairKind.RELEASED, about={"draft": 1, "attempt": 1}))
    db.session.commit()

    figures = scrape()

    assert figures["smartcontent_drafts", "pending"] == 1
    assert figures["smartcontent_drafts", "cancelled"] == 1
    assert figures["smartcontent_jobs", "scheduled"] == 1
    assert figures["smartcontent_repairs", "released"] == 1
    assert figures["smartcontent_redis_up",] == 1


def test_what_was_read_before_its_time_is_counted_by_what_came_of_it(scrape, ada):
    drafts = [submitting.submit(ada.id, BRIEF, "A teapot").current for _ in range(4)]
    for draft in drafts:
        db.session.add(Reading(draft_id=draft.id, model="llama3.2", prompt="a", ms=1000.0))
    db.session.add(Reading(draft_id=drafts[0].id, model="llama3.2", prompt="b", ms=2000.0))
    drafts[0].read_ahead_ms, drafts[0].saved_ms = 2000.0, 1500.0
    ending.cancel(drafts[1])

    figures = scrape()

    outcomes = ("used", "wasted", "waiting")
    assert [figures["smartcontent_readings", name] for name in outcomes] == [1, 1, 3]
    assert figures["smartcontent_readings_saved_seconds",] == 1.5


def test_overdue_draft_shows_since_when(scrape, due_draft):
    overdue = scrape()["smartcontent_oldest_overdue_seconds",]

    assert 0 < overdue <= (now() - due_draft.due_at).total_seconds()


def test_figures_come_without_redis_too(app, scrape):
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    redis.init_app(app)

    assert scrape()["smartcontent_redis_up",] == 0


def test_figures_are_for_administrators(app, ada):
    _, secret = ApiToken.issue(ada, "script")
    client = app.test_client()

    answers = [
        client.get("/metrics"),
        client.get("/metrics", headers={"Authorization": f"Bearer {secret}"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 403]
