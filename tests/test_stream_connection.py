"""The connection of a stream, byte by byte, from a real gunicorn: how it begins, fills and ends."""

import ctypes
import json
import os
import re
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from conftest import wait_until
from patience import PATIENCE
from processes import Processes

from smartcontent import events
from smartcontent.live import open_page
from smartcontent.models import ApiToken, now
from smartcontent.stores.redis import redis
from smartcontent.stores.sql import db

# The product with another rhythm: how often it says that it is there, how long it waits.
PACED_WSGI = """
from smartcontent.app import create_app
from smartcontent.live import open_page, sweeper
sweeper.HEARTBEAT_SECONDS = {heartbeat_seconds}
open_page.UNACKNOWLEDGED_MS = {unacknowledged_ms}
app = create_app()
"""
# Of an event: outside of a chunk, and in one.
ENDS = (b"\n\n", b"\n\n\r\n")
SO_ATTACH_FILTER = 26  # on Linux; its program is one "return": how much of a packet is let in
OTHER_WORKERS = ("-k gevent", "-k gthread --threads 4")


@pytest.fixture
def processes(app, settings, tmp_path) -> Iterator[Processes]:
    processes = Processes(settings, tmp_path)
    yield processes
    processes.stop()


@pytest.fixture
def start_paced(processes, tmp_path) -> Callable[..., Processes]:
    """Starts a web process that says each second that it is there, unless a test has more time."""

    def start(
        heartbeat_seconds: float = 1,
        unacknowledged_ms: int = open_page.UNACKNOWLEDGED_MS,
        streams: int = 1,
    ) -> Processes:
        rhythm = {"heartbeat_seconds": heartbeat_seconds, "unacknowledged_ms": unacknowledged_ms}
        (tmp_path / "wsgi.py").write_text(PACED_WSGI.format(**rhythm))
        found_first = f"--pythonpath {tmp_path}"
        return processes.start("web", GUNICORN_CMD_ARGS=found_first, STREAMS_PER_USER=streams)

    return start


@pytest.fixture
def one_more(processes, token) -> Callable[[], int]:
    """Asks for one more stream of Ada's, and tells the answer's status."""

    def status() -> int:
        url, headers = f"{processes.url}/api/v1/events", {"Authorization": f"Bearer {token}"}
        with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as answer:
            return answer.status_code

    return status


@pytest.fixture
def token(ada) -> str:
    return ApiToken.issue(ada, "test")[1]


class Client:
    """A client of the API's stream that reads only when it is told to."""

    def __init__(
        self,
        port: int,
        token: str,
        version: str = "1.1",
        buffer: int = 0,
    ) -> None:
        self.got = b""
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE)
        request = f"GET /api/v1/events HTTP/{version}\r\nHost: localhost\r\n"
        self.socket.sendall(f"{request}Authorization: Bearer {token}\r\n\r\n".encode())

    def read_until(self, condition: Callable[[bytes], object]) -> bytes:
        """All that came so far, once the condition holds for it."""
        while not condition(self.got):
            data = self.socket.recv(65536)
            assert data, self.got[-500:]
            self.got += data
        return self.got

    def read_until_end(self) -> bytes:
        """All that came, once the server has ended the stream."""
        while data := self.socket.recv(65536):
            self.got += data
        return self.got

    def opened(self) -> "Client":
        self.read_until(lambda got: b"event: snapshot" in got and got.endswith(ENDS))
        return self

    def vanish(self) -> None:
        """Take no packet any more and send none, as a laptop that is closed."""
        everything_is_dropped = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        filter_of_one = struct.pack("HP", 1, ctypes.addressof(everything_is_dropped))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filter_of_one)

    def numbers(self) -> list[int]:
        """The events the test has numbered; the last one may not have come in full."""
        return [int(number) for number in re.findall(rb'"number":(\d+)}\n', self.got)]


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Opens connections, which are closed after the test."""
    clients: list[Client] = []

    def connect(*args: object, **options: object) -> Client:
        clients.append(Client(*args, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.socket.close()


def publish(user_id: int, numbers: range, padding: str = "") -> None:
    """Number events of a user whose stream is open: it may begin before Redis has confirmed it."""
    with redis() as client:
        wait_until(lambda: client.pubsub_numsub(events.channel(user_id))[0][1])
    for number in numbers:
        events.publish(user_id, "note", {"padding": padding, "number": number})


def open_files(processes: Processes) -> int:
    pid = processes.running["web"].pid
    worker = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
    return len(os.listdir(f"/proc/{worker}/fd"))


@pytest.mark.parametrize(("version", "is_chunked"), [("1.0", False), ("1.1", True)])
def test_answer_is_framed_as_the_client_understands(web, connect, ada, token, version, is_chunked):
    client = connect(web.port, token, version).opened()
    publish(ada.id, range(2))
    client.read_until(lambda got: b'"number":1}' in got)
    revoke(token)
    client.read_until_end()

    head, _, body = client.got.partition(b"\r\n\r\n")
    lines = head.decode().lower().splitlines()
    assert lines[0] == "http/1.1 200 ok"
    assert "connection: close" in lines
    assert "content-type: text/event-stream" in lines
    assert "x-accel-buffering: no" in lines
    assert "x-content-type-options: nosniff" in lines
    assert ("transfer-encoding: chunked" in lines) == is_chunked
    text = unchunked(body) if is_chunked else body
    assert text.startswith(b"retry: ")
    told = re.findall(rb"(?m)^event: (.*)$", text)
    assert told[0] == b"snapshot"
    # Told again where Redis took its second to confirm the subscription.
    assert [event for event in told if event != b"snapshot"] == [b"note", b"note"]


def revoke(token: str) -> None:
    ApiToken.with_secret(token).revoked_at = now()
    db.session.commit()


def unchunked(body: bytes) -> bytes:
    """What the chunks hold, all of them and the last one."""
    text = b""
    while body != b"0\r\n\r\n":
        length, _, rest = body.partition(b"\r\n")
        text += rest[: int(length, 16)]
        body = rest[int(length, 16) :].removeprefix(b"\r\n")
    return text


def test_pages_are_told_different_times_to_come_again(web, connect, token):
    heads = [connect(web.port, token).opened().got for _ in range(6)]

    times = {int(re.search(rb"retry: (\d+)\n", head)[1]) for head in heads}

    assert len(times) > 1
    assert all(1000 <= milliseconds <= 4000 for milliseconds in times)


def test_burst_of_events_arrives_whole_and_in_order(web, connect, ada, token):
    client = connect(web.port, token).opened()

    publish(ada.id, range(3000))

    client.read_until(lambda got: b'"number":2999}' in got)
    assert client.numbers() == list(range(3000))


def test_page_that_does_not_read_starts_over_and_holds_up_no_other(
    start_paced, connect, ada, token
):
    """It sleeps for as long as this machine takes to tell the other one everything."""
    port = start_paced(PATIENCE, unacknowledged_ms=int(PATIENCE * 1000), streams=2).port
    reader = connect(port, token).opened()
    sleeper = connect(port, token, buffer=4096).opened()
    sleeper.got = b""

    for number in range(400):  # more than a mailbox and the buffers of both sides hold
        publish(ada.id, range(number, number + 1), padding="x" * 30_000)
        reader.read_until(lambda got, number=number: b'"number":%d}' % number in got[-100:])
    assert reader.numbers() == list(range(400))

    sleeper.read_until(lambda got: b"event: snapshot" in got and got.endswith(ENDS))
    publish(ada.id, range(5000, 5001))
    sleeper.read_until(lambda got: b'"number":5000}\n' in got)
    before, _, after = sleeper.got.partition(b"event: snapshot")
    for line in re.findall(rb"^data: (.*)$", before, re.MULTILINE):
        json.loads(line)
    assert len(sleeper.got) < 6_000_000  # of twelve; the kernel holds up to two
    assert b'"number":5000}' in after


def test_page_that_never_reads_is_let_go(start_paced, connect, ada, token, one_more):
    connect(start_paced().port, token, buffer=4096).opened()

    publish(ada.id, range(500), padding="x" * 5000)

    wait_until(lambda: one_more() == 200, every=0.3)


def test_clients_that_went_away_leave_nothing_behind(processes, connect, token, valkey):
    port = processes.start("web", STREAMS_PER_USER=100).port
    connect(port, token).opened().socket.close()
    wait_until(lambda: not valkey.client.pubsub_channels("smartcontent:*:user:*"))
    before = open_files(processes)

    clients = [connect(port, token).opened() for _ in range(50)]
    assert open_files(processes) > before + 40
    for client in clients:
        client.socket.close()

    wait_until(lambda: open_files(processes) <= before + 10)
    wait_until(lambda: not valkey.client.pubsub_channels("smartcontent:*:user:*"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system gives up when it likes")
def test_client_that_vanished_is_noticed(start_paced, connect, token, one_more):
    client = connect(start_paced(unacknowledged_ms=2000).port, token).opened()
    assert one_more() == 429

    client.vanish()

    wait_until(lambda: one_more() == 200, every=0.2)


def test_page_that_comes_again_at_once_is_not_one_too_many(processes, connect, token):
    port = processes.start("web", STREAMS_PER_USER=1).port

    for _ in range(5):
        connect(port, token).opened().socket.close()


def test_process_that_is_told_to_stop_ends_its_streams_and_itself(processes, connect, token):
    # One that gunicorn has to kill, which it does after two seconds, has no time for a last chunk.
    port = processes.start("web", GUNICORN_CMD_ARGS=f"--graceful-timeout {PATIENCE:.0f}").port
    clients = [connect(port, token).opened() for _ in range(3)]

    processes.kill("web", signal.SIGTERM, group=False)

    assert all(client.read_until_end().endswith(b"\r\n0\r\n\r\n") for client in clients)
    assert processes.running["web"].wait(timeout=PATIENCE) == 0


def test_more_streams_than_a_process_serves_are_told_when_to_come_again(
    processes, connect, token, ada, bob
):
    port = processes.start("web", STREAMS_PER_PROCESS=2).port
    clients = [connect(port, token).opened() for _ in range(2)]
    bobs = {"Authorization": f"Bearer {ApiToken.issue(bob, 'test')[1]}"}

    answer = requests.get(f"{processes.url}/api/v1/events", headers=bobs, timeout=PATIENCE)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "streams" in answer.json()["detail"]
    publish(ada.id, range(1))
    for client in clients:
        client.read_until(lambda got: b'"number":0}' in got)


def test_revoked_token_ends_its_streams(web, connect, ada, token):
    other = connect(web.port, ApiToken.issue(ada, "another")[1]).opened()
    client = connect(web.port, token).opened()

    revoke(token)

    client.read_until_end()
    publish(ada.id, range(1))
    other.read_until(lambda got: b'"number":0}' in got)


def test_disabled_user_s_streams_end(web, connect, ada, token):
    client = connect(web.port, token).opened()

    ada.is_enabled = False
    db.session.commit()

    client.read_until_end()


@pytest.mark.parametrize("worker", OTHER_WORKERS)
def test_any_other_worker_of_gunicorn_serves_the_same_stream(
    processes, connect, ada, token, worker
):
    client = connect(processes.start("web", GUNICORN_CMD_ARGS=worker).port, token)
    client.read_until(lambda got: b"event: snapshot" in got)

    publish(ada.id, range(3))
    client.read_until(lambda got: b'"number":2}' in got)

    revoke(token)
    client.read_until(lambda got: got.endswith(b"\r\n0\r\n\r\n"))
