"""The nginx sample of docs/operations.md, run by a real nginx in front of a real web process."""

import json
import re
import threading
from collections.abc import Callable, Iterator

import pytest
import requests
from conftest import BRIEF, SECRET, free_port, wait_until
from dictation import Dictation
from nginx import NGINX, NO_NGINX, SAMPLE, Nginx
from open_page import Page, is_heard, pages
from patience import PATIENCE
from processes import Browser, Processes

from smartcontent.contents import submitting
from smartcontent.health import public_url
from smartcontent.live.sweeper import HEARTBEAT_SECONDS
from smartcontent.models import ApiToken
from smartcontent.stores.sql import db
from smartcontent.writing import job

pytestmark = pytest.mark.skipif(NGINX is None, reason=NO_NGINX)

# As many an nginx is set up for everything else.
BUFFERING = "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"
# The product with its sign of life once a second, so that nobody has to wait for a minute.
QUICK_WSGI = """
from smartcontent.app import create_app
from smartcontent.live import sweeper
sweeper.HEARTBEAT_SECONDS = 1
app = create_app()
"""
QUICK_READ_TIMEOUT = 8


@pytest.fixture(scope="module")
def web_settings() -> dict[str, object]:
    proxy = {"TRUSTED_PROXIES": 1, "COOKIE_SECURE": 1, "TRUSTED_HOSTS": "localhost"}
    return {"SECRET_KEY": SECRET, **proxy}


@pytest.fixture
def nginx(web, ada, tmp_path) -> Iterator[Nginx]:
    nginx = Nginx(tmp_path, web.port)
    yield nginx
    nginx.stop()


@pytest.fixture
def open_page() -> Iterator[Callable[[Browser], Page]]:
    with pages() as open_page:
        yield open_page


def test_words_arrive_one_by_one_as_they_are_written(app, nginx, open_page, ada, ollama, valkey):
    page = open_page(nginx.browser().sign_in(ada.email)).opened()
    wait_until(lambda: is_heard(valkey, ada))
    dictation = Dictation(ollama)
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    db.session.commit()

    def write() -> None:
        with app.app_context():
            job.write_draft(draft.id)

    writer = threading.Thread(target=write)
    writer.start()
    for number, word in enumerate(["Tea ", "is ", "warm."], start=1):
        dictation.say(word)  # the next one is said when this one has come
        assert page.wait("text", number)[-1]["text"] == word
    dictation.end()
    writer.join()


@pytest.fixture
def quick_nginx(settings, web_settings, tmp_path) -> Iterator[Nginx]:
    (tmp_path / "wsgi.py").write_text(QUICK_WSGI)
    web = Processes(settings, tmp_path, **web_settings)
    web.start("web", GUNICORN_CMD_ARGS=f"--pythonpath {tmp_path}")
    nginx = Nginx(tmp_path, web.port, QUICK_READ_TIMEOUT)
    yield nginx
    nginx.stop()
    web.stop()


def test_silent_stream_lives_longer_than_the_proxy_waits(quick_nginx, open_page, ada):
    page = open_page(quick_nginx.browser().sign_in(ada.email))

    wait_until(lambda: page.comments.count(b": still here") > QUICK_READ_TIMEOUT + 1)
    submitting.submit(ada.id, BRIEF, "A teapot")

    page.wait("status")
    assert not page.ended


@pytest.fixture
def patient(monkeypatch) -> None:
    monkeypatch.setattr(public_url, "PATIENCE_SECONDS", PATIENCE)


@pytest.mark.usefixtures("patient")
def test_doctor_times_events_through_the_public_address(nginx, flask):
    public = nginx.doctor(flask)

    assert public["state"] == "ok"
    assert re.search(r"as they happen, the slowest in \d+ ms", public["cause"])
    assert (
        db.session.query(ApiToken).count() == 0
    )  # the one it opened the stream with lived no longer


def test_doctor_sees_a_proxy_that_holds_events_back(web, ada, flask, tmp_path):
    sample = SAMPLE.replace("proxy_buffering off;", BUFFERING)
    assert sample != SAMPLE
    nginx = Nginx(tmp_path, web.port, sample=sample)
    try:
        public = nginx.doctor(flask)
    finally:
        nginx.stop()

    assert (public["state"], "holds events back" in public["cause"]) == ("down", True)
    assert "turn off buffering" in public["remedy"]


@pytest.mark.usefixtures("patient")
def test_doctor_sees_an_address_that_does_not_answer_and_a_certificate_nobody_knows(nginx, flask):
    nobody = f"http://127.0.0.1:{free_port()}"

    def cause(url: str) -> str:
        env = {"NO_PROXY": "localhost,127.0.0.1", "REQUESTS_CA_BUNDLE": ""}
        return json.loads(flask("doctor", "--json", "--url", url, env=env).stdout)[-1]["cause"]

    assert f"{nobody} does not answer" in cause(nobody)
    assert "no valid certificate" in cause(nginx.url)


def test_proxy_waits_for_several_signs_of_life():
    waits = int(re.search(r"proxy_read_timeout (\d+)s", SAMPLE)[1])

    assert waits >= 3 * HEARTBEAT_SECONDS


def test_site_knows_its_public_address_whatever_a_visitor_claims(nginx, founder):
    browser = nginx.browser().sign_in(founder.email)
    claims = {"Host": "evil.example", "Port": "1", "Proto": "http", "Prefix": "/evil"}
    browser.session.headers.update({f"X-Forwarded-{name}": claims[name] for name in claims})

    page = browser.post("/admin/users/invite", email="new@example.org")

    assert f"{nginx.url}/sign-up?invitation=" in page.text
    assert "Strict-Transport-Security" in page.headers


def test_guessing_passwords_is_slowed_down(nginx, ada):
    browser = nginx.browser()
    guess = {"csrf_token": browser.token(), "email": ada.email, "password": "a wrong password"}

    def guessed() -> requests.Response:
        return browser.session.post(f"{nginx.url}/sign-in", data=guess, timeout=PATIENCE)

    assert guessed().status_code == 422
    wait_until(lambda: (refused := guessed()).status_code == 429 and "nginx" in refused.text)
