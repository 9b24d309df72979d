"""What is looked after during the minute: workers, Ollama, the model, its loading and download."""

import pytest
from conftest import BRIEF, wait_until
from ollama_scripts import LOAD
from rq.utils import now, utcformat

from smartcontent import jobs, readiness
from smartcontent.extensions import db
from smartcontent.models import Status
from smartcontent.preflight import Preflight
from smartcontent.readiness import Stage, told


@pytest.fixture
def preflight(app):
    return Preflight(app)


@pytest.fixture
def a_worker(valkey):
    """A worker that has just said that it is alive."""
    moment = utcformat(now())
    valkey.client.sadd("rq:workers:generation", "rq:worker:one")
    valkey.client.hset("rq:worker:one", mapping={"birth": moment, "last_heartbeat": moment})
    valkey.client.expire("rq:worker:one", 90)


def found(preflight: Preflight) -> readiness.Readiness:
    db.session.commit()
    preflight.look()
    return told("llama3.2")


def loads(ollama) -> list[dict]:
    return [
        request.json
        for request in ollama.requests
        if request.path == "/api/chat" and not request.is_text
    ]


def test_all_is_ready_is_said_long_before_the_due_time(preflight, content, a_worker):
    seen = found(preflight)

    assert seen.stage is Stage.READY
    assert "Ollama has llama3.2" in seen.sentence


def test_missing_worker_is_said_with_the_remedy(preflight, content):
    seen = found(preflight)

    assert seen.stage is Stage.PROBLEM
    assert "python worker.py" in seen.sentence


def test_missing_model_is_said_with_the_remedy(preflight, content, a_worker, ollama):
    ollama.models.clear()

    seen = found(preflight)

    assert seen.stage is Stage.MISSING
    assert "ollama pull llama3.2" in seen.sentence


def test_ollama_that_is_away_is_said(app, preflight, content, a_worker):
    app.config["OLLAMA_HOST"] = "127.0.0.1:1"

    seen = found(preflight)

    assert seen.stage is Stage.PROBLEM
    assert "127.0.0.1:1" in seen.sentence


def test_model_is_loaded_shortly_before_the_due_time_with_the_text_s_options(
    preflight, ada, a_worker, ollama
):
    jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=10)
    ollama.on(path=LOAD).lines({"done": True, "done_reason": "load"}, wait=0.5)

    assert found(preflight).stage is Stage.WARMING
    wait_until(lambda: found(preflight).stage is Stage.READY)

    assert len(loads(ollama)) == 1
    assert "is loaded" in told("llama3.2").sentence


def test_warming_uses_the_options_of_the_text(preflight, ada, a_worker, ollama):
    draft = jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    found(preflight)
    wait_until(lambda: loads(ollama))

    jobs.write_draft(draft.id)

    assert loads(ollama)[0]["options"] == ollama.chats[0]["options"]
    assert loads(ollama)[0]["keep_alive"] == ollama.chats[0]["keep_alive"]


def test_model_is_not_loaded_long_before_the_due_time(preflight, content, a_worker, ollama):
    found(preflight)

    assert loads(ollama) == []


def test_warming_can_be_switched_off(app, preflight, ada, a_worker, ollama):
    app.config["WARM_UP_SECONDS"] = 0
    jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=5)

    found(preflight)

    assert loads(ollama) == []


def test_model_that_cannot_be_loaded_is_said_before_the_due_time(preflight, ada, a_worker, ollama):
    ollama.on(path=LOAD).fails(500, {"error": "model requires more system memory (9 GiB)"})
    jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=10)

    wait_until(lambda: found(preflight).stage is Stage.PROBLEM)

    assert "memory" in told("llama3.2").sentence


def test_nobody_looks_while_nothing_is_due_soon(preflight, ada, ollama):
    jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=3600)

    assert found(preflight) is None
    assert ollama.requests == []


def test_asked_for_model_is_downloaded_with_progress_and_the_draft_waits_for_it(
    preflight, due_draft, a_worker, ollama
):
    ollama.models.clear()
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    ollama.on(path="/api/pull").lines(
        {"status": "pulling abc", "digest": "sha256:abc", "total": 100, "completed": 63},
        {"status": "success"},
        gap=1.0,
    )
    readiness.ask_for_pull("llama3.2")
    wait_until(lambda: "63%" in (found(preflight) or told("llama3.2")).sentence)

    jobs.write_draft(due_draft.id)

    db.session.refresh(due_draft)
    assert (due_draft.status, due_draft.failures) == (Status.PENDING, 0)
    wait_until(lambda: not readiness.pulls_asked_for())


def test_download_that_has_just_begun_is_not_taken_for_a_missing_model(
    preflight, content, a_worker, ollama
):
    ollama.models.clear()
    ollama.on(path="/api/pull").lines({"status": "pulling manifest"}, wait=0.5)
    assert found(preflight).stage is Stage.MISSING

    readiness.ask_for_pull("llama3.2")

    assert found(preflight).stage is Stage.PULLING
    wait_until(lambda: not readiness.pulls_asked_for())
