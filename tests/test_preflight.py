"""What is looked after during the minute: workers, Ollama, the model, its loading and download."""

import os
import sqlite3
from contextlib import closing

import pytest
from conftest import BRIEF, wait_until
from dictation import Dictation
from ollama_scripts import LOAD

from smartcontent import prompts
from smartcontent.contents import model_pulls, submitting
from smartcontent.health.finding import Finding, State
from smartcontent.health.ollama_server import check_ollama
from smartcontent.models import Status
from smartcontent.models.download import Download
from smartcontent.preflight import downloads
from smartcontent.preflight.needs import needed_soon
from smartcontent.preflight.preflight import LOADED_AT_ONCE, Preflight
from smartcontent.progress import readiness
from smartcontent.progress.readiness import Stage, last_found
from smartcontent.prompts import request
from smartcontent.stores.sql import db
from smartcontent.writing import job


@pytest.fixture
def preflight(app):
    return Preflight(app)


def found(preflight: Preflight) -> readiness.Readiness:
    db.session.commit()
    preflight.look()
    return last_found("llama3.2")


def loads(ollama) -> list[dict]:
    return [
        request.json
        for request in ollama.requests
        if request.path == "/api/chat" and not request.is_text and not request.is_reading
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


@pytest.mark.parametrize("missing", ["Ollama", "the model"])
def test_what_the_first_draft_would_fail_for_is_logged_at_the_start(
    app, preflight, ollama, monkeypatch, caplog, missing
):
    monkeypatch.setattr("smartcontent.preflight.preflight.LOOK_SECONDS", 0)
    ollama.models.clear()
    if missing == "Ollama":
        app.config["OLLAMA_HOST"] = "127.0.0.1:1"

    preflight.turn()
    preflight.turn()

    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    advice = "start it with `ollama serve`" if missing == "Ollama" else "`ollama pull llama3.2`"
    assert len(said) == 1
    assert advice in said[0]


def test_model_is_loaded_shortly_before_the_due_time_with_the_text_s_options(
    preflight, ada, a_worker, ollama
):
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=10)
    loading = Dictation(ollama.on(path=LOAD))

    assert found(preflight).stage is Stage.WARMING
    loading.end()
    wait_until(lambda: found(preflight).stage is Stage.READY)

    assert len(loads(ollama)) == 1
    assert "is loaded" in last_found("llama3.2").sentence


def test_every_model_of_the_variants_is_loaded_before_they_are_due(
    preflight, ada, a_worker, ollama
):
    ollama.models.append("mistral:latest")
    models = ["llama3.2", "mistral", "gemma3"]
    wishes = [{"model": name} for name in models]
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=10, variants=wishes)
    found(preflight)
    wait_until(lambda: len(loads(ollama)) == 2)
    wait_until(lambda: found(preflight).stage is Stage.READY)

    assert {load["model"] for load in loads(ollama)} == {"llama3.2", "mistral"}
    assert last_found("gemma3").stage is Stage.MISSING
    assert last_found("mistral").stage is not Stage.MISSING


def test_look_keeps_nobody_from_writing_and_waits_for_nobody(
    preflight, ada, a_worker, database_url
):
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=10)
    found(preflight)
    wait_until(lambda: found(preflight).stage is Stage.READY)

    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite has one writer: a look that wrote would fail
        assert found(preflight).stage is Stage.READY


def test_warming_uses_the_options_of_the_text(preflight, ada, a_worker, ollama):
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    found(preflight)
    wait_until(lambda: loads(ollama))

    job.write_draft(draft.id)

    options = ollama.chats[0]["options"]
    del options["seed"]  # by which no model is loaded anew
    assert loads(ollama)[0]["options"] == options
    assert loads(ollama)[0]["keep_alive"] == ollama.chats[0]["keep_alive"]


def test_model_is_not_loaded_long_before_the_due_time(preflight, content, a_worker, ollama):
    found(preflight)

    assert loads(ollama) == []


def test_warming_can_be_switched_off(app, preflight, ada, a_worker, ollama):
    app.config["WARM_UP_SECONDS"] = 0
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=5)

    found(preflight)

    assert loads(ollama) == []


def test_model_that_cannot_be_loaded_is_said_before_the_due_time(preflight, ada, a_worker, ollama):
    ollama.on(path=LOAD).fails(500, {"error": "model requires more system memory (9 GiB)"})
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=10)

    wait_until(lambda: found(preflight).stage is Stage.PROBLEM)

    assert "memory" in last_found("llama3.2").sentence


def test_nobody_looks_while_nothing_is_due_soon(preflight, ada, ollama):
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=3600)

    assert found(preflight) is None
    assert ollama.requests == []


def test_asked_for_model_is_downloaded_with_progress_and_the_draft_waits_for_it(
    preflight, due_draft, ada, a_worker, ollama
):
    ollama.models.clear()
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    download = Dictation(ollama.on(path="/api/pull"))
    download.tell(percent(63))
    model_pulls.want_model("llama3.2", ada)
    wait_until(lambda: "63%" in (found(preflight) or last_found("llama3.2")).sentence)

    job.write_draft(due_draft.id)

    db.session.refresh(due_draft)
    assert (due_draft.status, due_draft.failures) == (Status.PENDING, 0)
    download.tell({"status": "success"})
    download.break_off()
    wait_until(lambda: not Download.wanted())


def percent(number: int) -> dict[str, object]:
    """What Ollama says of a download."""
    return {"status": "pulling abc", "digest": "sha256:abc", "total": 100, "completed": number}


def test_download_that_has_just_begun_is_not_taken_for_a_missing_model(
    preflight, content, ada, a_worker, ollama
):
    ollama.models.clear()
    download = Dictation(ollama.on(path="/api/pull"))
    assert found(preflight).stage is Stage.MISSING

    model_pulls.want_model("llama3.2", ada)

    assert found(preflight).stage is Stage.PULLING
    download.break_off()
    wait_until(lambda: not Download.wanted())


@pytest.fixture
def usual_model_comes(app, ollama):
    """The Ollama server has no model, and OLLAMA_PULL says that the usual one is downloaded."""
    app.config["OLLAMA_PULL"] = True
    ollama.models.clear()


def ollama_finding() -> Finding:
    db.session.commit()
    return check_ollama()


@pytest.mark.usefixtures("usual_model_comes")
def test_usual_model_is_downloaded_unasked_and_the_doctor_shows_how_far_it_is(
    preflight, ollama, caplog
):
    caplog.set_level("INFO")
    download = Dictation(ollama.on(path="/api/pull"))
    download.tell(percent(40))

    wait_until(lambda: "40%" in (found(preflight) or last_found("llama3.2")).sentence)

    assert ollama_finding().state is State.DEGRADED
    assert "is being downloaded, 4" in ollama_finding().cause
    download.tell(percent(41), {"status": "success"})
    download.break_off()
    wait_until(lambda: "model=llama3.2 downloaded\n" in caplog.text)
    assert "downloaded=40%" in caplog.text
    assert "downloaded=41%" not in caplog.text  # a line for each twentieth, not for each word


def test_usual_model_is_not_downloaded_unless_the_setting_says_so(preflight, content, ollama):
    ollama.models.clear()

    assert found(preflight).stage is Stage.MISSING
    assert "/api/pull" not in [request.path for request in ollama.requests]


@pytest.mark.usefixtures("usual_model_comes")
def test_model_that_is_there_is_not_asked_for_again_and_again(preflight, ollama):
    ollama.models.append("llama3.2:latest")

    for _ in range(3):
        preflight.look()

    assert [request.path for request in ollama.requests] == ["/api/tags"]


NO_SUCH_NAME = {"error": "pull model manifest: file does not exist"}
NO_INTERNET = {"error": "pull model manifest: dial tcp: lookup registry.ollama.ai: no such host"}
NO_ROOM = {"error": "write /root/.ollama/models/blobs/x-partial: no space left on device"}


@pytest.mark.parametrize(
    ("answer", "stage", "words"),
    [
        (NO_SUCH_NAME, Stage.PROBLEM, "no model named llama3.2: check the spelling (OLLAMA_MODEL"),
        (NO_INTERNET, Stage.PULLING, "check its connection to the internet"),
        (NO_ROOM, Stage.PROBLEM, "free some disk space"),
    ],
)
@pytest.mark.usefixtures("usual_model_comes")
def test_download_that_fails_is_one_sentence_everywhere_and_tried_again_after_a_pause(
    preflight, content, ollama, caplog, monkeypatch, answer, stage, words
):
    monkeypatch.setattr(downloads, "FIRST_PAUSE_SECONDS", 3600)
    ollama.on(path="/api/pull").fails(200, answer, times=100)

    wait_until(lambda: words in found(preflight).sentence)
    for _ in range(3):
        preflight.look()

    assert last_found("llama3.2").stage is stage
    assert "is tried again by itself" in last_found("llama3.2").sentence
    finding = ollama_finding()
    assert words.partition(": ")[2] in finding.remedy
    assert words in caplog.text
    assert "Tried again in" in caplog.text
    assert [r.path for r in ollama.requests].count("/api/pull") == 1


@pytest.mark.usefixtures("usual_model_comes")
def test_download_that_failed_for_want_of_internet_is_made_good_later(
    preflight, content, ollama, monkeypatch
):
    monkeypatch.setattr(downloads, "FIRST_PAUSE_SECONDS", 0)
    ollama.on(path="/api/pull").fails(200, NO_INTERNET, times=2)

    wait_until(lambda: found(preflight).stage not in (Stage.PULLING, Stage.MISSING))

    assert ollama.models == ["llama3.2:latest"]


@pytest.mark.usefixtures("usual_model_comes")
def test_model_that_is_missed_after_its_download_is_not_downloaded_again_at_once(
    preflight, content, ollama, monkeypatch, caplog
):
    caplog.set_level("INFO")
    monkeypatch.setattr(downloads, "FIRST_PAUSE_SECONDS", 3600)
    ollama.on(path="/api/pull").lines({"status": "success"})  # and yet it is not in the list

    wait_until(lambda: found(preflight) and "model=llama3.2 downloaded\n" in caplog.text)
    for _ in range(3):
        preflight.look()

    assert [r.path for r in ollama.requests].count("/api/pull") == 1


@pytest.mark.usefixtures("usual_model_comes")
def test_queue_status_shows_the_download(app, preflight, content, ollama):
    ollama.on(path="/api/pull").silent()
    preflight.look()

    shown = app.test_cli_runner().invoke(args=["queue", "status"]).output

    assert "Ollama      llama3.2 is being downloaded → wait" in shown


def test_overview_shows_whether_the_usual_model_comes_by_itself(app, visitor, founder):
    visitor.sign_in(founder)
    assert "OLLAMA_PULL=0" in visitor.get("/admin/").text
    app.config["OLLAMA_PULL"] = True
    assert "OLLAMA_PULL=1" in visitor.get("/admin/").text


@pytest.mark.usefixtures("usual_model_comes")
def test_draft_that_is_due_before_anybody_looked_waits_for_the_usual_model(due_draft, ollama):
    ollama.fails(404, {"error": "model 'llama3.2' not found"})

    job.write_draft(due_draft.id)

    db.session.refresh(due_draft)
    assert (due_draft.status, due_draft.failures) == (Status.PENDING, 0)


@pytest.mark.parametrize(
    ("host", "in_container", "words"),
    [
        ("127.0.0.1:1", False, "start it with `ollama serve` or check OLLAMA_HOST"),
        ("127.0.0.1:1", True, "set OLLAMA_HOST=host.docker.internal"),
        ("0.0.0.0:1", True, "set OLLAMA_HOST=host.docker.internal"),
        ("host.docker.internal:1", True, "with OLLAMA_HOST=0.0.0.0, so that containers reach it"),
    ],
)
def test_ollama_that_a_container_cannot_reach_is_said_with_what_to_do(
    app, preflight, monkeypatch, caplog, host, in_container, words
):
    monkeypatch.setitem(os.environ, "container", "docker")
    if not in_container:
        monkeypatch.delitem(os.environ, "container")
    app.config.update(OLLAMA_HOST=host, OLLAMA_PULL=True)

    preflight.look()

    assert words in last_found("llama3.2").sentence
    assert words in caplog.text
    assert words in ollama_finding().remedy


@pytest.mark.usefixtures("usual_model_comes")
def test_draft_waits_for_no_download_that_fails_whatever_redis_says(due_draft, ollama):
    Download.want("llama3.2", fails=True)
    readiness.tell(readiness.Readiness("llama3.2", Stage.PULLING, "downloading"))
    ollama.fails(404, {"error": "model 'llama3.2' not found"})

    job.write_draft(due_draft.id)

    db.session.refresh(due_draft)
    assert (due_draft.status, due_draft.error_cause) == (Status.FAILED, "model_missing")


def test_failure_on_record_by_another_version_is_told_as_it_stands(as_ada, content):
    draft = content.current
    draft.status, draft.error_cause = Status.FAILED, "a cause to come"
    draft.earlier_error = "The roof is open: close it."
    db.session.commit()

    assert "The roof is open: tell your administrator, then retry." in as_ada.get("/").text


def test_draft_of_which_nothing_can_be_made_keeps_no_other_from_being_ready(
    preflight, ada, a_worker, monkeypatch
):
    poisonous = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=9).current
    submitting.submit(ada.id, BRIEF, "A kettle", delay_seconds=10)

    def request_of(draft):
        if draft.id == poisonous.id:
            raise KeyError("what is not on record")
        return request.request_of(draft)

    monkeypatch.setattr("smartcontent.preflight.needs.request_of", request_of)

    wait_until(lambda: "is loaded" in found(preflight).sentence)


def test_however_many_models_are_wanted_one_look_asks_for_all_of_them_once(
    preflight, ada, a_worker, ollama, monkeypatch
):
    for number in range(9):
        submitting.submit(ada.id, BRIEF, "A teapot", {"model": f"made-up-{number}"})
    ollama.requests.clear()
    monkeypatch.setattr(prompts, "messages_for", lambda _: pytest.fail("a prompt for nobody"))

    preflight.look()

    asked = [request.path for request in ollama.requests]
    assert asked.count("/api/tags") <= 1
    assert "/api/show" not in asked


def test_model_is_one_under_all_its_names(preflight, ada, a_worker, ollama):
    names = ["llama3.2", "Llama3.2:latest", "library/llama3.2", "LLAMA3.2"]
    wishes = [{"model": name} for name in names]
    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=10, variants=wishes)

    wait_until(lambda: "is loaded" in found(preflight).sentence)

    assert len(loads(ollama)) == 1
    assert [last_found(name).sentence.count(name) for name in names] == [1, 1, 1, 1]


def test_few_models_are_loaded_at_a_time(preflight, ada, a_worker, ollama):
    names = [f"one-of-many-{number}" for number in range(LOADED_AT_ONCE + 2)]
    ollama.models += [f"{name}:latest" for name in names]
    for name in names:
        submitting.submit(ada.id, BRIEF, "A teapot", {"model": name}, delay_seconds=10)
    loading = [Dictation(ollama.on(path=LOAD)) for _ in names]

    for _ in range(3):
        preflight.look()
    assert [last_found(name).stage for name in names].count(Stage.WARMING) == LOADED_AT_ONCE
    for each in loading:
        each.end()

    wait_until(lambda: preflight.look() or len(loads(ollama)) == len(names))


def test_download_under_another_name_is_waited_for(preflight, ada, a_worker, ollama):
    ollama.models.clear()
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    download = Dictation(ollama.on(path="/api/pull"))
    draft = submitting.submit(
        ada.id, BRIEF, "A teapot", {"model": "Llama3.2:latest"}, delay_seconds=0
    ).current
    model_pulls.want_model("llama3.2", ada)
    model_pulls.want_model("library/llama3.2", ada)

    wait_until(lambda: preflight.look() or last_found("Llama3.2:latest").stage is Stage.PULLING)
    job.write_draft(draft.id)

    db.session.refresh(draft)
    assert (draft.status, draft.failures) == (Status.PENDING, 0)
    download.tell({"status": "success"})
    download.break_off()
    wait_until(lambda: not Download.wanted())


def test_models_of_nobody_hide_behind_those_of_another(ada, bob, monkeypatch):
    monkeypatch.setattr("smartcontent.preflight.needs.MOST_DRAFTS", 3)
    for number in range(5):
        submitting.submit(ada.id, BRIEF, "A teapot", {"model": f"made-up-{number}"})
    submitting.submit(bob.id, BRIEF, "A kettle", {"model": "bobs"})

    assert list(needed_soon()) == ["made-up-0:latest", "made-up-1:latest", "bobs:latest"]
