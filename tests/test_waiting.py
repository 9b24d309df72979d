"""Why a draft waits and for how long, as page and API say it."""

from datetime import timedelta

import pytest
from conftest import BRIEF, both_databases

from smartcontent.contents import ending, submitting
from smartcontent.models import Draft, Status, now
from smartcontent.progress import readiness
from smartcontent.progress.estimates import estimate_for
from smartcontent.progress.outlook import outlook
from smartcontent.progress.readiness import Readiness, Stage
from smartcontent.scheduling import Scheduler, mark_queued
from smartcontent.stores.sql import db
from smartcontent.writing import job


@pytest.fixture
def a_worker(valkey):
    valkey.client.sadd("rq:workers:generation", "rq:worker:one")


def written_in(ada, first_word: float, seconds: float, text: str) -> Draft:
    """A completed draft that took so long."""
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    began = now()
    draft.status, draft.model, draft.text, draft.started_at = "completed", "llama3.2", text, began
    draft.words = len(text.split())
    draft.first_word_at = began + timedelta(seconds=first_word)
    draft.finished_at = began + timedelta(seconds=seconds)
    db.session.commit()
    return draft


def test_first_draft_of_a_kind_has_no_estimate(content):
    seen = outlook(content.current)

    assert (seen.eta_seconds, seen.estimate) == (None, None)


@both_databases
def test_estimate_is_the_median_of_earlier_drafts_of_its_kind(ada, content):
    for first_word, seconds, text in ((1, 10, "a b"), (2, 20, "a b c"), (9, 90, "a b c d e f")):
        written_in(ada, first_word, seconds, text)

    estimate = estimate_for(content, "llama3.2")

    assert (estimate.first_word_seconds, estimate.seconds, estimate.size) == (2, 20, (3, "words"))
    assert estimate_for(content, "mistral") is None


def test_each_variant_is_estimated_by_the_model_that_is_to_write_it(ada):
    written_in(ada, 1, 20, "a b c")
    wishes = [{"model": "llama3.2"}, {"model": "mistral"}]
    first, second = submitting.submit(ada.id, BRIEF, "A teapot", variants=wishes).drafts

    assert outlook(first).estimate.seconds == 20
    assert outlook(second).estimate is None


def test_eta_of_a_pending_draft_is_its_wait_and_its_writing(ada, content):
    written_in(ada, 1, 20, "a b c")

    seen = outlook(content.current)

    took = (now() - content.created_at).total_seconds()
    assert 79.9 - took <= seen.eta_seconds <= 80.1  # it is rounded


@pytest.mark.parametrize(
    ("seconds", "starts", "done"),
    [
        (3760, "1 h 2 min", "about 63 min"),
        (100_000, "1 day 3 h", "about 28 h"),
        (40_824 * 60, "28 days 8 h", "about 28 days"),
    ],
)
def test_long_time_is_said_in_long_units_everywhere(
    app, as_ada, ada, flask, valkey, seconds, starts, done
):
    written_in(ada, 1, 20, "a b c")
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=seconds).current
    db.session.commit()

    assert outlook(draft).sentence == f"Starts in {starts}."
    assert f"Next due    in {starts} (" in flask("queue", "status").output
    page = as_ada.get("/").text
    assert f">{starts}</span>" in page
    assert f">{done}</span>" in page


def test_draft_keeps_what_was_expected_when_it_was_picked_up(ada, ollama):
    written_in(ada, 1, 20, "a b c")
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current

    job.write_draft(draft.id)

    db.session.refresh(draft)
    assert draft.estimated_seconds == 20


@both_databases
def test_place_in_the_queue_is_the_one_of_the_queue(ada, bob, valkey, a_worker):
    scheduler = Scheduler(valkey.client, mark_queued)
    for _ in range(5):
        submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0)
    scheduler.enqueue_jobs()
    draft = submitting.submit(bob.id, BRIEF, "A teapot", delay_seconds=0).current
    scheduler.enqueue_jobs()
    db.session.refresh(draft)

    seen = outlook(draft)

    assert (draft.status, seen.position) == (Status.QUEUED, 1)
    assert seen.sentence == "1 ahead of you."


def test_problem_found_before_the_due_time_is_the_sentence(content):
    readiness.tell(Readiness("llama3.2", Stage.PROBLEM, "no_worker"))

    assert (
        outlook(content.current).sentence
        == "No worker is running: start one with `python worker.py`."
    )


def test_finding_that_nobody_renews_is_forgotten(content, valkey):
    readiness.tell(Readiness("llama3.2", Stage.READY, "there"))

    assert 0 < valkey.client.ttl("smartcontent:readiness:llama3.2") <= readiness.KEPT_SECONDS


def test_ended_draft_has_no_outlook(due_draft):
    ending.cancel(due_draft)

    assert outlook(due_draft) is None
