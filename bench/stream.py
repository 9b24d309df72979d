"""How fast and how light the event stream is: ours beside flask-sse, Node and socket.io.

One server process, N open pages in a process of their own; an event is published in Redis with the
moment, and a page notes when it arrives. "One" is an event to one of N pages, each on a channel of
its own; "all" is an event on a channel that all N pages are on (with us: pages of one user), as the
peers are measured. Ratios say more than milliseconds: publisher, Redis and pages share the machine.

    make bench-stream              SECONDS=3 for each load, SERVERS=ours,node to run only some
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

from conftest import Valkey, wait_until  # noqa: E402
from streams.servers import FlaskSse, Node, Server, SmartContent, SocketIo  # noqa: E402

from smartcontent.app import create_app  # noqa: E402
from smartcontent.events import TextChannel  # noqa: E402

SECONDS = float(os.environ.get("SECONDS", "3"))
DRAIN_SECONDS = 4
SERVERS = {"ours": SmartContent, "node": Node, "socket.io": SocketIo, "flask-sse": FlaskSse}
ONE_A_SECOND, ALL_A_SECOND, WORDS_A_SECOND = 500, 20, 100
IDS = {"content_id": "0b9c9e52-6f6d-4f0e-9d5e-0f2b7c1d9a11", "draft_id": 17, "attempt": 1}
FIRST_PAGES = 20
Kind = TypeVar("Kind", bound=Server)


@dataclass
class Measured:
    """What one load came to: milliseconds of each event that arrived, and what it cost."""

    took: list[float]
    expected: int
    cpu: float
    ended: int

    def at(self, share: float) -> float:
        took = sorted(self.took)
        return took[int(len(took) * share)] if took else float("inf")

    @property
    def lost(self) -> float:
        return 1 - len(self.took) / self.expected

    def __str__(self) -> str:
        text = f"{self.at(0.5):8.2f} {self.at(0.99):8.2f} {self.cpu:6.2f}"
        return text + (f"  {self.lost:.0%} lost" if self.lost > 0.0005 else "")


class Pages:
    """The process with the open pages."""

    def __init__(self, server: Server, requests: list[tuple[str, str]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, ROOT / "bench" / "streams" / "pages.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(
            {
                "port": server.port,
                "awaits": server.awaits,
                "requests": requests,
                "is_websocket": server.is_websocket,
            }
        )
        assert self._process.stdout.readline() == "open\n", server.log.read_text()
        if not server.awaits:
            subscribed = server.valkey.client
            wait_until(lambda: len(subscribed.client_list(_type="pubsub")) >= len(requests))

    def _say(self, order: object) -> None:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def report(self) -> dict:
        self._say("report")
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


@contextmanager
def running(kind: type[Kind]) -> Iterator[Kind]:
    with tempfile.TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder))
        valkey.client.config_set("maxclients", 15000)
        server = kind(Path(folder), valkey)
        try:
            server.start()
            yield server
            assert server.process.poll() is None, server.log.read_text()
        finally:
            server.stop()
            valkey.kill()


def load(server: Server, pages: Pages, rate: int, receivers: int, say: Callable) -> Measured:
    """Call `say(number, moment)` so many times a second; every event reaches `receivers` pages."""
    pages.report()
    cpu = server.cpu()
    began = time.monotonic()
    number = int(SECONDS * rate)
    for turn in range(number):
        time.sleep(max(0.0, began + turn / rate - time.monotonic()))
        say(turn, time.monotonic_ns())
    took: list[float] = []
    give_up_at = time.monotonic() + DRAIN_SECONDS
    while len(took) < number * receivers and time.monotonic() < give_up_at:
        time.sleep(0.3)
        report = pages.report()
        took += report["took"]
    return Measured(took, number * receivers, server.cpu() - cpu, report["ended"])


def event(turn: int, moment: int) -> dict:
    return {**IDS, "sent": moment, "offset": turn, "text": "word "}


def to_one_of(number: int, kind: type[Server]) -> Measured:
    with running(kind) as server:
        pages = Pages(server, server.requests(number, number))

        def say(turn: int, moment: int) -> None:
            server.publish(turn * 7 % number, event(turn, moment))

        try:
            return load(server, pages, ONE_A_SECOND, 1, say)
        finally:
            pages.close()


def to_all_of(number: int, kind: type[Server]) -> tuple[Measured, float, int]:
    """Also KiB of memory an idle page, and Redis connections that are subscribed."""
    with running(kind) as server:
        requests = server.requests(number + FIRST_PAGES, 1)
        first = Pages(server, requests[:FIRST_PAGES])
        before = server.memory()
        pages = Pages(server, requests[FIRST_PAGES:])
        time.sleep(1)
        memory = (server.memory() - before) / number
        connections = len(server.valkey.client.client_list(_type="pubsub"))
        first.close()

        def say(turn: int, moment: int) -> None:
            server.publish(0, event(turn, moment))

        try:
            return load(server, pages, ALL_A_SECOND, number, say), memory, connections
        finally:
            pages.close()


def from_the_worker(number: int) -> Measured:
    """From the moment a worker says a piece of text to its arrival, by our own code alone."""
    with running(SmartContent) as server:
        requests = server.requests(number, number)
        pages = Pages(server, requests)
        channel = TextChannel(1, IDS["content_id"], IDS["draft_id"], IDS["attempt"])
        with create_app(**server.settings).app_context():

            def say(_turn: int, moment: int) -> None:
                channel.say(f'"sent":{moment},')

            try:
                return load(server, pages, WORDS_A_SECOND, 1, say)
            finally:
                pages.close()


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    chosen = os.environ.get("SERVERS", ",".join(SERVERS)).split(",")
    kinds = [SERVERS[name] for name in chosen]
    if Node.is_missing() and any(issubclass(kind, Node) for kind in kinds):
        print("Node is not installed: skipped Node http and socket.io")
        kinds = [kind for kind in kinds if not issubclass(kind, Node)]
    table(kinds)


def table(kinds: list[type[Server]]) -> None:
    print(f"{SECONDS:.0f} s of each load; milliseconds p50 and p99, CPU seconds of the server")
    print(f"load average of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    loads = "".join(f"{load:^27}" for load in ("one of 1,000", "all of 1,000", "all of 5,000"))
    print(f"{'':<15}{loads}{'KiB/page':>10}{'Redis':>7}")
    rows = {kind: row(kind) for kind in kinds}
    if ours := rows.pop(SmartContent, None):
        print(f"worker to page, {WORDS_A_SECOND}/s, 1,000 open: {from_the_worker(1000)}")
        print("theirs : ours, p99 of one, all, all of 5,000; memory a page")
        for kind, theirs in rows.items():
            ratios = "".join(f"{their / our:8.1f}" for our, their in zip(ours, theirs, strict=True))
            print(f"{kind.name:<15}{ratios}")


def row(kind: type[Server]) -> tuple[float, float, float, float]:
    """Measure and print one server; answers what is compared."""
    one = to_one_of(1000, kind)
    thousand, _, _ = to_all_of(1000, kind)
    five, memory, connections = to_all_of(5000, kind)
    loads = f"{one!s:<27}{thousand!s:<27}{five!s:<27}"
    print(f"{kind.name:<15}{loads}{memory:>10.1f}{connections:>7}", flush=True)
    return one.at(0.99), thousand.at(0.99), five.at(0.99), memory


if __name__ == "__main__":
    main()
