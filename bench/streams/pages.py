"""Many open pages in one process, on epoll: connects them, then notes what arrives and when.

Started by bench/stream.py, which says on standard input: first one JSON line of what to open, then
"report" for the milliseconds each event took since the line before, as one JSON line.
"""

import json
import os
import re
import resource
import select
import socket
import sys
import time
from collections import defaultdict

SENT = re.compile(rb'sent\\?": ?(\d+),')
AT_ONCE = 50
# A WebSocket frame from a client is masked; a mask of zeroes leaves its text as it is.
HELLO = b"\x81\x82\0\0\0\x0040"
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


class Pages:
    """The connections, and each piece of bytes that came with the moment it came."""

    def __init__(self, port: int, awaits: str, is_websocket: bool) -> None:
        self._port = port
        self._awaits = awaits.encode()
        self._is_websocket = is_websocket
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._opening: dict[int, bytes] = {}
        self._came: list[tuple[int, int, bytes]] = []
        self.ended = 0

    def open_all(self, requests: list[tuple[str, str]]) -> None:
        """Open a page for each (path, headers), and return when the server has answered each."""
        for path, headers in requests:
            while len(self._opening) >= AT_ONCE:
                self._collect_openings()
            self._open(path, headers)
        while self._opening:
            self._collect_openings()
        self._came.clear()

    def _open(self, path: str, headers: str) -> None:
        page = socket.create_connection(("127.0.0.1", self._port))
        more = UPGRADE if self._is_websocket else headers
        page.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode())
        page.setblocking(False)
        self._sockets[page.fileno()] = page
        self._epoll.register(page.fileno(), select.EPOLLIN)
        if self._awaits:
            self._opening[page.fileno()] = b""

    def _collect_openings(self) -> None:
        self.collect(1.0)
        for fd, _, data in self._came:
            if fd not in self._opening:
                continue
            before = self._opening[fd]
            self._opening[fd] = before + data
            if self._is_websocket and b"\r\n\r\n" in before + data and b"\r\n\r\n" not in before:
                self._sockets[fd].sendall(HELLO)
            if self._awaits in before + data:
                del self._opening[fd]
        self._came.clear()

    def collect(self, seconds: float, *more: int) -> bool:
        """Note what comes, once; answers whether one of the other descriptors has something."""
        other = False
        for fd, _ in self._epoll.poll(seconds, 1024):
            if fd in more:
                other = True
                continue
            try:
                data = os.read(fd, 65536)
            except ConnectionResetError:
                data = b""
            self._came.append((fd, time.monotonic_ns(), data))
            if not data:
                self._epoll.unregister(fd)
                self.ended += 1
        return other

    def listen_to(self, fd: int) -> None:
        self._epoll.register(fd, select.EPOLLIN)

    def report(self) -> list[float]:
        """Milliseconds from sent to received of each event since the last report."""
        took = []
        rest: defaultdict[int, bytes] = defaultdict(bytes)
        for fd, came_at, data in self._came:
            text = rest.pop(fd, b"") + data
            end = 0
            for match in SENT.finditer(text):
                took.append((came_at - int(match[1])) / 1e6)
                end = match.end()
            rest[fd] = text[end:]
        self._came.clear()
        return took


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    order = json.loads(sys.stdin.readline())
    pages = Pages(order["port"], order["awaits"], order["is_websocket"])
    pages.open_all(order["requests"])
    print("open", flush=True)
    pages.listen_to(0)
    while True:
        if pages.collect(1.0, 0):
            if not os.read(0, 100):
                return
            print(json.dumps({"took": pages.report(), "ended": pages.ended}), flush=True)


if __name__ == "__main__":
    main()
