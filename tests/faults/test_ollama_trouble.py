"""Ollama refuses, breaks off, falls silent or never ends: what is tried again, and what is not."""

import pytest
from conftest import wait_until

MISSING = {"error": "model 'llama3.2' not found"}
DEADLINES = {
    "GENERATION_ATTEMPTS": 1,
    "OLLAMA_FIRST_BYTE_SECONDS": 0.5,
    "OLLAMA_GAP_SECONDS": 0.5,
    "OLLAMA_TOTAL_SECONDS": 1,
}
ENDED = 2  # seconds after the deadline


def test_busy_ollama_is_asked_again_after_a_pause_and_the_draft_completed(site):
    site.ollama.fails(503, {"error": "server busy, please try again."})
    sent = site.submit()

    draft = site.wait_for(sent, "completed")

    first, second = site.ollama.requests_for(sent.topic)
    assert 1.6 <= second.at - first.at <= 2.4 + 1
    assert (draft["attempt"], draft["failures"], draft["error"]) == (2, 1, None)


@pytest.mark.long
def test_text_cut_off_by_ollama_is_written_anew_from_the_start(site):
    site.ollama.says("Half a ", cut=True)
    sent = site.submit()

    draft = site.wait_for(sent, "completed")

    assert draft["attempt"] == 2
    assert "Half a" not in draft["text"]


def test_ollama_that_dies_in_mid_text_is_asked_again_when_it_is_back(site):
    site.ollama.words, site.ollama.gap = 100, 0.1
    sent = site.submit()
    wait_until(lambda: "word 1 " in site.text_shown(sent))
    site.ollama_line.refuse()
    wait_until(lambda: site.draft(sent)["failures"] == 1)
    assert site.draft(sent)["error_cause"] == "stream_cut"
    site.ollama_line.restore()
    site.ollama.gap = 0.0

    assert site.wait_for(sent, "completed")["attempt"] == 2


@pytest.mark.parametrize("status", [400, 404])
def test_failure_that_would_come_again_is_not_tried_again(site, status):
    site.ollama.fails(status, MISSING)
    sent = site.submit()

    draft = site.wait_for(sent, "failed")

    assert draft["error"]
    assert len(site.ollama.requests_for(sent.topic)) == 1


@pytest.mark.parametrize(
    "trouble", ["silent", pytest.param("falls silent", marks=pytest.mark.long), "drips"]
)
def test_ollama_that_never_ends_is_cut_off_and_said_so(site, trouble):
    site.start("worker", **DEADLINES)
    {
        "silent": site.ollama.silent,
        "falls silent": lambda: site.ollama.says("Tea ", cut=True, ending="hold"),
        "drips": lambda: site.ollama.drips("x ", every=0.1),
    }[trouble]()
    sent = site.submit()

    site.wait_for_requests(sent)
    draft = site.wait_for(sent, "failed", DEADLINES["OLLAMA_TOTAL_SECONDS"] + ENDED)

    assert draft["error_cause"] == "timeout"
    [request] = site.ollama.requests_for(sent.topic)
    wait_until(lambda: request.closed_at)
