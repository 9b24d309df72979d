"""Ollama refuses, breaks off, falls silent or never ends: what is tried again, and what is not."""

from datetime import timedelta

import pytest
from conftest import wait_until

MISSING = {"error": "model 'llama3.2' not found"}
DEADLINES = {
    "GENERATION_ATTEMPTS": 1,
    "OLLAMA_FIRST_BYTE_SECONDS": 0.5,
    "OLLAMA_GAP_SECONDS": 0.5,
    "OLLAMA_TOTAL_SECONDS": 1,
}
TROUBLES = {
    "silent": lambda ollama: ollama.silent(),
    "falls silent": lambda ollama: ollama.says("Tea ", cut=True, ending="hold"),
    "drips": lambda ollama: ollama.drips("x ", every=0.1),
}


def test_busy_ollama_is_asked_again_after_a_pause_and_the_draft_completed(site):
    site.ollama.fails(503, {"error": "server busy, please try again."})
    sent = site.submit()

    draft = site.wait_for(sent, "completed")

    assert len(site.ollama.requests_for(sent.topic)) == 2
    failed = next(c for c in site.ledger.history(sent.draft_id) if c.after == "pending")
    assert failed.due_at - failed.started_at >= timedelta(seconds=1.6)
    assert failed.due_at - failed.at <= timedelta(seconds=2.4)
    assert (draft["attempt"], draft["failures"], draft["error_cause"]) == (2, 1, None)


@pytest.mark.long
def test_text_cut_off_by_ollama_is_written_anew_from_the_start(site):
    site.ollama.says("Half a ", cut=True)
    sent = site.submit()

    draft = site.wait_for(sent, "completed")

    assert draft["attempt"] == 2
    assert "Half a" not in draft["text"]


def test_ollama_that_dies_in_mid_text_is_asked_again_when_it_is_back(site):
    sent = site.begin_text()
    site.ollama_line.refuse()
    failed = f"Failed draft={sent.draft_id} cause="
    wait_until(lambda: site.processes.said("worker", failed))
    site.ollama_line.restore()

    draft = site.finish(sent)
    # It may have been asked again before it was back.
    assert (draft["attempt"] > 1, draft["failures"]) == (True, 1)
    assert "cause=stream_cut " in site.processes.said("worker", failed)[0]


@pytest.mark.parametrize("status", [400, 404])
def test_failure_that_would_come_again_is_not_tried_again(site, status):
    site.ollama.fails(status, MISSING)
    sent = site.submit()

    draft = site.wait_for(sent, "failed")

    assert draft["error_cause"]
    assert len(site.ollama.requests_for(sent.topic)) == 1


def test_ollama_that_never_ends_is_cut_off_and_said_so(site):
    site.start("worker", **DEADLINES)
    for trouble in TROUBLES.values():
        trouble(site.ollama)
        sent = site.submit()

        draft = site.wait_for(sent, "failed")

        assert draft["error_cause"] in ("no_word", "silent", "unfinished")
        site.wait_for_requests(sent)  # which may be read after it was given up
        [request] = site.ollama.requests_for(sent.topic)
        wait_until(lambda request=request: request.closed_at)
