"""First come, first served, before a model that writes one text at a time."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

_LOOK_SECONDS = 0.1


class Busy(Exception):
    """Too many wait already."""


class Gone(Exception):
    """The one who waited has left."""


class Turns:
    """A queue that one leaves by going away."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting
        self._queue: deque[object] = deque()
        self._moved = threading.Condition()

    @contextlib.contextmanager
    def take(self, gone: Callable[[], bool]) -> Iterator[None]:
        """Wait for one's turn and hold it.

        Raises:
            Busy: as many wait as may.
            Gone: `gone()` came true in the wait.
        """
        ticket = object()
        with self._moved:
            if len(self._queue) > self._waiting:
                raise Busy
            self._queue.append(ticket)
        try:
            self._wait(ticket, gone)
            yield
        finally:
            with self._moved:
                self._queue.remove(ticket)
                self._moved.notify_all()

    def _wait(self, ticket: object, gone: Callable[[], bool]) -> None:
        with self._moved:
            while self._queue[0] is not ticket:
                self._moved.wait(_LOOK_SECONDS)
                if gone():
                    raise Gone
