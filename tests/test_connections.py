"""Requests that do not end: they end nevertheless, and nobody else waits for them."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from types import SimpleNamespace

import gevent
import gevent.event
import pytest
import requests
from conftest import BRIEF, wait_until
from gevent import GreenletExit
from gevent.lock import BoundedSemaphore
from gunicorn.http.body import Body
from patience import PATIENCE
from processes import Browser, Processes
from sqlalchemy import select
from test_stream_connection import Client, publish

from smartcontent.contents import submitting
from smartcontent.models import ApiToken, Content, Status
from smartcontent.stores.sql import db
from smartcontent.web import lines, turns
from smartcontent.web.api.access import WRONG_TOKENS
from smartcontent.web.bodies import read_body
from smartcontent.web.connections import HELD_BYTES, HELD_IS_MUCH, Connection, Connections

AT_MOST, MANY = 100, 300
# gunicorn takes nobody any more at this many: nearly what the product keeps.
FULL = {"CONNECTIONS_PER_PROCESS": AT_MOST, "GUNICORN_CMD_ARGS": "--worker-connections 120"}
SOON = {"REQUEST_SECONDS": 5}
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"


@pytest.fixture
def start(settings: dict, tmp_path) -> Iterator[Callable[..., Processes]]:
    """Starts a web process, with more settings."""
    started: list[Processes] = []

    def start(**more: object) -> Processes:
        started.append(Processes(settings, tmp_path, **more).start("web"))
        return started[-1]

    yield start
    for processes in started:
        processes.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., socket.socket]]:
    """Opens connections, which are closed after the test."""
    opened: list[socket.socket] = []

    def connect(processes: Processes, *lines: str, body: str = "") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", processes.port), timeout=PATIENCE)
        opened.append(client)
        client.sendall("\r\n".join([*lines, "", body] if lines else [body]).encode())
        return client

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def web(standing_web, founder) -> Processes:
    """Where somebody has signed up, so that pages are not all the one of the first visit."""
    return standing_web


@pytest.fixture
def token(ada) -> str:
    return ApiToken.issue(ada, "test")[1]


def has_ended(client: socket.socket) -> bool:
    """Whether the server has ended it; what came before that is thrown away."""
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        client.settimeout(PATIENCE)
    return True


def answer_of(client: socket.socket) -> str:
    """All that comes until the server ends it."""
    got = b""
    try:
        while data := client.recv(65536):
            got += data
    except ConnectionError:
        pass
    return got.decode()


def drip(client: socket.socket, piece: bytes) -> None:
    """Send a little again and again, until the other end is tired of it."""
    stop = threading.Event()

    def send() -> None:
        try:
            while not stop.wait(0.05):
                client.sendall(piece)
        except OSError:
            return

    threading.Thread(target=send, daemon=True).start()


UNFINISHED = ("POST /sign-in HTTP/1.1", "Host: x", FORM, "Content-Length: 1000")
CHUNKED = ("POST /sign-in HTTP/1.1", "Host: x", FORM, "Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    "lines",
    [UNFINISHED, ("GET /healthz HTTP/1.1", "Host: x"), ()],
    ids=["unfinished", "idle after an answer", "silent"],
)
def test_connections_that_are_held_silence_nobody(start, connect, founder, lines):
    web = start(**FULL)
    held = []
    for _ in range(MANY):
        held.append(connect(web, *lines))
        if len(held) % 50 == 0:
            assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok

    wait_until(lambda: sum(map(has_ended, held)) >= MANY - AT_MOST)
    assert Browser(web.url).sign_in(founder.email)


def test_requests_that_do_not_end_are_let_go(start, connect, founder):
    web = start(**SOON)
    endless = [
        ((), "", b""),
        ((), "POST /sign-in HT", b""),
        ((), "GET / HTTP/1.1\r\nX-Drip: ", b"a"),
        (UNFINISHED, "a", b"a"),
        (CHUNKED, "1\r\na\r\n", b"1\r\na\r\n"),
        (CHUNKED, "5\r\na", b""),
        (CHUNKED, "5;", b"a"),
        (CHUNKED, "0\r\nX-Drip: ", b"a"),
    ]
    clients = [connect(web, *lines, body=body) for lines, body, _ in endless]
    for client, (_, _, piece) in zip(clients, endless, strict=True):
        if piece:
            drip(client, piece)

    for client in clients:
        answer = answer_of(client)
        assert answer == "" or answer.startswith("HTTP/1.1 408 ")


def test_headers_after_a_body_are_bounded_like_those_before_it(web, connect):
    trailers = "0\r\n" + "".join(f"X-{n}: {'a' * 8000}\r\n" for n in range(6))

    assert answer_of(connect(web, *CHUNKED, body=trailers)).startswith("HTTP/1.1 400 ")


def test_person_whose_form_does_not_arrive_reads_why(start, connect, founder):
    answer = answer_of(connect(start(**SOON), *UNFINISHED, body="a"))

    assert answer.startswith("HTTP/1.1 408 ")
    assert "That took too long to arrive" in answer
    assert "Connection: close" in answer


def test_script_whose_body_does_not_end_reads_a_problem(start, connect, token):
    web = start(**SOON)
    head = ("POST /api/v1/contents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", JSON)

    answer = answer_of(connect(web, *head, "Content-Length: 1000", body="{"))

    assert answer.startswith("HTTP/1.1 408 ")
    assert "application/problem+json" in answer
    assert "did not arrive in time" in answer


def test_slow_and_honest_client_is_served_beside_many_that_never_end(start, connect, token):
    web = start(CONNECTIONS_PER_PROCESS=MANY, TRUSTED_PROXIES=1, REQUEST_SECONDS=PATIENCE)
    brief = '{"content_type": "product_description", "topic": "A teapot"}'
    brief += " " * (20_000 - len(brief))
    slow = connect(
        web, "POST /api/v1/contents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", JSON,
        "X-Forwarded-For: 192.0.2.7", "Connection: close", f"Content-Length: {len(brief)}",
    )  # fmt: skip
    attack = "X-Forwarded-For: 192.0.2.6"
    held = [connect(web, *UNFINISHED, attack, body="a") for _ in range(MANY)]
    for start_of_piece in range(0, len(brief), 4000):
        web.kill("web", signal.SIGSTOP)  # so that all of them are there at once
        held += [connect(web, *UNFINISHED, attack, body="a") for _ in range(MANY // 5)]
        web.kill("web", signal.SIGCONT)
        assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok
        slow.sendall(brief[start_of_piece : start_of_piece + 4000].encode())

    assert answer_of(slow).startswith("HTTP/1.1 202 ")
    assert sum(map(has_ended, held)) >= MANY


def test_requests_whose_bodies_are_awaited_take_no_turn(start, connect, founder, ada):
    web = start()
    browser = Browser(web.url).sign_in(ada.email)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.session.cookies.items())
    begun = ("POST /contents HTTP/1.1", "Host: x", FORM, "Content-Length: 9", f"Cookie: {cookies}")
    for _ in range(2 * turns.AT_ONCE):
        connect(web, *begun, body="a")
    requests.get(f"{web.url}/healthz", timeout=PATIENCE)  # all of them are there by now

    assert browser.session.get(web.url, timeout=PATIENCE).status_code == 200


def test_nothing_is_looked_for_on_behalf_of_who_has_gone(start, connect, founder):
    web = start()
    guess = ("GET /api/v1/contents HTTP/1.1", "Host: x", "Authorization: Bearer sc_wrong")
    web.kill("web", signal.SIGSTOP)  # so that they have gone by the time they are heard
    for _ in range(9):
        connect(web, *guess, "").close()
    web.kill("web", signal.SIGCONT)

    for _ in range(WRONG_TOKENS.most):  # a guess of theirs counted, and the last would be 429
        answer = answer_of(connect(web, *guess, "Connection: close", ""))
        assert answer.startswith("HTTP/1.1 401 ")


def test_what_is_sent_is_taken_in_although_its_sender_has_gone(start, connect, token):
    web = start()
    brief = '{"content_type": "product_description", "topic": "A teapot"}'
    lines = ("POST /api/v1/contents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", JSON)
    web.kill("web", signal.SIGSTOP)
    connect(web, *lines, f"Content-Length: {len(brief)}", body=brief).close()
    web.kill("web", signal.SIGCONT)

    wait_until(lambda: db.session.scalar(select(Content.id)) or db.session.rollback())


def test_burst_takes_no_more_places_than_it_needs(app):
    app.config["CONNECTIONS_PER_PROCESS"] = MANY
    connections = Connections()
    connections.init_app(app)
    pairs = [socket.socketpair() for _ in range(2 * MANY)]
    others = [theirs for _, theirs in pairs]
    honest = connections.admit(pairs[0][0], ("192.0.2.7", 1))
    held = [connections.admit(ours, ("192.0.2.6", 1)) for ours, _ in pairs[1:]]

    assert not has_ended(others[0])
    assert sum(map(has_ended, others)) <= MANY + MANY // 20
    for connection in (honest, *held, *others):
        connection.close()


def head(method: str, **headers: str) -> SimpleNamespace:
    """What gunicorn knows of a request whose head has come."""
    named = [(name.replace("_", "-").upper(), value) for name, value in headers.items()]
    does = {"must_close": False, "force_close": lambda: None, "body": Body(None)}
    return SimpleNamespace(method=method, headers=named, **does)


def test_a_quarter_may_wait_for_their_bodies(app):
    app.config["CONNECTIONS_PER_PROCESS"] = 4 * AT_MOST
    connections = Connections()
    connections.init_app(app)
    pairs = [socket.socketpair() for _ in range(2 * AT_MOST)]
    others = [theirs for _, theirs in pairs]
    honest = connections.admit(pairs[0][0], ("192.0.2.7", 1))
    held = [connections.admit(ours, ("192.0.2.6", 1)) for ours, _ in pairs[1:]]
    for connection in (honest, *held):
        connections.begin(connection, head("POST", content_length="1000"))

    assert AT_MOST - AT_MOST // 20 <= sum(map(has_ended, others)) <= AT_MOST + AT_MOST // 20
    assert not has_ended(others[0])
    for connection in (*others, honest, *held):  # in this order ours need not linger
        connection.close()


def test_body_behind_which_its_connection_must_close_is_awaited_like_any_other(greenlets):
    connection, client = connected(greenlets, "192.0.2.6")
    request = head("POST", transfer_encoding="gzip, chunked")
    request.must_close = True

    connection.begin(request)
    assert connection.is_unread
    connection.has_read()

    assert request.must_close
    client.close()


@pytest.fixture
def greenlets(app, monkeypatch) -> Iterator[Connections]:
    """Connections as they are where one thread does everything."""
    monkeypatch.setattr(lines, "Lock", BoundedSemaphore)
    connections = Connections()
    connections.init_app(app)
    yield connections
    for connection in connections._open.copy():
        connection.close()


def connected(connections: Connections, network: str) -> tuple[Connection, socket.socket]:
    ours, theirs = socket.socketpair()
    return connections.admit(ours, (network, 1)), theirs


def test_networks_have_their_requests_begun_by_turns_and_people_within_one(greenlets):
    begun, clients = [], []

    def begin(network: str, **known: str) -> None:
        connection, client = connected(greenlets, network)
        clients.append(client)
        assert greenlets.begin(connection, head("GET", **known))
        begun.append((network, *known))

    asked = [("192.0.2.6", {}), ("192.0.2.6", {}), ("192.0.2.6", {})]
    asked += [("192.0.2.6", {"cookie": "session=1"}), ("192.0.2.7", {})]
    waiting = [gevent.spawn(begin, network, **known) for network, known in asked]
    gevent.joinall(waiting, timeout=PATIENCE, raise_error=True)

    first, *others = begun
    assert first == ("192.0.2.6",)
    assert others[:2] == [("192.0.2.7",), ("192.0.2.6", "cookie")]
    for client in clients:
        client.close()


def test_who_waits_for_a_round_is_let_go_at_once(greenlets):
    connection, client = connected(greenlets, "192.0.2.6")
    with greenlets._rounds.turn("192.0.2.7"):
        waiting = gevent.spawn(greenlets.begin, connection, head("GET", cookie="session=1"))
        gevent.sleep(0)
        assert not waiting.ready()
        connection.let_go()
        assert waiting.get(timeout=PATIENCE) is False
    assert has_ended(client)
    connection.close()
    client.close()


def test_who_waits_for_a_turn_is_let_go_at_once(app, greenlets, monkeypatch):
    monkeypatch.setattr(turns, "Lock", BoundedSemaphore)
    connection, client = connected(greenlets, "192.0.2.6")
    over = gevent.event.Event()

    def ask(connection: Connection | None = None) -> None:
        by_it = {"gunicorn.socket": connection}
        with app.test_request_context("/sign-in", method="POST", environ_base=by_it):
            turns.take("ada")
            over.wait(PATIENCE)

    others = [gevent.spawn(ask) for _ in range(turns.AT_ONCE)]
    waiting = gevent.spawn(ask, connection)
    gevent.sleep(0)
    assert not waiting.ready()
    connection.let_go()

    assert isinstance(waiting.get(timeout=PATIENCE), GreenletExit)
    over.set()
    gevent.joinall(others, timeout=PATIENCE, raise_error=True)
    connection.close()
    client.close()


@pytest.mark.parametrize(
    ("method", "known", "is_begun"),
    [
        ("GET", {"cookie": "session=1"}, False),
        ("POST", {}, False),
        ("POST", {"cookie": "session=1"}, True),
        ("POST", {"authorization": "Bearer x"}, True),
    ],
)
def test_what_somebody_known_has_sent_is_taken_in_and_nothing_else(
    greenlets, method, known, is_begun
):
    connection, client = connected(greenlets, "192.0.2.6")
    client.close()

    assert greenlets.begin(connection, head(method, **known)) is is_begun


def test_request_of_a_client_who_has_gone_ends_without_an_answer_and_leaves_no_ring(app, founder):
    """An answer takes a millisecond, and a ring is left to the collector, who holds up all."""
    connections = Connections()
    connections.init_app(app)
    ours, theirs = socket.socketpair()
    connection = connections.admit(ours, ("192.0.2.7", 1))
    connection.begin(head("POST", content_length="1000"))
    theirs.sendall(b"a")
    theirs.close()
    body = {"wsgi.input": connection.makefile("rb"), "gunicorn.socket": connection}

    with app.test_request_context("/sign-in", method="POST", environ_base=body) as context:
        context.request.environ["CONTENT_LENGTH"] = "1000"
        with pytest.raises(GreenletExit):
            read_body()
    body["wsgi.input"].close()
    connection.close()

    assert connection._request is None


def test_of_pieces_of_bodies_one_is_worked_at_between_two_looks_of_the_loop(greenlets):
    looks, worked_at = [], []
    look = gevent.get_hub().loop.check(ref=False)
    look.start(lambda: looks.append(1))

    def receive(connection: Connection) -> None:
        for _ in range(4):
            assert connection.recv(1_000)
            worked_at.append(len(looks))

    pairs = [connected(greenlets, "192.0.2.6") for _ in range(5)]
    for connection, client in pairs:
        connection.begin(head("POST", content_length="4000"))
        client.sendall(bytes(4_000))
    receiving = [gevent.spawn(receive, connection) for connection, _ in pairs]
    gevent.joinall(receiving, timeout=PATIENCE, raise_error=True)

    assert len(set(worked_at)) == 4 * 5
    look.stop()
    look.close()
    for _, client in pairs:
        client.close()


def test_who_sends_without_waiting_for_answers_lets_others_go_on(web, connect):
    hasty, other = connect(web), connect(web)
    is_answered = threading.Event()

    def send() -> None:
        with suppress(OSError):
            while True:
                hasty.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)

    def read() -> None:
        while hasty.recv(65536):
            is_answered.set()

    with ThreadPoolExecutor(2) as pool:
        try:
            pool.submit(send)
            pool.submit(read)
            assert is_answered.wait(PATIENCE)
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in other.recv(65536)
        finally:
            hasty.shutdown(socket.SHUT_RDWR)


def test_open_stream_goes_on_beside_many_that_never_end(start, connect, ada, token):
    web = start(**FULL)
    page = Client(web.port, token).opened()
    for _ in range(MANY):
        connect(web, *UNFINISHED, body="a")
    assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok

    publish(ada.id, range(1))

    page.read_until(lambda got: b'"number":0' in got)
    page.socket.close()


def test_answers_that_nobody_takes_do_not_fill_the_memory(web, connect, ada, token):
    for _ in range(20):
        content = submitting.submit(ada.id, BRIEF, "Tea")
        content.current.move(Status.CANCELLED, text="\U0001f375" * 100_000)
    listing = ("GET /api/v1/contents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", "")

    *sleepers, last = [connect(web, *listing) for _ in range(12)]

    assert last.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"
    wait_until(lambda: any(map(has_ended, sleepers)))


def test_bodies_that_do_not_end_do_not_fill_the_memory(start, connect, token):
    web = start(REQUEST_SECONDS=2 * PATIENCE)  # their time is not what ends them
    known = ("Host: x", f"Authorization: Bearer {token}")
    table = ("POST /api/v1/batches HTTP/1.1", *known, "Content-Length: 2000000")
    held = [connect(web, *table, body="a" * 1_999_999) for _ in range(36)]

    wait_until(lambda: any(map(has_ended, held)))
    assert not all(map(has_ended, held))


def test_nobody_is_let_go_for_bodies_that_are_worked_at(greenlets):
    at_work = [connected(greenlets, "192.0.2.6") for _ in range(33)]
    for connection, _ in at_work:
        connection.held, connection.is_waiting = 2_100_000, False
    honest, client = connected(greenlets, "192.0.2.7")
    greenlets.begin(honest, head("POST", content_length="9000", cookie="session=1"))
    client.sendall(bytes(HELD_IS_MUCH))

    with honest.in_line():
        honest._hold(HELD_IS_MUCH)

    assert not honest.is_over
    for _, theirs in (*at_work, (honest, client)):
        theirs.close()


def test_an_answer_larger_than_all_together_may_be_is_sent_where_there_is_no_other(greenlets):
    pairs = [connected(greenlets, "192.0.2.6") for _ in range(3)]
    (first, _), (second, _), (small, _) = pairs
    sending = [gevent.spawn(first.sendall, bytes(HELD_BYTES + 1))]
    gevent.sleep(0)

    small._hold(HELD_IS_MUCH)
    assert not first.is_over

    sending.append(gevent.spawn(second.sendall, bytes(HELD_BYTES + 1)))
    gevent.sleep(0)
    small._hold(HELD_IS_MUCH)
    assert [first.is_over, second.is_over] == [True, False]

    gevent.killall(sending)
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_archive_which_goes_to_disk_is_not_taken_for_one_of_them(start, connect, token):
    web = start(REQUEST_SECONDS=2 * PATIENCE)
    known = ("Host: x", f"Authorization: Bearer {token}")
    part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    size = 64 * 1024**2
    archive = connect(
        web, "POST /api/v1/account/archive HTTP/1.1", *known, f"Content-Length: {size}",
        "Content-Type: multipart/form-data; boundary=x", body=part.ljust(size - 1, "a"),
    )  # fmt: skip
    table = ("POST /api/v1/batches HTTP/1.1", *known, "Content-Length: 2000000")
    for _ in range(4):
        connect(web, *table, body="a" * 1_999_999)
    archive.sendall(b"a")

    assert archive.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 422"


def test_strangers_are_refused_before_anything_is_read(web, connect):
    for path, header, status in (
        ("/api/v1/contents", "Authorization: Bearer sc_wrong", 401),
        ("/api/v1/contents", "X-None: x", 401),
        ("/contents", "X-None: x", 303),
        ("/account/password", "Cookie: smartcontent=forged", 303),
        ("/nowhere", "X-None: x", 404),
        ("/healthz", "X-None: x", 405),
    ):
        for length in ("Content-Length: 1000", "Transfer-Encoding: chunked"):
            answer = answer_of(
                connect(web, f"POST {path} HTTP/1.1", "Host: x", JSON, header, length)
            )
            assert answer.startswith(f"HTTP/1.1 {status} "), (path, answer)
            assert "Connection: close" in answer


def test_body_that_is_too_large_is_refused_before_it_is_read(web, connect):
    length = f"Content-Length: {300 * 1024}"

    answer = answer_of(connect(web, "POST /sign-in HTTP/1.1", "Host: x", FORM, length))

    assert answer.startswith("HTTP/1.1 413 ")
    assert "shorten the text" in answer


def test_refusal_reaches_a_client_that_is_still_sending(web):
    for _ in range(5):
        answer = requests.post(
            f"{web.url}/api/v1/contents", data=b"a" * 1_000_000, timeout=PATIENCE
        )
        assert answer.status_code == 401


def test_slow_body_holds_no_lock(web, connect, token):
    head = ("POST /api/v1/contents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", JSON)
    connect(web, *head, "Content-Length: 1000", body="{")
    brief = {"content_type": BRIEF.content_type, "topic": BRIEF.topic}
    headers = {"Authorization": f"Bearer {token}"}

    for _ in range(3):
        made = requests.post(
            f"{web.url}/api/v1/contents", json=brief, headers=headers, timeout=PATIENCE
        )
        assert made.status_code == 202


def test_body_that_breaks_off_is_not_taken_for_all_of_it(web, connect, ada, token):
    brief = '{"content_type": "product_description", "topic": "A teapot"}'
    length = f"Content-Length: {len(brief) + 1}"
    client = connect(
        web, "POST /api/v1/contents HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", JSON,
        length, body=brief,
    )  # fmt: skip

    client.shutdown(socket.SHUT_WR)

    assert " 202 " not in answer_of(client)
    assert db.session.query(Content).count() == 0


MALFORMED = (
    *("no number\r\n", "-5\r\nabcde\r\n", "0x2\r\n{}\r\n", "2\r\n{}, no end"),
    "2;" + "a" * 99_999,
)


def test_malformed_chunk_is_the_senders_fault(web, connect, token):
    for path, chunk in product(("/api/v1/contents", "/sign-in"), MALFORMED):
        client = connect(
            web, f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", JSON,
            "Transfer-Encoding: chunked", body=chunk,
        )  # fmt: skip
        assert answer_of(client).startswith("HTTP/1.1 400 "), (path, chunk[:20])
