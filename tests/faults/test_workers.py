"""A worker is killed, paused or told to end in the middle of a text."""

import os
import signal
from pathlib import Path

import pytest
from conftest import wait_until

from faults import long_on_postgresql, on_both
from faults.site import SHORT, Sent, Site

LEASE = SHORT["LEASE_SECONDS"]
# After the lease: a look of the reconciler, and time for a busy machine.
RECOVERED = LEASE + SHORT["RECONCILE_SECONDS"] + 2


@pytest.fixture
def writing(site: Site) -> Sent:
    """A draft in the middle of its text, which goes on slowly."""
    site.ollama.words, site.ollama.gap = 300, 0.1
    sent = site.submit()
    wait_until(lambda: "word 1 " in site.text_shown(sent))
    return sent


def finish(site: Site, sent: Sent) -> dict:
    """Let the texts that are being told end at once; the draft as it is then."""
    site.ollama.gap = 0.0
    return site.wait_for(sent, "completed")


@on_both
def test_draft_of_a_killed_slot_is_written_by_another(site, writing):
    os.kill(site.writing_slot(), signal.SIGKILL)

    site.wait_for_requests(writing, 2, RECOVERED)

    assert finish(site, writing)["attempt"] == 2


@long_on_postgresql
def test_draft_of_a_killed_worker_is_written_by_the_next_one(site, writing):
    site.kill("worker")
    site.start("worker")

    site.wait_for_requests(writing, 2, RECOVERED)

    assert finish(site, writing)["attempt"] == 2


def test_slots_die_with_their_parent_and_hang_up(site, writing):
    slots = site.slots()

    site.processes.kill("worker", group=False)

    wait_until(lambda: site.ollama.requests_for(writing.topic)[0].closed_at)
    wait_until(lambda: not any(is_alive(slot) for slot in slots))


@pytest.mark.long
def test_draft_whose_worker_dies_every_time_fails_with_the_reason(site, writing):
    for attempt in range(1, 5):
        site.wait_for_requests(writing, attempt)
        os.kill(site.writing_slot(), signal.SIGKILL)

    draft = site.wait_for(writing, "failed")

    assert draft["error_cause"] == "worker_lost"
    assert "4 times" in draft["error"]


@on_both
def test_slot_paused_in_a_text_is_hung_up_before_another_begins(site, writing):
    paused = site.writing_slot()

    os.kill(paused, signal.SIGSTOP)

    site.wait_for_requests(writing, 2, RECOVERED)
    first, second = site.ollama.requests_for(writing.topic)
    assert first.closed_at < second.at
    assert not is_alive(paused)
    assert ", telling 2: " in finish(site, writing)["text"]


def test_paused_slot_that_goes_on_beside_its_successor_writes_nothing(site, writing):
    paused = site.writing_slot()
    site.processes.kill("worker", signal.SIGSTOP)
    site.invariants.allow_two_at_once(writing.topic)  # nobody else can hang up for it
    site.start("worker-2")
    site.wait_for_requests(writing, 2, RECOVERED)

    os.kill(paused, signal.SIGCONT)  # its parent, who would kill it, stays paused

    first = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: first.closed_at)
    draft = finish(site, writing)
    assert draft["attempt"] == 2
    assert ", telling 2: " in draft["text"]


@pytest.mark.long
def test_worker_paused_whole_past_its_lease_writes_nothing(site, writing):
    paused = site.writing_slot()
    site.processes.kill("worker", signal.SIGSTOP)
    site.invariants.allow_two_at_once(writing.topic)  # nobody else can hang up for it
    site.start("worker-2")
    site.wait_for_requests(writing, 2, RECOVERED)
    second = finish(site, writing)

    site.processes.kill("worker", signal.SIGCONT)

    wait_until(lambda: has_let_go(site, paused))
    assert site.draft(writing) == second


def test_worker_told_to_end_hands_its_draft_back_unspent(site, writing):
    site.start("worker-2")

    site.processes.kill("worker", signal.SIGTERM)

    site.wait_for_requests(writing, 2)
    draft = finish(site, writing)
    assert (draft["attempt"], draft["failures"]) == (2, 0)
    assert site.processes.running["worker"].wait(10) == 0


def has_let_go(site: Site, slot: int) -> bool:
    """Whether a slot has noticed that it lost its draft, or its parent has."""
    log = site.processes.said("worker", "Stopped") + site.processes.said("worker", "won=False")
    return bool(log) or not is_alive(slot)


def is_alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie that nobody has asked for."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
