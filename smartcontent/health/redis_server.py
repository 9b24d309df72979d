"""Does Redis answer, and does it keep what it is given?"""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import redis as redis_py
from flask import current_app

from smartcontent.health.finding import Finding, degraded, down, ok
from smartcontent.health.redis_rights import check_rights
from smartcontent.models import now
from smartcontent.stores.redis import connect
from smartcontent.stores.redis_answers import trouble

TIMEOUT_SECONDS = 1.0
CLOCK_SECONDS = 0.5
OLDEST = (6, 2)


def check_redis() -> Finding:
    """Reachable within a second, ours to use, writable, durable, its clock near ours."""
    try:
        with connect(current_app.config["REDIS_URL"], TIMEOUT_SECONDS) as client:
            lacking = check_rights(client)
            if lacking:
                return lacking
            before = time.time()
            seconds, microseconds = client.time()
            after = time.time()
            info = client.info()
    except redis_py.RedisError as error:
        found = trouble(error)
        return down(f"{found.cause}: {found.said}", found.remedy)
    since = now() - timedelta(seconds=info["uptime_in_seconds"])
    return (
        _serious(info)
        or _weakness(info, _ahead(seconds + microseconds / 1e6, before, after))
        or ok(f"{_name(info)}, append-only file on", since)
    )


def _ahead(told: float, before: float, after: float) -> float:
    """By how much a clock is ahead at least that was read at some moment between these two."""
    return told - min(max(told, before), after)


def _name(info: Mapping[str, Any]) -> str:
    if "valkey_version" in info:
        return f"Valkey {info['valkey_version']}"
    return f"Redis {info['redis_version']}"


def _serious(info: Mapping[str, Any]) -> Finding | None:
    """What makes every write fail."""
    if info["role"] != "master":
        return down("Redis is a replica that takes no writes", "name the primary in REDIS_URL")
    failed = {info.get("aof_last_write_status"), info.get("rdb_last_bgsave_status")} - {"ok", None}
    if failed:
        return down("Redis cannot write to its disk", "make room there or look at its log")
    return None


def _weakness(info: Mapping[str, Any], ahead: float) -> Finding | None:
    """What goes well until something happens."""
    version = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
    if version < OLDEST:
        return degraded(f"{_name(info)} is too old", "upgrade to Redis 6.2 or newer, or Valkey")
    if info["maxmemory_policy"] != "noeviction":
        return degraded(
            f"Redis drops keys when its memory is full ({info['maxmemory_policy']})",
            "set maxmemory-policy to noeviction",
        )
    if not info["aof_enabled"]:
        return degraded(
            "Redis forgets its latest writes when it ends (no append-only file)",
            "set appendonly to yes",
        )
    if abs(ahead) > CLOCK_SECONDS:
        direction = "ahead of" if ahead > 0 else "behind"
        return degraded(
            f"the clock of Redis is {abs(ahead):.1f} s {direction} ours: texts start out of time",
            "synchronise both clocks (NTP)",
        )
    return None
