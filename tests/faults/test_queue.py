"""Duplicates and poison in Redis: jobs that come often, and entries that are none."""

from collections.abc import Iterator

import pytest
from conftest import wait_until

from smartcontent.models.job_ids import job_id
from smartcontent.stores import keys
from smartcontent.stores.keys import QUEUE
from smartcontent.writing.armed import LONGEST_SECONDS

LIST = keys.QUEUED
SET = keys.SCHEDULED
# What a stranger, or another version of us, may have left under an id.
HASHES = {
    "no hash": None,
    "a string": b"random bytes",
    "a pickle": {"data": b"\x80\x04K*.", "status": "scheduled", "created_at": "now"},
    "nothing in it": {"status": "scheduled"},
    "a function that is not ours": {
        "data": b'["os.system", null, ["true"], {}]',
        "status": "scheduled",
        "created_at": "2026-01-01T00:00:00Z",
        "origin": QUEUE,
    },
}
COMMON = {"no hash", "a pickle"}
every_poison = pytest.mark.parametrize(
    "poison",
    [name if name in COMMON else pytest.param(name, marks=pytest.mark.long) for name in HASHES],
    indirect=True,
)
IDS = [b"poison", b"draft-x", b"\xff\xfe\x00", b"draft-000000000000-1-u0", b"a:b"]


@pytest.fixture
def poison(request, site) -> Iterator[list[bytes]]:
    """Ids, with what a stranger has left under them."""
    value = HASHES[getattr(request, "param", "a pickle")]
    keys = [b"rq:job:" + job_id for job_id in IDS]
    for key in keys:
        if isinstance(value, bytes):
            site.valkey.client.set(key, value)
        elif value:
            site.valkey.client.hset(key, mapping=value)
    yield IDS
    site.valkey.client.delete(*keys)


def test_job_that_is_queued_many_times_is_written_once(site):
    """Both slots have it in hand before its time; the other copies come while it is written."""
    site.ollama.go_on()
    sent = site.submit(delay=LONGEST_SECONDS - 0.1)

    site.valkey.client.rpush(LIST, *[job_id(sent.draft_id, 1, site.user_id)] * 10)

    site.wait_for_requests(sent)
    wait_until(lambda: not site.valkey.client.llen(LIST))
    site.finish(sent)
    assert len(site.ollama.requests_for(sent.topic)) == 1


def test_one_of_many_copies_in_the_queue_is_written_while_slots_compete(site):
    site.kill("worker")
    wait_until(lambda: not site.valkey.client.info("clients")["blocked_clients"])
    sent = site.submit()
    wait_until(lambda: site.valkey.client.llen(LIST) == 1)
    site.valkey.client.rpush(LIST, *[site.valkey.client.lindex(LIST, 0)] * 10)
    site.start("worker", SMARTCONTENT_WORKERS=4)

    site.wait_for(sent, "completed")
    wait_until(lambda: not site.valkey.client.llen(LIST))
    assert len(site.ollama.requests_for(sent.topic)) == 1


@every_poison
def test_poison_among_the_scheduled_holds_nothing_up(site, poison):
    processes = [site.processes.running[name].pid for name in ("worker", "scheduler")]
    site.valkey.client.zadd(SET, dict.fromkeys(poison, 1))

    site.wait_for(site.submit(), "completed")

    wait_until(lambda: not site.valkey.client.zcard(SET) and not site.valkey.client.llen(LIST))
    assert [site.processes.running[name].pid for name in ("worker", "scheduler")] == processes
    assert all(process.poll() is None for process in site.processes.running.values())


@every_poison
def test_poison_in_the_queue_holds_nothing_up(site, poison):
    site.valkey.client.rpush(LIST, *poison)

    site.wait_for(site.submit(), "completed")

    wait_until(lambda: not site.valkey.client.llen(LIST))
    assert all(process.poll() is None for process in site.processes.running.values())


def test_reconciler_goes_on_beside_poison(site, poison):
    site.kill("worker")
    site.valkey.client.rpush(LIST, *poison)
    sent = site.submit_lost()
    wait_until(lambda: site.ledger.repairs(sent.draft_id))
    site.start("worker")

    site.wait_for(sent, "completed")
