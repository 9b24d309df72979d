"""Redis: one client a process, and a breaker so that a silent server holds nothing up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis as redis_py
from flask import Flask
from redis.backoff import NoBackoff
from redis.retry import Retry

from smartcontent.stores.redis_answers import is_silence


class RedisLink:
    """The Redis client of this process, and a breaker so that a silent server holds nothing up.

    redis-py's defaults wait up to a minute on a server that accepts and says nothing; a page may
    not. Here a call waits a second at most, and after a failure none is tried for another second.
    """

    PATIENCE_SECONDS = 1.0
    RETRY_AFTER_SECONDS = 1.0

    def __init__(self) -> None:
        self._client: redis_py.Redis | None = None
        self._closed_until = 0.0
        self._silence = ""
        self.database = 0

    def init_app(self, app: Flask) -> None:
        self._client = connect(app.config["REDIS_URL"], self.PATIENCE_SECONDS)
        self.database = self._client.connection_pool.connection_kwargs.get("db", 0)
        self._closed_until = 0.0

    @contextmanager
    def __call__(self) -> Iterator[redis_py.Redis]:
        """The client, for a `with` block.

        Raises:
            redis.ConnectionError: Redis does not answer, or did not a moment ago.
            redis.TimeoutError: it took longer than a second.
            redis.RedisError: it refuses; that comes fast, and so is asked for again each time.
        """
        if time.monotonic() < self._closed_until:
            raise redis_py.ConnectionError(self._silence)
        assert self._client is not None, "create_app() binds the link first"
        try:
            yield self._client
        except (redis_py.ConnectionError, redis_py.TimeoutError) as error:
            if is_silence(error):
                self._silence = str(error)
                self._closed_until = time.monotonic() + self.RETRY_AFTER_SECONDS
            raise

    def disconnect(self) -> None:
        """Close the connections that are not in use; the next call opens one again."""
        if self._client is not None:
            self._client.connection_pool.disconnect()


def connect(url: str, timeout_seconds: float) -> redis_py.Redis:
    """A Redis client that fails after one try of `timeout_seconds`: callers decide what then."""
    client: redis_py.Redis = redis_py.Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    return client


redis = RedisLink()
