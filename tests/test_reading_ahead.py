"""The model reads a brief before its time: when, when not, and what comes of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import BRIEF, wait_until
from dictation import Dictation
from ollama_scripts import READ, done, piece
from sqlalchemy import select

from smartcontent.contents import ending, submitting, waiting
from smartcontent.models import Draft, Reading, Status, now
from smartcontent.models.reading_ahead import USUAL_TOKENS_A_SECOND
from smartcontent.preflight import reading_ahead
from smartcontent.preflight.preflight import Preflight
from smartcontent.prompts import estimated_tokens, messages_for
from smartcontent.stores.sql import db
from smartcontent.writing import job

MILLION = 1_000_000


@pytest.fixture
def preflight(app, a_worker):
    return Preflight(app)


@pytest.fixture
def known(bob):
    """A model that is known to read a thousand tokens a second."""
    return add_reading(submitting.submit(bob.id, BRIEF, "A teapot", delay_seconds=9999).current)


def add_reading(draft: Draft, saved_ms: float | None = None, **values) -> Reading:
    """A reading of an earlier draft, which wrote its text after it."""
    told = {"model": "llama3.2", "prompt": f"{draft.id}", "tokens": 1000, "ms": 1000.0} | values
    reading = Reading(draft_id=draft.id, **told)
    db.session.add(reading)
    draft.read_ahead_ms, draft.saved_ms = reading.ms, saved_ms
    db.session.commit()
    return reading


@pytest.fixture
def soon(app, ada, known) -> Draft:
    """Due in a time that is long for a busy machine, and for which prompts are read already."""
    app.config["WARM_UP_SECONDS"] = 60
    return submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=55).current


def readings(ollama) -> list[dict]:
    return [request.json for request in ollama.requests if request.is_reading]


def looked(preflight: Preflight) -> bool:
    """Look until nothing more is under way."""
    db.session.commit()
    preflight.look()
    db.session.commit()
    return not preflight._reading._is_under_way() and not preflight._is_being_loaded(
        "llama3.2:latest"
    )


def look_twice(preflight: Preflight) -> None:
    """A first look loads the model, a second one reads."""
    for _ in range(2):
        wait_until(lambda: looked(preflight))


def written(draft: Draft) -> Draft:
    draft.due_at = now()
    db.session.commit()
    job.write_draft(draft.id)
    db.session.refresh(draft)
    return draft


def test_what_is_read_before_its_time_is_what_is_sent_when_it_is_due(preflight, soon, ollama):
    wait_until(lambda: looked(preflight) and readings(ollama))
    draft = written(soon)

    [before], [after] = readings(ollama), ollama.chats
    assert draft.status == Status.COMPLETED
    assert before["options"].pop("num_predict") == 1
    del after["options"]["num_predict"], after["options"]["seed"]
    assert before == after


def test_draft_records_how_long_its_prompt_was_read_and_what_that_saved(preflight, soon, ollama):
    ollama.on(path=READ).lines(done("length", prompt_eval_duration=2_000 * MILLION))
    ollama.lines(piece("Tea."), done(prompt_eval_duration=30 * MILLION))
    look_twice(preflight)
    db.session.refresh(soon)
    assert (soon.status, soon.read_ahead_ms) == (Status.PENDING, 2000)

    draft = written(soon)

    assert (draft.read_ahead_ms, draft.saved_ms) == (2000, 1970)


def test_page_says_that_the_model_has_read_the_brief_and_what_that_saved(
    preflight, soon, as_ada, ollama
):
    address = f"/contents/{soon.content_id}"
    assert "The model has read your brief" not in as_ada.get(address).text
    ollama.on(path=READ).lines(done("length", prompt_eval_duration=2_000 * MILLION))
    ollama.lines(piece("Tea."), done(prompt_eval_duration=100 * MILLION))

    look_twice(preflight)
    assert "The model has read your brief" in as_ada.get(address).text
    written(soon)

    page = as_ada.get(address).text
    assert "The model has read your brief" not in page
    assert "which saved 1.9 s" in page
    assert "brief read before 2.0 s, picked up" in page


def test_prompt_is_read_once_however_often_and_by_whomever_it_is_looked_at(
    app, preflight, soon, ollama
):
    for who in (preflight, Preflight(app), preflight):
        look_twice(who)

    assert len(readings(ollama)) == 1


def test_changed_brief_is_read_again_and_the_card_forgets_the_first(preflight, soon, ollama):
    look_twice(preflight)
    changed = replace(BRIEF, topic="A kettle")
    assert waiting.change_brief(soon.content, changed, "A kettle", {})
    assert soon.read_ahead_ms is None

    look_twice(preflight)

    assert ["kettle" in json.dumps(each) for each in readings(ollama)] == [False, True]
    db.session.refresh(soon)
    assert soon.read_ahead_ms is not None


@pytest.mark.parametrize(
    "act",
    [waiting.hold, ending.cancel, lambda draft: waiting.put_off(draft, now() + timedelta(hours=1))],
)
def test_reading_of_a_draft_that_no_longer_waits_is_given_up(preflight, soon, ollama, act):
    Dictation(ollama.on(path=READ))  # which says nothing
    wait_until(lambda: looked(preflight) is False and readings(ollama))

    assert act(soon)

    assert ollama.wait_closed().is_reading
    wait_until(lambda: not preflight._reading._is_under_way())
    reading = db.session.scalars(select(Reading).filter_by(draft_id=soon.id)).one()
    assert reading.prompt is None


def test_reading_is_given_up_when_another_draft_is_started(preflight, soon, ada, ollama):
    Dictation(ollama.on(path=READ))
    wait_until(lambda: looked(preflight) is False and readings(ollama))

    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0)

    assert ollama.wait_closed().is_reading


def test_reading_is_given_up_for_a_draft_that_comes_later_and_is_due_before_its_end(soon, ada):
    reading = add_reading(soon)
    waits = (reading, soon.revision)
    sooner = submitting.submit(ada.id, BRIEF, "A cup", delay_seconds=600).current

    assert reading_ahead._is_still_wanted(*waits, ends_by=sooner.due_at - timedelta(seconds=1))
    assert not reading_ahead._is_still_wanted(*waits, ends_by=sooner.due_at)


def test_reading_takes_no_draft_back_that_is_being_written_since(soon):
    reading = add_reading(soon)
    soon.move(Status.GENERATING, attempt=1)

    assert not reading_ahead._is_still_wanted(reading, soon.revision, ends_by=now())
    reading_ahead._note_end(reading, soon.revision, {"prompt_eval_duration_ms": 7})

    db.session.refresh(soon)
    assert soon.status == Status.GENERATING


def test_reading_is_given_up_when_the_scheduler_moves_a_job(preflight, soon, ollama):
    Dictation(ollama.on(path=READ))
    wait_until(lambda: looked(preflight) is False and readings(ollama))

    preflight.make_way(["draft-000000000001-1-u1"])

    assert ollama.wait_closed().is_reading


def test_readings_are_forgotten_after_a_week(preflight, soon, ollama):
    add_reading(soon, prompt="old", tokens=10, ms=1.0, at=now() - timedelta(days=8))
    add_reading(soon, prompt="newer", tokens=10, ms=1.0, at=now() - timedelta(days=6))

    Dictation(ollama.on(path=READ))
    wait_until(lambda: looked(preflight) is False and readings(ollama))

    db.session.commit()
    prompts = set(db.session.scalars(select(Reading.prompt)))
    assert ("old" in prompts, "newer" in prompts) == (False, True)


def test_what_took_too_long_is_known_for_slow_and_begun_earlier(preflight, soon, ollama):
    """The end of a reading that took longer than expected was never measured."""
    Dictation(ollama.on(path=READ))
    add_reading(soon, prompt="fast", tokens=10**9, ms=1.0)
    db.session.query(Reading).filter(Reading.prompt != "fast").delete()
    wait_until(lambda: looked(preflight) is False and readings(ollama))

    preflight.make_way([])

    wait_until(lambda: not preflight._reading._is_under_way())
    db.session.commit()
    given_up = db.session.scalars(select(Reading).filter_by(prompt=None)).one()
    assert given_up.ms > 0
    assert given_up.tokens < 10_000


@pytest.mark.parametrize("ms", [3e6, 1e9])
def test_what_no_model_can_have_taken_is_not_believed(preflight, soon, bob, ollama, ms):
    other = submitting.submit(bob.id, BRIEF, "A cup", delay_seconds=9999).current
    add_reading(other, tokens=1, ms=ms)

    look_twice(preflight)

    assert len(readings(ollama)) == 1


def test_nothing_is_read_while_a_text_is_written(preflight, soon, bob, ollama):
    other = submitting.submit(bob.id, BRIEF, "A cup", delay_seconds=0).current
    other.claim(lease_seconds=60)

    look_twice(preflight)

    assert readings(ollama) == []


def test_nothing_is_read_when_another_model_s_draft_is_due_before_the_end(
    app, preflight, soon, ada, ollama
):
    ollama.models.append("mistral:latest")
    submitting.submit(ada.id, BRIEF, "A cup", {"model": "mistral"}, delay_seconds=0.1)

    look_twice(preflight)

    assert readings(ollama) == []


def test_model_that_keeps_nothing_is_left_alone(preflight, soon, bob, ollama):
    for _ in range(3):
        other = submitting.submit(bob.id, BRIEF, "A cup", delay_seconds=9999).current
        add_reading(other, saved_ms=10.0)

    look_twice(preflight)

    assert readings(ollama) == []


@pytest.mark.parametrize("setting", ["READ_AHEAD", "WARM_UP_SECONDS"])
def test_reading_ahead_can_be_switched_off(app, preflight, soon, ollama, setting):
    app.config[setting] = 0

    look_twice(preflight)

    assert readings(ollama) == []


def test_first_draft_of_a_model_nobody_has_measured_is_read_in_good_time(
    preflight, ada, ollama, monkeypatch
):
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=60).current
    longest = 1.5 * estimated_tokens(messages_for(BRIEF)) / USUAL_TOKENS_A_SECOND

    moment = now()
    monkeypatch.setattr(reading_ahead, "now", lambda: moment)  # however long the looks take
    draft.due_at = moment + timedelta(seconds=longest + 10)
    look_twice(preflight)
    assert readings(ollama) == []
    draft.due_at = moment + timedelta(seconds=longest + 1.5)
    look_twice(preflight)

    assert len(readings(ollama)) == 1


def test_reading_that_fails_is_no_failure_of_the_draft(preflight, soon, ollama):
    ollama.on(path=READ).fails(500, {"error": "model runner has unexpectedly stopped"})
    look_twice(preflight)

    draft = written(soon)

    assert (draft.status, draft.failures) == (Status.COMPLETED, 0)
    assert (draft.read_ahead_ms, len(readings(ollama))) == (None, 1)
