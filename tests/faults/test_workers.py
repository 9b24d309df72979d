"""A worker is killed, paused or told to end in the middle of a text."""

import os
import signal
from pathlib import Path

import pytest
from conftest import wait_until
from patience import PATIENCE

from faults import long_on_postgresql, on_both
from faults.site import Sent, Site

GONE = {"", "Z"}  # a zombie is one that nobody has asked for yet


@pytest.fixture
def writing(site: Site) -> Sent:
    return site.begin_text()


@on_both
def test_draft_of_a_killed_slot_is_written_by_another(site, writing):
    strike(site, writing)
    site.end_lease(writing)

    site.wait_for_requests(writing, 2)

    assert site.finish(writing)["attempt"] == 2


@long_on_postgresql
def test_draft_of_a_killed_worker_is_written_by_the_next_one(site, writing):
    site.kill("worker")
    wait_until(lambda: site.ollama.requests_for(writing.topic)[0].closed_at)
    site.end_lease(writing)
    site.start("worker")

    site.wait_for_requests(writing, 2)

    assert site.finish(writing)["attempt"] == 2


def test_slots_die_with_their_parent_and_hang_up(site, writing):
    slots = site.slots()

    site.processes.kill("worker", group=False)

    wait_until(lambda: site.ollama.requests_for(writing.topic)[0].closed_at)
    wait_until(lambda: {state(slot) for slot in slots} <= GONE)
    site.end_lease(writing)


@pytest.mark.long
def test_draft_whose_worker_dies_every_time_fails_with_the_reason(site, writing):
    for attempt in range(1, 5):
        site.wait_for_requests(writing, attempt)
        strike(site, writing)
        site.end_lease(writing)

    draft = site.wait_for(writing, "failed")

    assert draft["error_cause"] == "worker_lost"
    assert "4" in str(draft["error_values"])


@on_both
def test_slot_paused_in_a_text_is_hung_up_before_another_begins(site):
    site.start("worker", LEASE_SECONDS=30)  # of which a fifth is left to hang up in
    writing = site.begin_text()
    paused = site.writing_slot()

    os.kill(paused, signal.SIGSTOP)

    site.wait_for_requests(writing, 2)
    first, second = site.ollama.requests_for(writing.topic)
    assert first.closed_at < second.at
    wait_until(lambda: state(paused) in GONE)
    assert ", telling 2: " in site.finish(writing)["text"]


def test_paused_slot_that_goes_on_beside_its_successor_writes_nothing(site, writing):
    paused = site.writing_slot()
    site.processes.kill("worker", signal.SIGSTOP)
    wait_until(lambda: state(paused) == "T")
    site.invariants.allow_two_at_once(writing.topic)  # nobody else can hang up for it
    site.end_lease(writing)
    site.start("worker-2")
    site.wait_for_requests(writing, 2)

    os.kill(paused, signal.SIGCONT)  # its parent, who would kill it, stays paused

    first = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: first.closed_at)
    draft = site.finish(writing)
    assert draft["attempt"] == 2
    assert ", telling 2: " in draft["text"]


@pytest.mark.long
def test_worker_paused_whole_past_its_lease_writes_nothing(site, writing):
    paused = site.writing_slot()
    site.processes.kill("worker", signal.SIGSTOP)
    wait_until(lambda: state(paused) == "T")
    site.invariants.allow_two_at_once(writing.topic)  # nobody else can hang up for it
    site.end_lease(writing)
    site.start("worker-2")
    site.wait_for_requests(writing, 2)
    second = site.finish(writing)

    site.processes.kill("worker", signal.SIGCONT)

    wait_until(lambda: has_let_go(site, paused))
    assert site.draft(writing) == second


def test_worker_told_to_end_hands_its_draft_back_unspent(site, writing):
    site.start("worker-2")

    site.processes.kill("worker", signal.SIGTERM)

    site.wait_for_requests(writing, 2)
    draft = site.finish(writing)
    assert (draft["attempt"], draft["failures"]) == (2, 0)
    assert site.processes.running["worker"].wait(PATIENCE) == 0


def test_worker_told_to_end_while_redis_is_away_hands_its_draft_back_too(site, writing):
    site.redis["worker"].refuse()

    site.processes.kill("worker", signal.SIGTERM)
    assert site.processes.running["worker"].wait(PATIENCE) == 0

    assert site.processes.said("worker", "Handed back")
    site.redis["worker"].restore()
    site.start("worker-2")
    draft = site.finish(writing)
    assert (draft["attempt"], draft["failures"]) == (2, 0)


def has_let_go(site: Site, slot: int) -> bool:
    """Whether a slot has noticed that it lost its draft, or its parent has."""
    log = site.processes.said("worker", "Stopped") + site.processes.said("worker", "won=False")
    return bool(log) or state(slot) in GONE


def strike(site: Site, writing: Sent) -> None:
    """Kill the slot that writes, and wait until Ollama has seen that it is gone."""
    request = site.ollama.requests_for(writing.topic)[-1]
    os.kill(site.writing_slot(), signal.SIGKILL)
    wait_until(lambda: request.closed_at)


def state(pid: int) -> str:
    """The state of a process, as the kernel writes it; "" of one that is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
