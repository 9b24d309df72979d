"""Cancel means cancel, edits arrive whole, and starting twice starts once: also in a race."""

import random
import time

import pytest
from conftest import wait_until

from faults import on_both
from faults.site import Sent, Site, at_once
from smartcontent.models import now

ROUNDS = 12


@pytest.fixture
def writing(site: Site) -> Sent:
    """A draft in the middle of its text, which goes on slowly."""
    site.ollama.words, site.ollama.gap = 100, 0.1
    sent = site.submit()
    wait_until(lambda: "word 1 " in site.text_shown(sent))
    return sent


def keys_of(site: Site, sent: Sent) -> list[bytes]:
    return list(site.valkey.client.scan_iter(f"*draft-{sent.draft_id:012d}-*"))


@on_both
def test_cancelled_pending_draft_leaves_nothing_in_redis_and_never_starts(site):
    sent = site.submit(delay=0.6)
    assert keys_of(site, sent)

    assert site.cancel(sent)

    assert not keys_of(site, sent)
    site.wait_for(site.submit(delay=0.8), "completed")  # its time has passed, too
    assert not site.ollama.requests_for(sent.topic)
    assert site.status(sent) == "cancelled"


@on_both
def test_cancelled_text_is_hung_up_within_half_a_second_and_kept(site, writing):
    cancelled_at = time.monotonic()
    assert site.cancel(writing)

    request = site.ollama.requests_for(writing.topic)[0]
    wait_until(lambda: request.closed_at)
    assert request.closed_at - cancelled_at <= 0.5
    draft = site.draft(writing)
    assert draft["status"] == "cancelled"
    assert site.ollama.of(writing.topic)[0].text.startswith(draft["text"])
    assert "word 1 " in draft["text"]


def test_cancel_keeps_the_text_without_redis(site, writing):
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


@pytest.mark.parametrize("delay", [3600, 12])
def test_draft_started_now_while_redis_is_away_starts_soon_after(site, delay):
    sent = site.submit(delay=delay)
    site.valkey.kill()
    try:
        assert site.start_now(sent)
    finally:
        site.valkey.start()

    site.wait_for(sent, "completed")


def wait_until_shortly_before(site: Site, sent: Sent, chance: random.Random) -> None:
    """Wait until some instant around the due moment."""
    at = site.draft(sent)["due_at"].timestamp() + chance.uniform(-0.01, 0.01)
    wait_until(lambda: now().timestamp() >= at, every=0.001)
