"""Connections that are no event streams: how long one may keep us waiting, and who is next.

gunicorn waits for a request's body for as long as its sender likes, and accepts nobody else once
enough of them wait. Here a request has a time to arrive in, and where too many connections are
open, those that wait longest for a client who holds many are let go. So nobody is refused: not an
office behind one address, not a proxy through which all come.

Only where one thread does everything (gevent): nothing here is locked.
"""

import contextlib
import errno
import heapq
import resource
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakValueDictionary

import gevent
import gevent.socket
from flask import Flask
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders

from smartcontent.web.limiter import network
from smartcontent.web.lines import Line

# The share that is let go at once when there are too many: finding them means to look at all.
ROOM = 1 / 40
# The share that may wait for their bodies: so far each has come into the product, and when many of
# them end at once (their clients go, their time is over), all others wait for that.
BODIES = 1 / 4
# So that a refusal is read by a client that is still sending; else its system throws it away.
LINGER_SECONDS = 2
LINGER_BYTES = 2 * 1024 * 1024
# Of bodies that come, or wait for their turn, and of answers that their clients have not taken yet,
# all together; and how much one has before they are counted: a client may take its time for as many
# as it likes, each of megabytes.
HELD_BYTES = 64 * 1024 * 1024
HELD_IS_MUCH = 64 * 1024
# So much of one at most: by itself an answer may be more than all together may, as a batch's CSV.
ONE_HOLDS_BYTES = HELD_BYTES * 3 // 4
# Of a request's line and headers together. gunicorn bounds each alone, and takes 100 of 8 KB: those
# of one name are then taken apart as one, a microsecond a byte, while all others wait.
HEAD_BYTES = 32 * 1024
TOO_LARGE_A_HEAD = f"more than {HEAD_BYTES // 1024} KB of headers"
UNBOUNDED = sys.maxsize
# Of a body: each piece waits for its round. Taking a chunk apart costs as much as copying
# kilobytes, and six bytes may be one.
PIECE_BYTES = 64 * 1024
CHUNKS_BYTES = 1024
CREDENTIALS = {"COOKIE", "AUTHORIZATION"}
BODY_HEADERS = {"CONTENT-LENGTH", "TRANSFER-ENCODING"}


def let_others_go_on() -> None:
    """Have the loop look at all sockets once, before what needs to wait for nothing goes on.

    Where there is no loop, other threads go on anyhow.
    """
    if isinstance(gevent.getcurrent(), gevent.Greenlet):
        # A sleep of none goes on with whatever stands ready, and looks at no socket; one that is
        # shorter than a millisecond takes one. Of this priority nothing else is ever waited for.
        gevent.idle(gevent.get_hub().loop.MAXPRI)


class Connections:
    """All connections of this process that are served at the moment."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._at_most = 0
        self._seconds = 0.0
        self._hops = 0
        self._rounds = Line(1)
        self._of_network: WeakValueDictionary[str, Line] = WeakValueDictionary()

    def init_app(self, app: Flask) -> None:
        app.extensions["connections"] = self
        # The other files this process may open are for streams, the database and Redis.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._at_most = min(app.config["CONNECTIONS_PER_PROCESS"], files // 4)
        self._seconds = app.config["REQUEST_SECONDS"]
        self._hops = app.config["TRUSTED_PROXIES"]

    def admit(self, client: Any, address: Any) -> "Connection":
        """Take over a socket that was accepted, and make room for it if that is needed."""
        if len(self._open) >= self._at_most:
            _make_room(self._open, self._at_most)
        # All who come by a unix socket are one client.
        holder = network(address[0]) if address else ""
        connection = Connection(client, holder, self._seconds, self._open, self._wait_for_a_round)
        self._open.add(connection)
        return connection

    def begin(self, connection: "Connection", request: Any) -> bool:
        """Wait until a request whose head has come may be worked at; False: its client has gone."""
        connection.begin(request)
        # Behind a proxy the head says whose it is.
        said = ",".join(value for name, value in request.headers if name == "X-FORWARDED-FOR")
        hops = said.split(",")
        if 0 < self._hops <= len(hops):
            connection.client = network(hops[-self._hops].strip() or "-")
        most = max(1, int(self._at_most * BODIES))
        if connection.is_unread and len(self._open) >= most:
            unread = {other for other in self._open if other.is_unread}
            if len(unread) > most:
                _make_room(unread, most)
        if _is_left(connection, request):
            return False
        try:
            self._wait_for_a_round(connection, request)
        except gevent.GreenletExit:
            return False
        return not _is_left(connection, request)

    def _wait_for_a_round(self, connection: "Connection", request: Any) -> None:
        """Have the loop go round once for each request and each piece of a body, networks by turns,
        and people within one.

        Of those who send without waiting for answers, or over many connections, very many stand
        ready at once: others would wait until each of them is served.
        """
        within = self._of_network.setdefault(connection.client, Line(1))
        people = _credentials(request)
        with (
            connection.in_line(),
            within.turn("".join(people)),
            self._rounds.turn(connection.client),
        ):
            let_others_go_on()


def _is_left(connection: "Connection", request: Any) -> bool:
    """Whether its client has gone, or was let go, and nobody misses what was sent.

    A browser that is closed sends what was typed last, with its cookie: that is taken in.
    """
    is_missed = request.method not in ("GET", "HEAD") and _credentials(request)
    return connection.is_over or (not is_missed and connection.has_gone())


def _credentials(request: Any) -> list[str]:
    return [value for name, value in request.headers if name in CREDENTIALS]


def _make_room(connections: set["Connection"], at_most: int) -> None:
    """Let go of those that wait longest, of the clients that hold most."""
    # Whose request is unread has all of it still, to send it again.
    waiting = [each for each in connections if each.is_waiting or each.is_unread]
    held: Counter[str] = Counter()
    places = []
    for connection in sorted(waiting, key=lambda waits: waits.since, reverse=True):
        held[connection.client] += 1
        places.append((held[connection.client], -connection.since, connection))
    count = max(1, int(at_most * ROOM))
    for _, _, connection in heapq.nlargest(count, places, key=lambda place: place[:2]):
        connection.let_go()


def _spare_memory(connections: set["Connection"]) -> None:
    """Let go of those that wait longest with a body or an answer, of the clients that hold most."""
    # Of what is worked at nothing can be let go: turns bound how much that is.
    waiting = [each for each in connections if each.held and each.is_waiting]
    held: Counter[str] = Counter()
    for connection in waiting:
        held[connection.client] += connection.held
    surplus = held.total() - HELD_BYTES
    if surplus <= 0:
        return
    for connection in sorted(waiting, key=lambda waits: (-held[waits.client], waits.since)):
        surplus -= connection.held
        connection.let_go()
        if surplus <= 0:
            return


class Connection(gevent.socket.socket):
    """A client's socket that knows since when it keeps us waiting, and for how long it may."""

    def __init__(
        self,
        client: Any,
        holder: str,
        seconds: float,
        others: set["Connection"],
        wait_for_a_round: Callable[["Connection", Any], None],
    ) -> None:
        super().__init__(client.family, client.type, client.proto, fileno=client.detach())
        self.client = holder
        self.since = time.monotonic()
        self.is_waiting = True
        self.is_late = False
        self.held = 0  # bytes in memory that count, of a body or of an answer
        self.is_kept = True
        self.is_unread = False
        self._head_left = HEAD_BYTES
        self._request: Any = None
        self._is_idle = self.is_over = False
        self._in_line: Any = None
        self._seconds = seconds
        self._others = others
        self._wait_for_a_round = wait_for_a_round

    def begin(self, request: Any) -> None:
        """Take the head of a request; unless its body is read, the connection ends with it."""
        self._request = request
        self._head_left = UNBOUNDED  # what comes now is its body
        if isinstance(request.body.reader, ChunkedReader):  # which may end with more headers
            request.body.reader.limit_trailer_section = HEAD_BYTES
            request.unreader.mxchunk = CHUNKS_BYTES
        names = {name for name, _ in request.headers}
        self.is_kept, self.is_unread = True, not names.isdisjoint(BODY_HEADERS)
        self._closes_anyway = request.must_close
        if self.is_unread:
            request.force_close()

    def has_read(self) -> None:
        """Note that the request's body has been read in full."""
        if self.is_unread:
            self.is_unread, self._request.must_close = False, self._closes_anyway

    def has_gone(self) -> bool:
        """Whether the client has closed its end; one that sends on is there."""
        try:
            return not self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def let_go(self) -> None:
        """End it now: whoever reads or writes finds that the client has gone."""
        self.is_over = True
        self.is_waiting = False
        self._others.discard(self)  # its place is free now; others need not give way for the same
        with contextlib.suppress(OSError):  # it has gone indeed
            self.shutdown(socket.SHUT_RDWR)
        if self._in_line:
            self._in_line.kill(block=False)  # whoever is in front of it may be there for long

    @contextlib.contextmanager
    def in_line(self) -> Iterator[None]:
        """Wait for others; as nothing has been done yet for its request, it may be let go."""
        self.is_waiting, self._in_line = True, gevent.getcurrent()
        try:
            yield
        finally:
            self.is_waiting, self._in_line = False, None

    def recv(self, size: int, *args: Any) -> bytes:
        """What the client sends next; nothing, as if it had gone, once its time is over.

        Raises:
            LimitRequestHeaders: a head is asked for that does not end where it has to.
        """
        # Between two requests gunicorn's own limit on idling holds.
        left = None if self._is_idle else self.since + self._seconds - time.monotonic()
        if self.is_over or (left is not None and left <= 0):
            return self._nothing()
        if not self._head_left:
            self.is_unread = True
            raise LimitRequestHeaders(TOO_LARGE_A_HEAD)
        try:
            with self._waiting(left):
                data: bytes = super().recv(min(size, self._head_left, PIECE_BYTES), *args)
        except TimeoutError:
            return self._nothing()
        self._head_left -= len(data)
        if self._is_idle:
            self._is_idle = False
            self.since = time.monotonic()
        if data and self.is_unread:
            self._hold(len(data) if self.is_kept else 0)
            self._wait_for_a_round(self, self._request)
        return data

    def _hold(self, more: int) -> None:
        self.held = min(self.held + more, ONE_HOLDS_BYTES)
        if self.held >= HELD_IS_MUCH:
            _spare_memory(self._others)

    def _nothing(self) -> bytes:
        self.is_late = not self.is_over
        self.is_over = True
        return b""

    def sendall(self, data: Any, *args: Any) -> None:
        """Send an answer, to a client that takes it in time."""
        self.since, self.held = time.monotonic(), 0  # its body has been worked at
        self._hold(len(data))
        try:
            with self._waiting(self._seconds):
                super().sendall(data, *args)
        except TimeoutError as error:
            raise BrokenPipeError(errno.EPIPE, "The client does not read its answer.") from error
        finally:
            self.held = 0
        self._is_idle, self._head_left = True, HEAD_BYTES

    @contextlib.contextmanager
    def _waiting(self, seconds: float | None) -> Iterator[None]:
        self.settimeout(seconds)
        self.is_waiting = True
        try:
            yield
        finally:
            self.is_waiting = False

    def close(self) -> None:
        """Close; an answer to a request that was not read in full is delivered first."""
        if self.is_unread and not self.is_over:
            self.is_unread = False
            self._linger()
        self._others.discard(self)
        self._request = None  # which knows this socket: only the collector would free the two
        super().close()

    def _linger(self) -> None:
        self._is_idle, self._head_left = True, UNBOUNDED
        left = LINGER_BYTES
        with gevent.Timeout(LINGER_SECONDS, False), contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_WR)
            while left > 0 and (data := self.recv(65536)):
                left -= len(data)
                let_others_go_on()


connections = Connections()
