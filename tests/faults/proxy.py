"""A TCP proxy to put between a process and a server, which breaks connections as networks do."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

from patience import PATIENCE
from processes import free_port
from scripted_ollama import has_hung_up

BLOCK = 1 << 16
CONNECT_SECONDS = 5


class Link:
    """One connection through the proxy: bytes pumped both ways by a thread each."""

    def __init__(self, proxy: "Proxy", client: socket.socket, server: socket.socket) -> None:
        self.stranded = False
        self.asked = b""  # what the client said last
        self._proxy = proxy
        self._client, self._server = client, server
        for source, target, is_answer in ((client, server, False), (server, client, True)):
            threading.Thread(
                target=self._pump, args=(source, target, is_answer), daemon=True
            ).start()

    def end(self) -> None:
        """End the connection on both sides at once, as a killed server does."""
        for side in (self._client, self._server):
            with contextlib.suppress(OSError):  # the other pump has closed it
                side.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits in recv()
            side.close()

    def ends_with_its_client(self) -> bool:
        """End the connection where the client has hung up, which the pump may not have noticed."""
        is_over = not self.stranded and has_hung_up(self._client)
        if is_over:
            self.end()
        return is_over

    def _pump(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        kept = b""
        with contextlib.suppress(OSError):
            while data := source.recv(BLOCK):
                if not is_answer:
                    self.asked = data
                self._proxy.passage(self, len(data), is_answer)
                kept += data
                size = self._proxy.passes(self, len(kept)) if is_answer else len(kept)
                target.sendall(kept[:size])
                kept = kept[size:]
        # One side's end is the connection's: none of our protocols closes by halves.
        if not self.stranded:
            self.end()


class Proxy:
    """Passes bytes to a server of this machine until it is told to do otherwise.

    The server is known by its port, or by the path of its Unix socket.
    """

    def __init__(self, target: int | str) -> None:
        self._target = target
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._links: list[Link] = []
        self._delay = 0.0
        self._answer_bytes_left: int | None = None
        self._kept_back, self._block = b"", 1
        self._closed = False
        self._refuses = False
        # One of the run's own: while it is refused, the kernel gives it to nobody else.
        self.port = free_port()
        self._listener = self._listen(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        self.refuse()
        self._open.set()

    def refuse(self) -> None:
        """Cut what is open and refuse whatever comes, as a stopped server does."""
        self._refuses = True
        # shutdown() wakes the accepting thread, close() alone would leave it listening.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every open connection; new ones pass."""
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            link.end()

    def black_hole(self) -> None:
        """Accept, and let nothing through, on open connections neither."""
        self._open.clear()

    def strand(self, asked: bytes = b"") -> None:
        """Leave open connections silent for ever; new ones pass (a firewall that forgot them).

        Those on which this was asked for last, where something is named.
        """
        with self._lock:
            for link in self._links:
                link.stranded |= link.asked.startswith(asked)

    def slow_down(self, seconds: float) -> None:
        """Hold every block of bytes back for so long."""
        self._delay = seconds

    def cut_after(self, answer_bytes: int) -> None:
        """Cut everything once the server has answered so many more bytes; then pass again."""
        self._answer_bytes_left = answer_bytes

    def pass_blocks(self, asked: bytes, size: int) -> None:
        """Pass answers to this in blocks of so many bytes alone, as a proxy does that buffers."""
        self._kept_back, self._block = asked, size

    def restore(self) -> None:
        """Pass everything again."""
        self._delay, self._block = 0.0, 1
        self._answer_bytes_left = None
        self._open.set()
        if self._refuses and not self._closed:
            self._refuses = False
            self._listener = self._listen(self.port)

    def passage(self, link: Link, size: int, is_answer: bool) -> None:
        """Wait until bytes of a link may pass.

        Raises:
            ConnectionError: they may not.
        """
        if self._delay:
            time.sleep(self._delay)
        self._open.wait()
        if link.stranded:
            raise ConnectionError("stranded")
        left = self._answer_bytes_left
        if left is not None and is_answer:
            self._answer_bytes_left = left - size
            if size > left:
                self._answer_bytes_left = None
                self.cut()
                raise ConnectionError("cut")

    def passes(self, link: Link, size: int) -> int:
        """How many of so many bytes of an answer may go on."""
        return size - size % self._block if link.asked.startswith(self._kept_back) else size

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # it was closed
                return
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                # Who has hung up before another comes has gone for the server before it, too.
                if self._open.is_set():
                    self._links = [each for each in self._links if not each.ends_with_its_client()]
                self._links.append(Link(self, client, server))
            if self._refuses:  # as of while it was being connected
                self.cut()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, str):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            return server
        server = socket.create_connection(("127.0.0.1", self._target), CONNECT_SECONDS)
        server.settimeout(PATIENCE)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server
