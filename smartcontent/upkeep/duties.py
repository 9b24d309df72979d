"""What a process must not stop doing: begun again when it breaks, and health says that it did."""

import logging
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import redis as redis_py

from smartcontent.stores import keys, stored
from smartcontent.stores.redis import redis

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# How long a break is told: one that goes on comes again within it.
TOLD_SECONDS = 60
# No step of a turn takes so long: what has not gone on since then hangs.
HANGS_SECONDS = 300


def for_ever(process: str, name: str, turn: Callable[[], object]) -> NoReturn:
    """Take turn after turn. What breaks one is logged and told, and the next comes after a pause.

    This is the one place that catches whatever comes: a thread that ends in silence is worse.
    """
    while True:
        try:
            turn()
        except Exception as error:
            log.exception("%s: %s broke, going on in %g s", process, name, PAUSE_SECONDS)
            _tell(f"{process} {name} {type(error).__name__}")
            time.sleep(PAUSE_SECONDS)


class Duty(threading.Thread):
    """A thread that takes turn after turn for as long as its process lives."""

    def __init__(self, process: str, name: str, turn: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self._process = process
        self._turn = turn
        self._was_well = True
        self.go_on()

    def run(self) -> None:
        for_ever(self._process, self.name, self._take_turn)

    def _take_turn(self) -> None:
        self.go_on()
        self._turn()

    def go_on(self) -> None:
        """Say that it does not hang: at each turn, and between the steps of a long one."""
        self._went_on_at = time.monotonic()

    def is_well(self) -> bool:
        """Whether it lives and goes on; that it does no longer is logged once."""
        is_well = self.is_alive() and time.monotonic() - self._went_on_at < HANGS_SECONDS
        if self._was_well and not is_well:
            log.error(
                "%s: %s hangs, or has ended: start the process anew", self._process, self.name
            )
        self._was_well = is_well
        return is_well


def _tell(broken: str) -> None:
    try:
        with redis() as client, client.pipeline(transaction=False) as pipe:
            pipe.zadd(keys.BREAKS, {broken: time.time()})
            pipe.zremrangebyscore(keys.BREAKS, "-inf", time.time() - TOLD_SECONDS)
            pipe.execute(raise_on_error=False)
    except redis_py.RedisError:
        return  # health tells of Redis instead


def broken_lately(client: redis_py.Redis, process: str) -> list[str]:
    """What broke in a kind of process within the last minute: its name, and the error's.

    Raises:
        redis.RedisError: Redis does not answer, or refuses.
    """
    since = time.time() - TOLD_SECONDS
    names = stored.asked(keys.BREAKS, lambda: client.zrangebyscore(keys.BREAKS, since, "+inf"))
    told = [stored.text(keys.BREAKS, name) or "" for name in names or ()]
    return [name.removeprefix(f"{process} ") for name in told if name.startswith(f"{process} ")]
