"""GET /readyz and /healthz: what a visitor, a member and an administrator are told."""

import socket
import threading

import pytest
import requests
from conftest import Visitor, wait_until
from patience import PATIENCE
from processes import Browser, Processes
from test_health import silence

from smartcontent.app import create_app
from smartcontent.health import checks
from smartcontent.web import turns


def lines() -> list[tuple[int, int]]:
    """How many are worked at, and how many wait, in each line."""
    return [(line.at_work, len(line.waiting)) for line in list(turns._of.values())]


def test_silent_server_is_asked_once_however_many_ask(settings, ollama, monkeypatch):
    monkeypatch.setattr(checks, "FRESH_SECONDS", PATIENCE)  # for those of them that are late
    ollama.on(path="/api/tags").silent(times=100)
    app = create_app(**settings)
    visitors = [threading.Thread(target=app.test_client().get, args=("/readyz",)) for _ in range(8)]

    for visitor in visitors:
        visitor.start()
    wait_until(lambda: lines() == [(4, 4)])  # and so all ask while it is silent
    assert ollama.wait_requests()
    ollama.stopping.set()
    for visitor in visitors:
        visitor.join()

    assert len(ollama.requests) == 1


def test_of_those_who_ask_while_a_server_is_silent_few_are_worked_at(settings, ollama):
    """Else they would be more than there may be connections, and others be let go for them."""
    ollama.on(path="/api/tags").silent(times=100)
    app = create_app(**settings)
    visitors = [threading.Thread(target=app.test_client().get, args=("/readyz",)) for _ in range(7)]

    for visitor in visitors:
        visitor.start()
    wait_until(lambda: lines() == [(4, 3)])
    assert app.test_client().get("/sign-in").status_code < 500  # nobody waits behind these

    ollama.stopping.set()
    for visitor in visitors:
        visitor.join()
    assert not turns._of


def test_readyz_tells_a_visitor_states_but_no_causes(visitor, monkeypatch):
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", PATIENCE)

    answer = visitor.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"
    assert [set(each) for each in answer.json["dependencies"]] == [{"name", "state", "since"}] * 5


def test_readyz_tells_administrators_causes_and_members_none(web, founder, ada):
    administrator, member = (Browser(web.url).sign_in(each.email) for each in (founder, ada))

    def workers(browser: Browser) -> dict:
        return browser.session.get(f"{web.url}/readyz").json()["dependencies"][3]

    # What was found may be half a second old, and a check not be waited for.
    wait_until(lambda: workers(administrator)["remedy"] == "start one with `python worker.py`")
    assert set(workers(member)) == {"name", "state", "since"}


@pytest.mark.parametrize("url", ["sqlite:////proc/x.db", "postgresql+psycopg://u@127.0.0.1:1/x"])
def test_readyz_is_503_without_the_database_even_for_who_was_signed_in(settings, as_ada, url):
    away = Visitor(create_app(**settings | {"DATABASE_URL": url}))
    name = away.client.application.config["SESSION_COOKIE_NAME"]
    away.client.set_cookie(name, as_ada.client.get_cookie(name).value)

    answer = away.get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (503, "down")
    assert away.get("/healthz").status_code == 200


# The product with checks that wait for as long as the test likes.
PATIENT_WSGI = """
from smartcontent.app import create_app
from smartcontent.health import checks
from smartcontent.ollama import client
checks.PATIENCE_SECONDS = 3600
client.QUICK = client.Limits(connect=3600, first_byte=3600, gap=3600, total=3600)
app = create_app()
"""


def test_web_process_goes_on_while_a_check_waits_for_silent_servers(
    settings, app, ollama, tmp_path
):
    (tmp_path / "wsgi.py").write_text(PATIENT_WSGI)
    ollama.on(path="/api/tags").silent()
    with silence() as port:
        processes = Processes(settings | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}, tmp_path)
        web = processes.start("web", GUNICORN_CMD_ARGS=f"--pythonpath {tmp_path}")
        try:
            waiting = socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE)
            waiting.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert ollama.wait_requests()
            for _ in range(10):
                assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok
            ollama.stopping.set()  # only now the question is over
            answer = waiting.makefile("rb").read()
            waiting.close()
        finally:
            web.stop()

    assert b"200 OK" in answer
    assert b'"degraded"' in answer
