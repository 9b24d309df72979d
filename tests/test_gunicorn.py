"""What gunicorn believes of a request before the product sees it, and how it refuses one."""

import http.client
import runpy
import signal
import socket
from collections.abc import Iterator

import gevent
import pytest
from patience import PATIENCE

CLAIMS = [
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Protocol", "ssl"),
    ("X-Forwarded-Ssl", "on"),
    ("SCRIPT_NAME", "/sign"),
    ("PATH_INFO", "/nowhere"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Prefix", "/evil"),
    ("Forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
    ("X_Forwarded_Proto", "https"),
    ("X-Original-URL", "/evil"),
]


@pytest.fixture
def connection(web, founder) -> Iterator[http.client.HTTPConnection]:
    """To the web process from this machine, as a proxy's would be, and no proxy is trusted."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)
    yield connection
    connection.close()


@pytest.mark.parametrize(("name", "value"), CLAIMS)
def test_claim_of_an_untrusted_neighbour_changes_nothing(connection, name: str, value: str):
    connection.request("GET", "/sign-in", headers={name: value})
    answer = connection.getresponse()
    page = answer.read().decode()

    assert answer.status == 200
    assert "Strict-Transport-Security" not in answer.headers
    assert 'src="/static/' in page
    assert "evil" not in page


NO_REQUESTS = {
    "no line of a request": (b"hello\r\n\r\n", 400),
    "a line too long": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 414),
    "a header too large": (b"GET / HTTP/1.1\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431),
    "headers too large together": (b"GET / HTTP/1.1" + (b"\r\nA: " + b"a" * 8000) * 5, 431),
    "a header that is none": (b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400),
    "an unknown version": (b"GET / HTTP/9.9\r\n\r\n", 400),
}


@pytest.mark.parametrize("kind", NO_REQUESTS)
def test_what_is_no_request_is_refused_as_safely_as_any_other(web, kind: str):
    sent, status = NO_REQUESTS[kind]
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE) as client:
        client.sendall(sent)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        body = answer.read()

    assert answer.status == status
    assert len(body) == int(answer.headers["Content-Length"])
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_follows_large_headers_without_waiting_is_none_of_them(web, founder):
    large = b"\r\n".join(b"A: " + b"a" * 7900 for _ in range(4)) + b"\r\n\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 15000\r\n"
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + large
    post = b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + form + large + b"a" * 15000
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE) as client:
        client.sendall(ask * 2 + post + ask.replace(b"x", b"x\r\nConnection: close"))
        answers = b""
        while got := client.recv(65536):
            answers += got

    said = [answer[:3] for answer in answers.split(b"HTTP/1.1 ")[1:]]
    assert said == [b"200", b"200", b"400", b"200"]


def test_process_that_is_told_to_stop_while_it_loads_just_stops():
    kind = runpy.run_path("gunicorn.conf.py")["StreamWorker"]
    worker = kind.__new__(kind)  # as it is before it has loaded anything

    worker.handle_exit(signal.SIGTERM, None)
    gevent.sleep(0)

    assert worker.alive is False
