"""Do our own processes run? The scheduler and the workers, by the signs of life in Redis."""

import time
from datetime import UTC, datetime
from typing import Any

import redis as redis_py
from flask import current_app
from redis import Redis
from rq.suspension import is_suspended

from smartcontent.health.finding import Finding, degraded, down, ok
from smartcontent.health.redis_server import TIMEOUT_SECONDS
from smartcontent.models import now
from smartcontent.stores import keys, stored
from smartcontent.stores.redis import connect
from smartcontent.stores.redis_answers import trouble
from smartcontent.upkeep.duties import broken_lately
from smartcontent.writing.slots import WORKER_TTL_SECONDS

SCHEDULER_SILENT_SECONDS = 5
FUTURE_SECONDS = 3600  # a clock may be ahead of ours, but not for ever
START_SCHEDULER = "start one with `python scheduler.py`"
START_WORKER = "start one with `python worker.py`"
# RQ lets the key of a silent worker live for this long after its next sign of life was due.
RQ_GRACE_MILLISECONDS = 60_000


def check_scheduler() -> Finding:
    """A scheduler of ours has said within the last seconds that it is alive."""
    try:
        with connect(current_app.config["REDIS_URL"], TIMEOUT_SECONDS) as client:
            beats = _beats(client)
            alive = [born for born, beat in beats if beat > time.time() - SCHEDULER_SILENT_SECONDS]
            if alive:
                return _well(client, "scheduler", len(alive), _moment(min(alive)))
            if any(client.scan_iter(keys.STOCK_SCHEDULERS, count=1000)):
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
            if not births:
                return down("no worker is running", START_WORKER)
            if is_suspended(client):
                return degraded("the workers are suspended", "let them go on with `rq resume`")
            return _well(client, "worker", len(births), min(births))
    except redis_py.RedisError as error:
        return _unknown(error)


def check_web() -> Finding:
    """No web process has a thread that broke lately. Whether one answers, its caller knows."""
    try:
        with connect(current_app.config["REDIS_URL"], TIMEOUT_SECONDS) as client:
            return _breaks(client, "web") or ok("all goes on")
    except redis_py.RedisError:
        return ok("what broke cannot be seen")  # the line of Redis says why


def _well(client: Redis, process: str, count: int, since: datetime) -> Finding:
    return _breaks(client, process) or ok(f"{count} running", since)


def _breaks(client: Redis, process: str) -> Finding | None:
    """What of a running process breaks, and is begun again each time."""
    broken = broken_lately(client, process)
    if not broken:
        return None
    return degraded(
        f"{process}: {', '.join(broken)} broke within a minute, and was begun again",
        f"look at the log of the {process} process",
    )


def _beats(client: Redis) -> list[tuple[float, float]]:
    """Birth and last sign of life of each scheduler, the last one to say one last."""
    beats: Any = stored.asked(
        keys.HEARTBEATS, lambda: client.zrange(keys.HEARTBEATS, 0, -1, withscores=True)
    )
    told = [(raw.rpartition(b" ")[2], beat) for raw, beat in beats or ()]
    read = [(stored.number(keys.HEARTBEATS, born), beat) for born, beat in told]
    return [(born, beat) for born, beat in read if born and 0 < beat < time.time() + FUTURE_SECONDS]


def _births(client: Redis) -> list[datetime]:
    """When the workers that are alive began."""
    known = keys.WORKERS_OF_QUEUE
    workers = sorted(stored.asked(known, lambda: client.smembers(known)) or ())
    with client.pipeline(transaction=False) as pipe:
        for key in workers:
            pipe.hmget(key, "birth", "last_heartbeat")
            pipe.pttl(key)
        answers = pipe.execute(raise_on_error=False)
    return [
        birth
        for told, milliseconds in zip(answers[::2], answers[1::2], strict=True)
        if (birth := _birth(told, milliseconds))
    ]


def _birth(told: Any, milliseconds: int) -> datetime | None:
    """When a worker began, if it lives and says so in RQ's words."""
    if isinstance(told, redis_py.ResponseError):
        return None
    birth, beat = (stored.moment(f"{keys.WORKER}*", raw) for raw in told)
    return birth if birth and beat and not _is_silent(beat, milliseconds) else None


def _is_silent(beat: datetime, milliseconds_left: int) -> bool:
    """Whether a worker missed its heartbeat, whatever pace it was started with."""
    silence = (now() - beat).total_seconds()
    return silence > WORKER_TTL_SECONDS and milliseconds_left < RQ_GRACE_MILLISECONDS


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _unknown(error: redis_py.RedisError) -> Finding:
    return degraded(f"cannot be seen: {trouble(error).cause}", "see Redis")
