"""POST /api/v1/contents."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from conftest import both_databases
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from smartcontent.models import Content, Draft, now
from smartcontent.stores import keys
from smartcontent.stores.sql import db

from .conftest import BRIEF

EVERYTHING = {
    "content_type": "social_media_caption",
    "topic": "Der Hof öffnet ☕",
    "audience": "Nachbarn",
    "tone": "playful",
    "length": "long",
    "language": "de",
    "keywords": ["Hof", "Kaffee"],
    "instructions": "Ein Emoji.",
    "title": "Hofcafé",
}


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Content))


@both_databases
def test_submission_is_accepted_and_says_when_it_starts(script):
    before = now()

    answer = script.post("/contents", BRIEF)

    after = now()
    told = answer.json
    draft = db.session.scalar(select(Draft))
    due_at = datetime.fromisoformat(told["scheduled_for"])
    assert (answer.status_code, told["status"], told["delay_seconds"]) == (202, "pending", 60)
    assert (told["draft_id"], told["job_id"]) == (draft.id, draft.job_id)
    minute, rounding = timedelta(minutes=1), timedelta(milliseconds=1)
    assert before + minute <= due_at <= after + minute + rounding
    assert due_at == draft.due_at
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["scheduled_for"])


def test_answer_names_the_contract_and_nothing_more(script):
    told = script.submit()

    assert set(told) == {
        "id", "status", "job_id", "scheduled_for", "delay_seconds", "draft_id", "links"
    }  # fmt: skip


def test_location_and_links_lead_somewhere(app, script, as_ada):
    answer = script.post("/contents", BRIEF)

    links = answer.json["links"]
    assert answer.headers["Location"] == links["self"]
    assert script.get(links["self"].removeprefix("/api/v1")).json["id"] == answer.json["id"]
    assert script.get(links["status"].removeprefix("/api/v1")).json["status"] == "pending"
    assert as_ada.get(links["page"]).status_code == 200
    here = app.url_map.bind("")
    for act in ("cancel", "start", "hold", "release", "retry"):
        assert here.match(links[act], method="POST")[0] == f"api_actions.{act}"


def test_submission_never_calls_the_model(script, ollama):
    script.submit()

    assert ollama.requests == []


def test_job_waits_in_redis_under_the_id_told(script, valkey):
    told = script.submit()

    assert valkey.client.exists(f"rq:job:{told['job_id']}")


@both_databases
def test_every_field_of_the_brief_is_kept(script):
    told = script.submit(**EVERYTHING)

    content = script.get(f"/contents/{told['id']}").json
    assert {name: content[name] for name in EVERYTHING} == EVERYTHING


@both_databases
def test_settings_reach_the_draft(script):
    told = script.submit(model="llama3.2:3b", temperature=0.2, seed=7, delay_seconds=2.5)

    content = db.session.scalar(select(Content))
    waits = content.current.due_at - content.current.created_at
    assert told["delay_seconds"] == 2.5
    assert timedelta(seconds=2.49) < waits < timedelta(seconds=2.51)
    shown = script.get(f"/contents/{told['id']}").json
    assert [shown[name] for name in ("model", "temperature", "seed")] == ["llama3.2:3b", 0.2, 7]


def test_what_nobody_may_set_is_ignored(script, bob):
    told = script.submit(
        user_id=bob.id, status="completed", is_admin=True, attempt=9, id="x", variants=3, tags=["a"]
    )

    content = db.session.scalar(select(Content))
    assert (told["status"], content.current.attempt) == ("pending", 0)
    assert content.user.email == "ada@example.org"


@both_databases
def test_same_key_and_body_answer_the_first_content(script):
    headers = {"Idempotency-Key": "order 1"}
    first = script.post("/contents", BRIEF, headers=headers)

    again = script.post("/contents", dict(reversed(BRIEF.items())), headers=headers)

    assert (again.status_code, again.json) == (202, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert rows() == 1


def test_same_key_still_answers_after_the_brief_was_changed(script):
    headers = {"Idempotency-Key": "order 1"}
    first = script.post("/contents", BRIEF, headers=headers).json
    script.patch(f"/contents/{first['id']}", {"topic": "A pot of tin"})

    again = script.post("/contents", BRIEF, headers=headers)

    assert (again.status_code, again.json["id"]) == (202, first["id"])


@both_databases
def test_same_key_with_another_body_is_refused(script):
    headers = {"Idempotency-Key": "order 1"}
    script.post("/contents", BRIEF, headers=headers)

    for change in ({"topic": "Another pot"}, {"seed": 7}, {"delay_seconds": 5}):
        answer = script.post("/contents", {**BRIEF, **change}, headers=headers)

        assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
        assert "another body" in answer.json["detail"]
    assert rows() == 1


def test_key_belongs_to_its_user(script, bobs_script):
    headers = {"Idempotency-Key": "order 1"}
    adas = script.post("/contents", BRIEF, headers=headers)

    bobs = bobs_script.post("/contents", {**BRIEF, "topic": "Bob's pot"}, headers=headers)

    assert bobs.status_code == 202
    assert bobs.json["id"] != adas.json["id"]


def test_key_that_cannot_be_used_is_refused(script):
    for key in ("", "x" * 256, "tea\tpot", "Käse"):
        answer = script.post("/contents", BRIEF, headers={"Idempotency-Key": key})

        assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert rows() == 0


def test_longest_key_is_taken(script):
    answer = script.post("/contents", BRIEF, headers={"Idempotency-Key": "x" * 255})

    assert answer.status_code == 202


@both_databases
def test_of_twenty_requests_at_once_with_one_key_one_makes_a_content_and_a_job(script, valkey):
    def post(_: int) -> TestResponse:
        with script.app.app_context():
            return script.post("/contents", BRIEF, headers={"Idempotency-Key": "rush"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert rows() == 1
    assert valkey.client.zcard(keys.SCHEDULED) == 1
    assert len(valkey.client.keys("rq:job:*")) == 1


@pytest.mark.parametrize("valkey", ["own_valkey"], indirect=True)
def test_submitting_holds_while_redis_is_away(script, valkey):
    valkey.kill()

    answer = script.post("/contents", BRIEF)

    assert (answer.status_code, answer.json["status"]) == (202, "pending")
