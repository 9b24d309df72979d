"""Cancel means cancel, edits arrive whole, and starting twice starts once: also in a race."""

import random

import pytest
from conftest import wait_until

from faults import on_both
from faults.site import Sent, Site, at_once
from smartcontent.models import now

ROUNDS = 12
IN_VIEW = 9  # seconds until a draft is due that the reconciler looks after already


@pytest.fixture
def writing(site: Site) -> Sent:
    return site.begin_text()


@on_both
def test_cancelled_pending_draft_leaves_nothing_in_redis_and_never_starts(site):
    sent = site.submit(delay=IN_VIEW)
    wait_until(lambda: site.keys_of(sent))

    assert site.cancel(sent)

    # A pass of the reconciler that had begun may put it back; the next takes it out again.
    look_of_the_reconciler(site)
    wait_until(lambda: not site.keys_of(sent))
    look_of_the_reconciler(site)
    assert not site.keys_of(sent)
    assert not site.ollama.requests_for(sent.topic)
    assert site.status(sent) == "cancelled"


@on_both
def test_cancelled_text_is_hung_up_and_kept(site, writing):
    assert site.cancel(writing)

    # By the writer itself, not by its parent when the lease has not been renewed.
    request = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: request.closed_at)
    wait_until(lambda: site.processes.said("worker", f"Stopped draft={writing.draft_id} "))
    draft = site.draft(writing)
    assert draft["status"] == "cancelled"
    assert site.ollama.of(writing.topic)[0].text.startswith(draft["text"])
    assert "word 1 " in draft["text"]


def test_cancel_keeps_the_text_without_redis(site):
    site.start("worker", LEASE_SECONDS=20)  # it saves what there is each quarter
    writing = site.begin_text()
    wait_until(lambda: "word 1 " in site.draft(writing)["text"])
    site.valkey.client.flushall()

    assert site.cancel(writing)

    assert "word 1 " in site.draft(writing)["text"]


@on_both
def test_cancel_at_the_due_moment_starts_nothing_afterwards(site):
    chance = random.Random(1)  # the same moments in every run
    for _ in range(ROUNDS):
        sent = site.submit(delay=0.05)
        wait_until_shortly_before(site, sent, chance)
        was_cancelled, _ = at_once(lambda sent=sent: site.cancel(sent), lambda: site.submit())
        wait_until(lambda sent=sent: site.status(sent) in ("cancelled", "completed"))
        assert was_cancelled == (site.status(sent) == "cancelled")


@on_both
def test_edit_at_the_due_moment_reaches_ollama_or_is_refused(site):
    chance = random.Random(2)
    for number in range(ROUNDS):
        sent = site.submit(delay=0.05)
        wait_until_shortly_before(site, sent, chance)
        was_edited = site.edit(sent, audience=f"readers {number}")
        site.wait_for(sent, "completed")
        [request] = site.ollama.requests_for(sent.topic)
        assert was_edited == (f"readers {number}" in str(request.json))


@on_both
def test_start_at_the_due_moment_starts_once(site):
    chance = random.Random(3)
    for _ in range(ROUNDS):
        sent = site.submit(delay=0.05)
        wait_until_shortly_before(site, sent, chance)
        at_once(*[lambda sent=sent: site.start_now(sent)] * 3)
        site.wait_for(sent, "completed")
        assert len(site.ollama.requests_for(sent.topic)) == 1


@pytest.mark.parametrize("delay", [3600, 12])  # out of the reconciler's sight, and soon in it
def test_draft_started_now_while_redis_is_away_starts_when_it_is_back(site, delay):
    sent = site.submit(delay=delay)
    old_entry = site.draft(sent)["due_at"]
    site.valkey.kill()
    try:
        assert site.start_now(sent)
    finally:
        site.valkey.start()

    draft = site.wait_for(sent, "completed")
    assert site.ledger.repairs(sent.draft_id) or draft["started_at"] >= old_entry


def look_of_the_reconciler(site: Site) -> None:
    """Wait until the reconciler has looked at all that is due soon: it finds what Redis lost."""
    lost = site.submit_lost(IN_VIEW)
    wait_until(lambda: site.ledger.repairs(lost.draft_id))
    site.cancel(lost)


def wait_until_shortly_before(site: Site, sent: Sent, chance: random.Random) -> None:
    """Wait until some instant around the due moment."""
    at = site.draft(sent)["due_at"].timestamp() + chance.uniform(-0.01, 0.01)
    wait_until(lambda: now().timestamp() >= at, every=0.001)
