"""How many streams there are, counted before they begin: of any number that are asked for at once
no more get through than may.
"""

import threading
from collections import Counter

SENTENCES = {
    429: "Too many event streams are open: close one.",
    503: "This server has as many event streams open as it can serve: try again soon.",
}


class StreamRefused(Exception):
    """There are as many streams as may be; `status` is what HTTP says of it."""

    def __init__(self, status: int) -> None:
        super().__init__(SENTENCES[status])
        self.status = status


class Places:
    """The places of this process; one is taken for as long as somebody holds it."""

    def __init__(self) -> None:
        self.per_user = self.at_most = 0
        self._taken: Counter[int] = Counter()
        # Of the same thread, too: a place may be let go of wherever memory is collected.
        self._lock = threading.RLock()

    def take(self, user_id: int) -> "Place":
        """A place for one of the user's streams.

        Raises:
            StreamRefused: there is none.
        """
        with self._lock:
            if self._taken[user_id] >= self.per_user:
                raise StreamRefused(429)
            if self._taken.total() >= self.at_most:
                raise StreamRefused(503)
            return Place(self, user_id)

    def change(self, user_id: int, by: int) -> None:
        """Note that a place was taken, or is free again."""
        with self._lock:
            self._taken[user_id] += by
            if not self._taken[user_id]:
                del self._taken[user_id]


class Place:
    """One place, which is free again when nobody holds it: an answer that never begins gives its
    own back without a word."""

    __slots__ = ("_places", "user_id")

    def __init__(self, places: Places, user_id: int) -> None:
        self._places = places
        self.user_id = user_id
        places.change(user_id, 1)

    def __del__(self) -> None:
        self._places.change(self.user_id, -1)
