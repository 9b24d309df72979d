"""A probe of the delay: a job that goes the way of every draft and notes when it was picked up."""

import time
from datetime import datetime
from secrets import token_hex

from smartcontent.scheduling.job import NOTE_PROBE, PROBE_PREFIX
from smartcontent.scheduling.scheduler import Scheduler
from smartcontent.stores import stored
from smartcontent.stores.redis import redis

KEPT_SECONDS = 600


def send_probe(due_at: datetime) -> str:
    """Schedule a probe; answers its id.

    Raises:
        redis.RedisError: Redis does not answer, or refuses.
    """
    # With its due time, as jobs have ids alone: it is taken a moment before, as drafts are.
    probe_id = f"{PROBE_PREFIX}{token_hex(4)}-{due_at.timestamp() * 1e6:.0f}"
    with redis() as client:
        Scheduler(client).enqueue_at(
            due_at, NOTE_PROBE, probe_id, job_id=probe_id, timeout=60, job_description="a probe"
        )
    return probe_id


def note_probe(probe_id: str) -> None:
    """The job: write down the moment at which a draft would begin."""
    due = float(probe_id.rpartition("-")[2]) / 1e6
    while (left := due - time.time()) > 0:
        time.sleep(min(left, 1.0))
    picked_up = time.time()
    with redis() as client:
        client.set(f"smartcontent:{probe_id}", picked_up, ex=KEPT_SECONDS)


def picked_up_at(probe_id: str) -> float | None:
    """When the probe was picked up, in seconds since 1970; None while it was not."""
    key = f"smartcontent:{probe_id}"
    with redis() as client:
        noted = stored.asked(key, lambda: client.get(key))
    return stored.number(key, noted)


def withdraw_probe(probe_id: str) -> None:
    """Take a probe that nobody picked up out of Redis."""
    with redis() as client:
        Scheduler(client).forget(probe_id)
