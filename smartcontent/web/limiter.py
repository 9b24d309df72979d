"""How often something may be done: counted in Redis for all processes, here while it is away.

    SUBMISSIONS = Limit("submissions", most=30, seconds=60)
    check(SUBMISSIONS, "You submit too fast: wait a moment.", user_id)  # raises the 429
    wait = count(SUBMISSIONS, user_id)  # the same without an exception: seconds to wait, or 0
    take_back(SUBMISSIONS, user_id)  # it was none of those that are to be counted

What is limited by visitor takes `network()` for its key. Each call counts first and looks after,
in one step, so that of any number of requests at once no more get through than may.
"""

import hashlib
import ipaddress
import logging
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import redis as redis_py
from flask import Flask, request
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import trouble

log = logging.getLogger(__name__)

IPV6_NETWORK_BITS = 64
_WITH_PORT = re.compile(r"([\d.]+):\d+|\[([^\]]*)\](?::\d+)?", re.ASCII)
MOST_IN_MEMORY = 100_000


@dataclass(frozen=True)
class Limit:
    """So many of one kind within so many seconds, counted from the first."""

    name: str
    most: int
    seconds: int

    @property
    def item(self) -> RateLimitItemPerSecond:
        """The limit as the library knows it."""
        return RateLimitItemPerSecond(self.most, self.seconds, namespace=self.name)


def init_app(_app: Flask) -> None:
    """Begin with nothing counted in this process."""
    _memory.cache_clear()


def check(limit: Limit, sentence: str, *key: object) -> None:
    """Count one more, and refuse it where it is one too many.

    Raises:
        TooManyRequests: it is; the answer has the sentence and says when to come again.
    """
    if wait := count(limit, *key):
        raise TooManyRequests(sentence, retry_after=wait)


def is_counted(limit: Limit, *key: object) -> bool:
    """Whether there are as many already as there may be; counts nothing."""
    digest = _digest(key)
    return bool(
        _counted(lambda storage: not FixedWindowRateLimiter(storage).test(limit.item, digest))
    )


def count(limit: Limit, *key: object) -> int:
    """Count one more; answers the seconds to wait if it is one too many, else 0."""

    def hit(storage: Storage) -> int:
        limiter = FixedWindowRateLimiter(storage)
        if limiter.hit(limit.item, digest):
            return 0
        wait = limiter.get_window_stats(limit.item, digest).reset_time - time.time()
        if wait > limit.seconds + 1:  # none of ours: it would keep somebody out for good
            storage.clear(limit.item.key_for(digest))
            return 0 if limiter.hit(limit.item, digest) else 1
        return max(1, math.ceil(wait))

    digest = _digest(key)
    return _counted(hit)


def take_back(limit: Limit, *key: object) -> None:
    """Undo one `count`."""
    item = limit.item
    where = item.key_for(_digest(key))
    _counted(lambda storage: storage.incr(where, item.get_expiry(), amount=-1))


def network(address: str | None = None) -> str:
    """Whom to count: the visitor's address; for IPv6 the network, which is one customer's.

    An address of IPv4 that is written as one of IPv6 is the same visitor's. Some proxies write the
    port behind it, which is another for each connection.
    """
    text = address or request.remote_addr or ""
    written = _WITH_PORT.fullmatch(text)
    try:
        found = ipaddress.ip_address((written[1] or written[2]) if written else text)
    except ValueError:  # a unix socket has none, and what a proxy writes amiss is of one visitor
        return text if text.startswith("/") else ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), IPV6_NETWORK_BITS), strict=False))


def _digest(key: tuple[object, ...]) -> str:
    # Hashed: whoever looks into Redis need not see who does what from where.
    return hashlib.sha256(repr(key).encode()).hexdigest()[:32]


def _counted(do: Callable[[Storage], int]) -> int:
    """Do it in Redis. Where that fails, whatever the reason, no limit is off: do it here."""
    try:
        with redis() as client:
            return do(_in_redis(client.connection_pool))
    except (redis_py.ConnectionError, redis_py.TimeoutError) as error:
        log.info("counted in this process: %s", trouble(error))
    except redis_py.RedisError as error:
        log.error("counted in this process: %s", trouble(error))
    return do(_in_memory())


class _InRedis(RedisStorage):
    def get(self, key: str) -> int:
        """The count; what is no number is Redis's fault, as it is where Redis would add to it."""
        try:
            return super().get(key)
        except ValueError as error:
            raise redis_py.DataError("a count is no number") from error

    def get_expiry(self, key: str) -> float:
        """When a count ends: never, where it has no end; for the library that would be now."""
        ttl = self.get_connection(True).ttl(self.prefixed_key(key))
        return math.inf if ttl == -1 else time.time() + max(ttl, 0)


@lru_cache(maxsize=1)
def _in_redis(pool: redis_py.ConnectionPool) -> RedisStorage:
    return _InRedis("redis://", connection_pool=pool, key_prefix="smartcontent:limit")


@cache
def _memory() -> MemoryStorage:
    # Not at import: it starts a thread for a moment, which must not be when a worker forks.
    return MemoryStorage()


def _in_memory() -> MemoryStorage:
    storage = _memory()
    if len(storage.storage) > MOST_IN_MEMORY:
        storage.reset()
    return storage
