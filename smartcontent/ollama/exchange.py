"""One request to Ollama: read by a thread, so that waiting has an end and closing works at once."""

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from smartcontent.ollama.address import without_credentials
from smartcontent.ollama.errors import OllamaError, error_text, failure, failure_of, retry_after
from smartcontent.ollama.lines import Lines

TICK = 0.2
_LINE_LIMIT = 1 << 20
_BLOCK = 1 << 16
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)
_LOOK = socket.MSG_PEEK | socket.MSG_DONTWAIT
_AHEAD = 64  # blocks the reader may be ahead, so that a fast server cannot fill our memory


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds (to connect, for the first line, between lines, in all).

    `line` is the longest line, in bytes.
    """

    connect: float
    first_byte: float
    gap: float
    total: float
    line: int = _LINE_LIMIT


@dataclass(frozen=True)
class Call:
    """What to ask of which server; `ca` is the file of certificates to check its own against."""

    method: str
    base: str
    path: str
    payload: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str = ""

    @property
    def names(self) -> dict[str, object]:
        """What an error's sentence may name."""
        model = self.payload.get("model", "") if self.payload else ""
        return {"model": model, "server": without_credentials(self.base)}


class _Adapter(HTTPAdapter):
    """Tells of the socket as soon as there is one: urllib3 shows it only after the headers.

    Before it is sent on, `wait` is called: all else is ready then.
    """

    def __init__(self, opened: Callable[[socket.socket], None], wait: Callable[[], None]) -> None:
        super().__init__()
        self._opened = opened
        self._wait = wait

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool for a request, its connections reporting their socket."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        opened, wait = self._opened, self._wait

        class Connection(pool.ConnectionCls):
            def connect(self) -> None:
                super().connect()
                opened(self.sock)

            def send(self, data: Any) -> None:
                if self.sock is None:
                    self.connect()
                wait()
                super().send(data)

        pool.ConnectionCls = Connection
        return pool


class _Session(requests.Session):
    """Asks the one server only."""

    def __init__(self) -> None:
        super().__init__()
        # Proxy variables and .netrc are for the internet, not for the machine next door.
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: where it leads somewhere, a redirect is read to its end, followed or not."""


class NoThread(Exception):
    """This process, or its container, has as many as it may: that passes."""


class Exchange:
    """A request under way; `lines()` gives the answer, `close()` ends it whatever it is doing.

    One that is not to begin at once opens its connection and sends nothing until `begin()`.

    Raises:
        NoThread: no answer can be read now.
    """

    def __init__(self, call: Call, limits: Limits, at_once: bool = True) -> None:
        self.started = time.monotonic()
        self.names = call.names
        self._call = call
        self._limits = limits
        self._arrived: queue.Queue[bytes | OllamaError | None] = queue.Queue(_AHEAD)
        self._last_line: float | None = None
        self._refused: tuple[float, OllamaError] | None = None  # when the status came, and which
        self._closed = threading.Event()
        self._may_begin = threading.Event()
        self._has_sent = False
        if at_once:
            self._may_begin.set()
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._reader = threading.Thread(target=self._read, name="ollama-reader", daemon=True)
        try:
            self._reader.start()
        except RuntimeError as error:
            raise NoThread from error

    def begin(self) -> None:
        """Send the request; from now on the limits count."""
        self.started = time.monotonic()
        self._may_begin.set()

    @property
    def has_answered(self) -> bool:
        """Whether at least one line has come."""
        return self._last_line is not None

    def failure(self, cause: str, detail: str = "") -> OllamaError:
        """An error that names this request's model and server."""
        return failure(cause, self.names, detail=detail)

    def lines(self) -> Generator[bytes, None, None]:
        """Every line with its line feed, and b"" whenever TICK seconds pass without one.

        Raises:
            OllamaError: no connection, an error status, a deadline, a broken or endless stream.
        """
        lines = Lines(self._limits.line, self.names)
        try:
            while (block := self._next()) is not None:
                yield from self._completed(lines, block)
            if lines.rest:
                yield bytes(lines.rest)
        finally:
            self.close()

    def _completed(self, lines: Lines, block: bytes) -> Generator[bytes, None, None]:
        has_line = False
        for line in lines.feed(block):
            self._check_closed()
            self._check_total()
            yield line
            # Afterwards: for as long as somebody works at it, no silence is the server's.
            self._last_line, has_line = time.monotonic(), True
        if not has_line:
            self._check_silence()
            self._check_total()
            yield b""

    def _next(self) -> bytes | None:
        try:
            item = self._arrived.get(timeout=TICK)
        except queue.Empty:
            item = b""
        self._check_closed()
        if isinstance(item, OllamaError):
            raise item
        return item

    def _check_silence(self) -> None:
        limits, now = self._limits, time.monotonic()
        waited = now - self.started
        if self._handle is None and waited > limits.connect:
            # The resolver and hosts with many addresses know nothing of the connect timeout.
            raise self.failure("unreachable", "no connection in time")
        if self._refused is not None and now - self._refused[0] > limits.connect:
            raise self._refused[1]  # it may never say why
        if self._last_line is None:
            if waited > limits.first_byte:
                raise self._took_too_long("no_word", limits.first_byte)
        elif now - self._last_line > limits.gap:
            raise self._took_too_long("silent", limits.gap)

    def _check_closed(self) -> None:
        if self._closed.is_set():
            raise self.failure("closed")

    def _check_total(self) -> None:
        if time.monotonic() - self.started > self._limits.total:
            raise self._took_too_long("unfinished", self._limits.total)

    def _took_too_long(self, cause: str, seconds: float) -> OllamaError:
        return failure(cause, self.names | {"seconds": seconds})

    def close(self) -> None:
        """End the connection, which is what makes Ollama stop; a second call does nothing."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            self._may_begin.set()
        self._hang_up()
        # Only name resolution and connecting cannot be interrupted; they end by themselves.
        self._reader.join(TICK / 2)

    def _hang_up(self) -> None:
        with self._lock:
            handle, self._handle = self._handle, None
        if handle is not None:
            _shut(handle)

    def _opened(self, sock: socket.socket) -> None:
        # A duplicate of our own: shutting it down ends the connection even below TLS, and its
        # number cannot meanwhile belong to somebody else's socket.
        opened: socket.socket | None = socket.fromfd(sock.fileno(), sock.family, sock.type)
        with self._lock:
            if not self._closed.is_set():
                opened, self._handle = self._handle, opened
        if opened is not None:
            _shut(opened)

    def _read(self) -> None:
        try:
            self._request()
        except OllamaError as error:
            self._put(error)
        except _BROKEN as error:
            cause = _cause(error, is_connected=self._handle is not None)
            self._put(self.failure(cause, _kinds_of(error)))
        finally:
            self._put(None)

    def _request(self) -> None:
        is_ahead = not self._may_begin.is_set()
        try:
            self._send()
        except _BROKEN:
            if not is_ahead or self._has_sent:
                raise
            # What was lost before its time, the connection alone, is told at its time.
            self._hang_up()
            self._may_begin.wait()
            if not self._closed.is_set():
                self._send()

    def _send(self) -> None:
        call = self._call
        with _Session() as session:
            session.verify = call.ca or True
            session.mount("http://", _Adapter(self._opened, self._wait))
            session.mount("https://", _Adapter(self._opened, self._wait))
            headers = {"Accept-Encoding": "identity", **call.headers}
            request = session.prepare_request(
                requests.Request(call.method, call.base + call.path, headers, json=call.payload)
            )
            with session.send(
                request,
                stream=True,
                verify=session.verify,
                # Reading has no timeout here: whoever reads lines() watches all the clocks.
                timeout=(self._limits.connect, None),
            ) as response:
                self._deliver(response)

    def _wait(self) -> None:
        """Return when something may be sent.

        Raises:
            ConnectionError: it was closed meanwhile, by us or by the other side. Without a number:
                behind some of them urllib3 looks for an answer.
        """
        is_early = not self._may_begin.is_set()
        self._may_begin.wait()
        if self._closed.is_set() or (is_early and self._is_lost()):
            raise ConnectionError
        self._has_sent = True

    def _is_lost(self) -> bool:
        """Whether the other side has hung up."""
        with self._lock:
            try:
                is_there = self._handle and self._handle.recv(1, _LOOK)
            except BlockingIOError:
                return False
            except OSError:
                return True
        return not is_there

    def _deliver(self, response: requests.Response) -> None:
        if not 200 <= response.status_code < 300:
            self._refused = time.monotonic(), self._refusal(response, b"")
            raise self._refusal(response, response.raw.read(_BLOCK, decode_content=True))
        while block := response.raw.read1(_BLOCK, decode_content=True):
            self._put(block)

    def _refusal(self, response: requests.Response, body: bytes) -> OllamaError:
        error = failure_of(response.status_code, error_text(body), self.names)
        error.retry_after = retry_after(response.headers)
        return error

    def _put(self, item: bytes | OllamaError | None) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                return self._arrived.put(item, timeout=TICK)


def _cause(error: Exception, is_connected: bool) -> str:
    if isinstance(error, requests.exceptions.InvalidJSONError):
        return "refused"
    if isinstance(error, (requests.exceptions.SSLError, ssl.SSLError)):
        return "tls"
    if isinstance(error, (UnicodeError, requests.exceptions.InvalidHeader)):
        return "unauthorized"  # only the key comes from outside
    if isinstance(error, ValueError):
        return "address"
    if not is_connected:
        return "unreachable"
    return "protocol" if _is_not_http(error) else "stream_cut"


def _kinds_of(error: BaseException | None) -> str:
    """What went wrong, from the outside in; their words may be a server's, or have the key."""
    kinds: list[str] = []
    while error is not None and len(kinds) < 9:
        kinds.append(type(error).__name__)
        inner = [each for each in (*error.args, error.__cause__) if isinstance(each, BaseException)]
        error = inner[0] if inner else error.__context__
    return " ".join(kinds)


def _is_not_http(error: Exception) -> bool:
    """Whether something answered, but not in HTTP; requests keeps the reason two levels down."""
    inner = error.args[0] if error.args else None
    reason = inner.args[-1] if isinstance(inner, urllib3.exceptions.ProtocolError) else None
    return isinstance(reason, http.client.HTTPException) and not isinstance(reason, OSError)


def _shut(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other end was faster
        handle.shutdown(socket.SHUT_RDWR)
    handle.close()
