"""An open page whose socket is ours: events are written straight to it, without waiting.

Only where one thread does everything (gevent): nothing here is locked.
"""

import os
import socket
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from smartcontent.live.hub import has_room
from smartcontent.live.places import Place

# What Linux waits for a silent client to acknowledge; with a sign of life every 15 seconds, one
# that vanished without a word is known after 29.
UNACKNOWLEDGED_MS = 12_000
# What the system keeps for a page that does not read; it would let it grow to megabytes.
SEND_BUFFER_BYTES = 256 * 1024
LAST_CHUNK = b"0\r\n\r\n"


class Permit(NamedTuple):
    """Why a page may listen: a key, and the check that tells which of many keys still hold."""

    holding: Callable[[set[str]], set[str]]
    key: str


class OpenPage:
    """A page, and what it has not been sent yet.

    As a rule events go straight out. They are held while a snapshot is taken, and while the socket
    is full; a page that falls too far behind loses them and reads again. `needs_care` is called
    when a page cannot go on by itself; whoever cares calls `begin_reading`, `show` and `push`.
    """

    # Thousands are open at once.
    __slots__ = (
        *("_fd", "_held", "_is_chunked", "_unsent"),
        *("beat_at", "is_over", "must_read", "needs_care", "permit", "place", "user_id"),
        "was_behind",
    )

    def __init__(
        self,
        place: Place,
        permit: Permit,
        client: socket.socket,
        is_chunked: bool,
        needs_care: Callable[["OpenPage"], None],
    ) -> None:
        self.place: Place | None = place
        self.user_id = place.user_id
        self.permit = permit
        self.needs_care = needs_care
        self.must_read = False
        self.is_over = False
        self.was_behind = False
        self.beat_at = 0.0
        self._is_chunked = is_chunked
        self._unsent = memoryview(b"")
        self._held: deque[bytes] | None = None
        _limit_waiting(client)
        # A descriptor of our own, which the server cannot close and give to another client.
        self._fd = os.dup(client.fileno())

    def begin(self, head: bytes, first: bytes) -> None:
        """Send the head of the answer, and the first bytes of its body."""
        self._send(head + self._framed(first))

    def put(self, events: bytes) -> None:
        """Send events, now or when the page is ready for them."""
        if self._held is None:
            self._send(self._framed(events))
        elif has_room(self._held):
            self._held.append(self._framed(events))
        else:
            self.read_again()

    def read_again(self) -> None:
        """Forget what is held and ask for a snapshot."""
        self._held = deque()
        self.must_read = True
        self.needs_care(self)

    def begin_reading(self) -> None:
        """From here on events are held until the snapshot comes; then it tells all before them."""
        self._held = deque()
        self.must_read = False

    def show(self, snapshot: bytes) -> None:
        """Send a snapshot, then what happened since it was begun."""
        if self._held is None or self.must_read:
            return  # More was lost meanwhile: another snapshot will come.
        self._held.appendleft(self._framed(snapshot))
        self.push()

    def push(self) -> None:
        """Send what the socket had no room for."""
        self._unsent = self._written(self._unsent)
        if self._held is not None and not self.is_behind and not self.must_read:
            held, self._held = self._held, None
            self._send(b"".join(held))

    @property
    def is_behind(self) -> bool:
        """Whether the socket is full."""
        return bool(self._unsent)

    def has_gone(self) -> bool:
        """Whether the other end was closed. What it says is of no interest."""
        try:
            self.is_over = self.is_over or not os.read(self._fd, 4096)
        except BlockingIOError:
            pass
        except OSError:
            self.is_over = True
        return self.is_over

    def close(self) -> None:
        """End the stream, and say so where it is possible."""
        if self._is_chunked and not self.is_behind:
            self._written(memoryview(LAST_CHUNK))
        fd, self._fd = self._fd, -1
        self._held = deque()  # nothing is written any more
        self.is_over = True
        self.place = None
        os.close(fd)

    def _framed(self, data: bytes) -> bytes:
        return _chunk(data) if self._is_chunked else data

    def _send(self, data: bytes) -> None:
        self._unsent = self._written(memoryview(data))
        if self._unsent or self.is_over:
            self._held = deque()
            self.needs_care(self)

    def _written(self, data: memoryview) -> memoryview:
        """Write, and answer what there was no room for: no copy, which may be of megabytes."""
        try:
            return data[os.write(self._fd, data) :]
        except BlockingIOError:
            return data
        except OSError:
            self.is_over = True
            return memoryview(b"")


@lru_cache(maxsize=16)
def _chunk(data: bytes) -> bytes:
    # Kept, since the same events go to many pages one after the other.
    return b"%x\r\n%b\r\n" % (len(data), data)


def _limit_waiting(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if client.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
