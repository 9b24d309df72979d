"""The HTTP side of one request: JSON, or lines of JSON as they come, and whether anybody reads."""

import json
import select
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any

MAX_REQUEST_BYTES = 1024 * 1024


class BadRequest(Exception):
    """A request that cannot be read; `status` is what HTTP says of it."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Wire:
    """Writes one response; a client that went away is noticed, never an error."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler
        self._started = False
        self._lost = False

    def read_json(self) -> dict[str, Any]:
        """The object in the request's body.

        Raises:
            BadRequest: there is none, or it is larger than MAX_REQUEST_BYTES.
        """
        body = self._handler.rfile.read(self._length())
        try:
            sent = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"invalid JSON: {error}") from error
        if not isinstance(sent, dict):
            raise BadRequest("json: cannot unmarshal into an object")
        return sent

    def _length(self) -> int:
        # What is not read must not be taken for the next request.
        self._handler.close_connection = True
        if "Transfer-Encoding" in self._handler.headers:
            raise BadRequest("a Content-Length is required", 411)
        text = self._handler.headers.get("Content-Length", "0")
        if not text.isdecimal():
            raise BadRequest("invalid Content-Length")
        if int(text) == 0:
            raise BadRequest("missing request body")
        if int(text) > MAX_REQUEST_BYTES:
            raise BadRequest("http: request body too large", 413)
        self._handler.close_connection = False
        return int(text)

    def gone(self) -> bool:
        """Whether the client has closed the connection."""
        if not self._lost:
            link = self._handler.connection
            try:
                readable = select.select([link], [], [], 0)[0]
                self._lost = bool(readable) and not link.recv(1, socket.MSG_PEEK)
            except OSError:
                self._lost = True
        return self._lost

    def reply(self, status: int, value: object, kind: str = "application/json") -> None:
        """Answer at once and whole; a string goes out as it is."""
        body = (value if isinstance(value, str) else json.dumps(value)).encode()
        head = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        self._head(status, head)
        if self._handler.command != "HEAD":
            self._write(body)

    def line(self, value: dict[str, Any]) -> None:
        """Send one line; the status and the headers go out with the first."""
        if not self._started:
            kind = {"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"}
            self._head(200, kind)
        data = json.dumps(value, ensure_ascii=False).encode() + b"\n"
        self._write(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """End the lines."""
        self._write(b"0\r\n\r\n")

    def fail(self, status: int, text: str) -> None:
        """Say what went wrong: with a status, or in a last line after lines were sent."""
        if self._started:
            self.line({"error": text})
            self.end()
        else:
            self.reply(status, {"error": text})

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self._started = True
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        if self._handler.close_connection:
            self._handler.send_header("Connection", "close")
        try:
            self._handler.end_headers()
        except OSError:
            self._lost = True

    def _write(self, data: bytes) -> None:
        try:
            if not self._lost:
                self._handler.wfile.write(data)
        except OSError:
            self._lost = True
        if self._lost:
            self._handler.close_connection = True


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
