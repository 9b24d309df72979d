"""PATCH, DELETE, cancel, start and retry."""

from datetime import timedelta

import pytest
from conftest import both_databases

from smartcontent.models import Draft, Status, now
from smartcontent.stores.sql import db
from smartcontent.writing import job


def draft_of(told: dict) -> Draft:
    return db.session.get(Draft, told["draft_id"])


@both_databases
def test_brief_changes_while_its_draft_waits_and_the_due_time_stays(script):
    told = script.submit(audience="cooks", keywords=["tea"], seed=7)

    answer = script.patch(f"/contents/{told['id']}", {"topic": "A pot of tin", "temperature": 0.5})

    changed = answer.json
    assert (answer.status_code, changed["topic"], changed["title"]) == (
        200,
        "A pot of tin",
        "A pot of tin",
    )
    assert (changed["audience"], changed["keywords"], changed["seed"]) == ("cooks", ["tea"], 7)
    assert changed["temperature"] == 0.5
    assert changed["scheduled_for"] == told["scheduled_for"]
    assert script.get(f"/contents/{told['id']}").json == changed


def test_title_of_ones_own_stays_when_the_topic_changes(script):
    told = script.submit(title="Spring")

    assert script.patch(f"/contents/{told['id']}", {"topic": "Tin"}).json["title"] == "Spring"


def test_null_gives_a_field_back_its_default(script):
    told = script.submit(audience="cooks", seed=7, tone="witty")

    changed = script.patch(
        f"/contents/{told['id']}", {"audience": None, "seed": None, "tone": None}
    )

    assert [changed.json[name] for name in ("audience", "seed", "tone")] == ["", None, "friendly"]


def test_empty_change_changes_nothing(script):
    told = script.submit(keywords=["tea", "pot"], title="Spring", seed=7)
    before = script.get(f"/contents/{told['id']}").json

    assert script.patch(f"/contents/{told['id']}", {}).json == before


@both_databases
def test_refused_change_changes_nothing(script):
    told = script.submit(seed=7)
    before = script.get(f"/contents/{told['id']}").json

    answer = script.patch(f"/contents/{told['id']}", {"seed": 8, "tone": "angry"})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["tone"])
    assert script.get(f"/contents/{told['id']}").json == before


def test_due_time_is_no_part_of_the_brief(script):
    told = script.submit()

    answer = script.patch(f"/contents/{told['id']}", {"delay_seconds": 5})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["delay_seconds"])


@both_databases
def test_brief_stays_once_its_draft_is_due(script):
    told = script.submit(delay_seconds=0, seed=7)

    answer = script.patch(f"/contents/{told['id']}", {"topic": "Too late", "seed": 8})

    content = script.get(f"/contents/{told['id']}").json
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert (content["topic"], content["seed"]) == ("A teapot of blue glass", 7)


@both_databases
def test_cancel_answers_the_new_status_and_the_job_leaves_redis(script, valkey):
    told = script.submit()

    answer = script.post(f"/contents/{told['id']}/cancel")

    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    assert answer.json["finished_at"]
    assert draft_of(told).status == Status.CANCELLED
    assert not valkey.client.exists(f"rq:job:{told['job_id']}")


@both_databases
def test_cancel_of_what_has_ended_says_so(script):
    told = script.submit()
    script.post(f"/contents/{told['id']}/cancel")

    answer = script.post(f"/contents/{told['id']}/cancel")

    assert answer.status_code == 409
    assert "The draft is cancelled" in answer.json["detail"]


@both_databases
def test_start_makes_a_draft_due_now(script):
    told = script.submit()
    before = now()

    answer = script.post(f"/contents/{told['id']}/start")

    assert (answer.status_code, answer.json["status"]) == (200, "pending")
    assert answer.json["seconds_until_start"] <= 0.001
    assert before <= draft_of(told).due_at <= now() + timedelta(milliseconds=1)


@both_databases
def test_start_is_refused_when_it_has_ended(script):
    told = script.submit(delay_seconds=0)
    job.write_draft(told["draft_id"])

    answer = script.post(f"/contents/{told['id']}/start")

    assert answer.status_code == 409
    assert "The draft is completed" in answer.json["detail"]


@both_databases
def test_retry_writes_another_draft_at_once(script):
    told = script.submit()
    script.post(f"/contents/{told['id']}/cancel")

    answer = script.post(f"/contents/{told['id']}/retry")

    content = script.get(f"/contents/{told['id']}").json
    assert (answer.status_code, answer.json["status"]) == (200, "pending")
    assert answer.json["seconds_until_start"] <= 0.001
    assert [draft["status"] for draft in content["drafts"]] == ["cancelled", "pending"]


@both_databases
def test_retry_is_refused_while_a_draft_is_on_its_way(script):
    told = script.submit()

    answer = script.post(f"/contents/{told['id']}/retry")

    assert answer.status_code == 409
    assert "The draft is pending" in answer.json["detail"]


@both_databases
def test_delete_moves_to_the_trash_and_stops_the_draft(script):
    told = script.submit()

    answer = script.delete(f"/contents/{told['id']}")

    assert (answer.status_code, answer.data) == (204, b"")
    assert draft_of(told).status == Status.CANCELLED
    assert draft_of(told).content.deleted_at


@both_databases
def test_held_draft_waits_until_it_is_released(script):
    told = script.submit()

    held = script.post(f"/contents/{told['id']}/hold").json
    again = script.post(f"/contents/{told['id']}/hold")
    before = now()
    released = script.post(f"/contents/{told['id']}/release").json
    took = (now() - before).total_seconds()

    assert (held["status"], held["scheduled_for"]) == ("held", None)
    assert again.status_code == 409
    assert released["status"] == "pending"
    assert 59.999 - took <= released["seconds_until_start"] <= 60  # it is rounded


def test_release_is_refused_when_nothing_is_on_hold(script):
    told = script.submit()

    assert script.post(f"/contents/{told['id']}/release").status_code == 409


def test_due_time_is_put_off(script):
    told = script.submit()
    due_at = (now() + timedelta(days=1)).isoformat(timespec="milliseconds")

    answer = script.patch(f"/contents/{told['id']}", {"scheduled_for": due_at})

    assert (answer.status_code, draft_of(told).due_at.isoformat(timespec="milliseconds")) == (
        200,
        due_at,
    )


@pytest.mark.parametrize("wrong", ["soon", 7, "2026-12-24T08:00:00", "1999-01-01T00:00:00Z"])
def test_wrong_due_time_is_named(script, wrong):
    told = script.submit()

    answer = script.patch(f"/contents/{told['id']}", {"scheduled_for": wrong})

    assert answer.status_code == 422
    assert answer.json["errors"]["scheduled_for"]
