"""Do our own processes run? The scheduler and the workers, by the signs of life in Redis."""

import time
from datetime import UTC, datetime

import redis as redis_py
from flask import current_app
from redis import Redis
from rq.suspension import is_suspended
from rq.utils import utcparse
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from smartcontent.extensions import connect
from smartcontent.health.finding import Finding, degraded, down, ok
from smartcontent.health.redis_server import TIMEOUT_SECONDS
from smartcontent.models import now
from smartcontent.redis_answers import trouble
from smartcontent.scheduling import HEARTBEATS_KEY, QUEUE
from smartcontent.slots import WORKER_TTL_SECONDS

SCHEDULER_SILENT_SECONDS = 5
START_SCHEDULER = "start one with `python scheduler.py`"
START_WORKER = "start one with `python worker.py`"
STOCK_SCHEDULERS = "rq:scheduler_instance:*"
# RQ lets the key of a silent worker live for this long after its next sign of life was due.
RQ_GRACE_MILLISECONDS = 60_000


def check_scheduler() -> Finding:
    """A scheduler of ours has said within the last seconds that it is alive."""
    try:
        with connect(current_app.config["REDIS_URL"], TIMEOUT_SECONDS) as client:
            beats = client.zrange(HEARTBEATS_KEY, 0, -1, withscores=True)
            alive = [name for name, beat in beats if beat > time.time() - SCHEDULER_SILENT_SECONDS]
            if alive:
                born = min(float(name.decode().rpartition(" ")[2]) for name in alive)
                return ok(f"{len(alive)} running", _moment(born))
            if any(client.scan_iter(STOCK_SCHEDULERS, count=1000)):
                return degraded(
                    "only a stock rqscheduler runs: it starts texts early and repairs nothing",
                    START_SCHEDULER,
                )
            # The set is sorted by the time of the last heartbeat.
            silent_since = _moment(beats[-1][1]) if beats else None
            return down("no scheduler is running", START_SCHEDULER, silent_since)
    except redis_py.RedisError as error:
        return _unknown(error)


def check_workers() -> Finding:
    """At least one RQ worker takes jobs from our queue."""
    try:
        with connect(current_app.config["REDIS_URL"], TIMEOUT_SECONDS) as client:
            births = _births(client)
            paused = is_suspended(client)
    except redis_py.RedisError as error:
        return _unknown(error)
    if not births:
        return down("no worker is running", START_WORKER)
    if paused:
        return degraded("the workers are suspended", "let them go on with `rq resume`")
    return ok(f"{len(births)} running", min(births))


def _births(client: Redis) -> list[datetime]:
    """When the workers that are alive began."""
    keys = sorted(client.smembers(WORKERS_BY_QUEUE_KEY % QUEUE))
    with client.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hmget(key, "birth", "last_heartbeat")
            pipe.pttl(key)
        answers = pipe.execute()
    return [
        utcparse(birth.decode())
        for (birth, beat), milliseconds in zip(answers[::2], answers[1::2], strict=True)
        if birth and beat and not _is_silent(utcparse(beat.decode()), milliseconds)
    ]


def _is_silent(beat: datetime, milliseconds_left: int) -> bool:
    """Whether a worker missed its heartbeat, whatever pace it was started with."""
    silence = (now() - beat).total_seconds()
    return silence > WORKER_TTL_SECONDS and milliseconds_left < RQ_GRACE_MILLISECONDS


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _unknown(error: redis_py.RedisError) -> Finding:
    return degraded(f"cannot be seen: {trouble(error).cause}", "see Redis")
