"""The log: who did what from where, under the number of the request, and nobody's words."""

import logging
import re
import socket

import pytest
import requests
from conftest import PASSWORD, Visitor, wait_until
from patience import PATIENCE
from processes import Browser, Processes

from smartcontent.accounts.invitations import invitation_for
from smartcontent.app import create_app
from smartcontent.logs import FORMAT, LineFormatter
from smartcontent.models import Content, Draft, Status
from smartcontent.stores.sql import db
from smartcontent.writing import job

NUMBER = re.compile(r"[0-9a-f]{32}")
NEW = "a wholly new password"


@pytest.fixture
def lines(caplog):
    """The log as it is written, line by line."""
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(LineFormatter(FORMAT))
    return lambda: caplog.text.splitlines()


def test_request_is_followed_to_the_worker_and_nobodys_words_are_in_a_log(
    app, founder, ada, settings, tmp_path, ollama
):
    processes = Processes(settings, tmp_path, GENERATION_DELAY_SECONDS=0.2).start()
    try:
        ollama.says("Marzipan ", "verily.")
        browser = Browser(processes.url).sign_in(ada.email)
        browser.post("/sign-in", email=ada.email, password="Wrongword-7")
        page = browser.post("/account/tokens", name="script", password=PASSWORD).text
        secret = page.split('id="secret">')[1].split("<")[0]
        invitation = invitation_for("eve@example.org")
        requests.get(
            f"{processes.url}/sign-up", params={"invitation": invitation}, timeout=PATIENCE
        )
        answer = requests.post(
            f"{processes.url}/api/v1/contents",
            json={"content_type": "product_description", "topic": "Zwieback unheard of"},
            headers={"Authorization": f"Bearer {secret}"},
            timeout=PATIENCE,
        )
        browser.post("/account/password", password_now=PASSWORD, password=NEW, password_again=NEW)

        def is_completed() -> bool:
            db.session.rollback()
            draft = db.session.query(Draft).first()
            return draft is not None and draft.status == Status.COMPLETED

        wait_until(is_completed)
        number = answer.headers["X-Request-ID"]
        assert NUMBER.fullmatch(number)
        wait_until(lambda: processes.said("worker", "Completed"))
        for name, words in (
            ("*", "Job successfully queued"),  # the scheduler does it where Redis is slow
            ("worker", "Job picked up"),
            ("worker", "Completed"),
        ):
            (line,) = processes.said(name, words)
            assert line.endswith(f" request={number}"), line
        assert db.session.query(Draft.request_id).scalar() == number
        for deed in ("Signed in", "Sign-in failed", "Token made", "Password changed"):
            assert len(processes.said("web", f"smartcontent.security {deed} ")) == 1, deed
        written = "".join(processes.log(name).read_text() for name in processes.running)
    finally:
        processes.stop()
    assert "Zwieback" in db.session.query(Content.topic).scalar()
    for word in ("Zwieback", "Marzipan", PASSWORD, NEW, "Wrongword", secret[8:], invitation):
        assert word not in written


@pytest.mark.parametrize(
    ("proxies", "sent", "is_taken"),
    [
        (1, "abcDEF-12.3_4", True),
        (0, "abcDEF-12.3_4", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "forged id with blanks", False),
        (1, "abcdefgh\x1b[31m", False),
        (1, "abcdefgh, abcdefgh", False),
        (1, "", False),
    ],
)
def test_number_is_the_proxys_where_it_is_trusted_and_well_formed(
    settings, founder, proxies, sent, is_taken
):
    client = create_app(**settings, TRUSTED_PROXIES=proxies).test_client()

    number = client.get("/sign-in", headers={"X-Request-ID": sent}).headers["X-Request-ID"]

    assert (number == sent) is is_taken
    assert is_taken or NUMBER.fullmatch(number)


@pytest.mark.own_app
def test_error_page_shows_the_number_to_tell(as_ada, app, lines):
    missing = as_ada.get("/contents/none")
    assert missing.headers["X-Request-ID"] in missing.text

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["account.show"] = lambda: 1 / 0
    broken = as_ada.get("/account/")

    number = broken.headers["X-Request-ID"]
    assert broken.status_code == 500
    assert f"<code>{number}</code>" in broken.text
    assert any("Exception on /account/" in line and number in line for line in lines())


def test_refusal_is_logged_with_address_user_and_wait(visitor, ada, lines):
    for _ in range(11):
        visitor.post("/sign-in", {"email": ada.email, "password": "not the password"})

    (line,) = [line for line in lines() if "Too often" in line]
    assert "method=POST path=/sign-in wait=" in line
    assert " address=127.0.0.1 request=" in line


def test_path_of_a_refusal_forges_no_part_of_its_line(visitor, lines):
    for _ in range(121):
        refused = visitor.get("/shared/abc%20user=1%20address=9.9.9.9")

    (line,) = [line for line in lines() if "Too often" in line]
    assert refused.status_code == 429
    assert line.count(" address=") == line.count(" user=") == 1


@pytest.mark.parametrize("after", ["", "&x=1", ' HTTP/1.1"', "'"])
def test_no_part_of_an_invitation_is_in_a_log(app, lines, after):
    invitation = invitation_for("eve@example.org")

    logging.getLogger("gunicorn.access").info("GET /sign-up?invitation=%s%s", invitation, after)

    [line] = lines()
    assert line.endswith(f"invitation=…{after}")


@pytest.mark.own_app
@pytest.mark.parametrize("path", ["/shared/{}", "/calendar/feed/{}.ics", "/shared/{}?x=1"])
def test_address_that_opens_something_is_not_in_a_log(app, founder, visitor, lines, path):
    secret = "q-w_e" * 8
    for _ in range(121):
        refused = visitor.get(path.format(secret))
    assert refused.status_code == 429
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions |= dict.fromkeys(("sharing.read", "calendar.feed"), lambda secret: 1 / 0)
    assert visitor.get(path.format(secret)).status_code == 500

    text = "\n".join(lines())
    assert secret not in text
    assert f"path={path.partition('{}')[0]}…" in text
    assert f"Exception on {path.partition('{}')[0]}…" in text


def test_lines_of_gunicorn_have_no_address_that_opens_something(settings, tmp_path):
    processes = Processes(settings, tmp_path)
    processes.start("web", GUNICORN_CMD_ARGS="--access-logfile - --log-level debug")
    path = "/shared/" + "q-w_e" * 8
    headers = {"Referer": f"{processes.url}{path}", "User-Agent": b"x\x85[2026-01-01] Signed in"}
    try:
        requests.get(processes.url + path, headers=headers, timeout=PATIENCE)
        with socket.create_connection(("127.0.0.1", processes.port), timeout=PATIENCE) as client:
            client.sendall(f"GET {path} HTTP/9.9\r\n\r\n".encode())
            assert b" 400 " in client.recv(1_000)
        written = processes.log("web").read_text()
    finally:
        processes.stop()

    assert path not in written
    assert written.count('"GET /shared/… HTTP/1.1"') == 1
    assert "Invalid request" in written
    assert (
        written.count(r"x\x85[2026-01-01] Signed in") == len(written.split("[2026-01-01]")) - 1 > 0
    )


def test_what_others_chose_forges_no_line_and_colours_none(app, founder, lines):
    evil = "x\n2026-01-01 00:00:00,000 INFO smartcontent.security Signed in user=1\x1b[2J\u202e"
    client = Visitor(app)
    client.post("/sign-in", {"email": f"{evil}@example.org", "password": evil})
    client.client.get("/x%0A2026-01-01 INFO forged%1B[2J", headers={"User-Agent": "a\x1b[2J"})
    for _ in range(31):
        client.get("/sign-up?invitation=%0Aforged")
    logging.getLogger("smartcontent").warning("said: %s", evil)
    try:
        raise ValueError(evil)
    except ValueError:
        logging.getLogger("smartcontent").exception("it broke")

    text = "\n".join(lines())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not [line for line in lines() if line.startswith("2026-01-01")]
    assert "said: x\\n2026-01-01" in text


def test_error_of_the_database_keeps_what_was_to_be_stored_to_itself(app, ada, lines):
    with pytest.raises(Exception, match="UNIQUE") as caught:
        db.session.execute(
            db.text("INSERT INTO users SELECT * FROM users WHERE email = :email"),
            {"email": "ada@example.org"},
        )

    assert "ada@example.org" not in str(caught.value)


QUOTING = {
    "the brief": lambda server: server.fails(500, "cannot parse: A teapot of blue glass"),
    "its middle": lambda server: server.fails(400, {"error": "near 'of blue glass' in prompt"}),
    "as JSON": lambda server: server.fails(500, {"error": 'raw="\\u0062lue glass" of type'}),
    "a name": lambda server: server.fails(404, {"error": "model 'blue glass sk-1' not found"}),
    "the key": lambda server: server.fails(401, "invalid token passed: Bearer sk-1"),
    "a page": lambda server: server.fails(400, "<html><pre>blue glass sk-1</pre>"),
    "a line": lambda server: server.raw(b"It is of blue glass\n"),
    "in mid text": lambda server: server.raw(b'{"error": "of blue glass: token repeat limit"}\n'),
    "no HTTP": lambda server: server.bytes(b"GET blue glass sk-1\r\n"),
}


@pytest.mark.parametrize("quote", QUOTING.values(), ids=QUOTING)
def test_server_that_says_the_brief_again_is_not_quoted(app, ollama, due_draft, lines, quote):
    app.config["OLLAMA_API_KEY"] = "sk-1"
    quote(ollama)
    job.write_draft(due_draft.id)

    (line,) = [line for line in lines() if "Failed draft" in line]
    assert "detail=" in line
    assert "glass" not in "\n".join(lines())
    assert "sk-1" not in "\n".join(lines())
