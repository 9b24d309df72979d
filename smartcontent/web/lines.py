"""A line in front of what few may do at once: users by turns, of each the first that came."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Line:
    """Lets so many through at once; who has just been has whoever else waits go before.

    So nobody waits for more than what is at work, however much another user has asked for.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: OrderedDict[str, deque[Lock]] = OrderedDict()
        self._changing = Lock()  # never held for longer than a few steps

    def waiting(self, whose: str) -> int:
        """How many of theirs wait for a turn."""
        return len(self._waiting.get(whose, ()))

    @contextmanager
    def turn(self, whose: str) -> Iterator[None]:
        """Wait for a turn, and have it meanwhile."""
        self._stand(whose)
        try:
            yield
        finally:
            self._leave(whose)

    def _stand(self, whose: str) -> None:
        with self._changing:
            if self._free:
                self._free -= 1
                return
            turn = Lock()
            turn.acquire()
            self._waiting.setdefault(whose, deque()).append(turn)
        try:
            turn.acquire()
        except BaseException:  # its request has been ended
            self._go_away(whose, turn)
            raise

    def _go_away(self, whose: str, turn: Lock) -> None:
        with self._changing:
            own = self._waiting.get(whose, deque())
            if is_waiting := turn in own:
                own.remove(turn)
                if not own:
                    del self._waiting[whose]
        if not is_waiting:
            self._leave(whose)

    def _leave(self, whose: str) -> None:
        with self._changing:
            if whose in self._waiting:
                self._waiting.move_to_end(whose)
            if not self._waiting:
                self._free += 1
                return
            first, own = next(iter(self._waiting.items()))
            own.popleft().release()
            if not own:
                del self._waiting[first]
