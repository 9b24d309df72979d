"""All checks at once, with an end to the waiting, and a memory of since when each state lasts."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app

from smartcontent.health.database import check_database
from smartcontent.health.finding import Finding, State, down
from smartcontent.health.ollama_server import check_ollama
from smartcontent.health.processes import check_scheduler, check_web, check_workers
from smartcontent.health.redis_server import check_redis
from smartcontent.models import now

CHECKS: dict[str, Callable[[], Finding]] = {
    "database": check_database,
    "redis": check_redis,
    "scheduler": check_scheduler,
    "workers": check_workers,
    "ollama": check_ollama,
    "web": check_web,
}
# Of these only what is wrong is told: they have nothing to say while all is well.
QUIET = {"web"}
PATIENCE_SECONDS = 2.5
# Anybody may ask; however often, the servers behind are asked once in this time.
FRESH_SECONDS = 0.5


@dataclass(frozen=True)
class Dependency:
    """Something the product needs, as it stands; `since` is never later than the check."""

    name: str
    state: State
    since: datetime
    cause: str
    remedy: str


class _Watch:
    """One dependency: the question under way, and the state last seen with the time it began."""

    def __init__(self, name: str, check: Callable[[], Finding]) -> None:
        self._name = name
        self._check = check
        self._lock = threading.Lock()
        self._asked: Future[Finding] | None = None
        self._asked_at = 0.0
        self._state: State | None = None
        self._since = now()

    def ask(self, app: Flask) -> Future[Finding]:
        """The question under way or just answered, else a new one; a silent server gets one."""
        with self._lock:
            asked = self._asked
            is_fresh = time.monotonic() - self._asked_at < FRESH_SECONDS
            if asked is None or (asked.done() and not is_fresh):
                self._asked = asked = Future()
                self._asked_at = time.monotonic()
                # A daemon: a name that takes a minute to resolve must not hold up our end.
                threading.Thread(target=self._answer, args=(app, asked), daemon=True).start()
        return asked

    def _answer(self, app: Flask, asked: Future[Finding]) -> None:
        try:
            with app.app_context():
                asked.set_result(self._check())
        finally:
            # A check that broke must not be waited for; an answer is not touched by this.
            asked.cancel()

    def conclude(self, asked: Future[Finding], give_up_at: float) -> Dependency:
        """What came of the question by then."""
        try:
            found = asked.result(max(0.0, give_up_at - time.monotonic()))
        except (TimeoutError, CancelledError):
            found = down(
                f"no answer within {PATIENCE_SECONDS:g} seconds",
                "see whether it runs and the network lets us through",
            )
        with self._lock:
            if found.state is not self._state:
                self._state, self._since = found.state, now()
            since = found.since or self._since
        return Dependency(self._name, found.state, since, found.cause, found.remedy)


def check_all() -> list[Dependency]:
    """Every dependency as it stands, within three seconds whatever is silent.

    An answer may be half a second old. `since` is the birth of what runs where that is known, else
    when this process first saw the state.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    watches = app.extensions.setdefault("health", [_Watch(*check) for check in CHECKS.items()])
    asked = [(watch, watch.ask(app)) for watch in watches]
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    found = [watch.conclude(question, give_up_at) for watch, question in asked]
    return [each for each in found if each.name not in QUIET or each.state is not State.OK]
