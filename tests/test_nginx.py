"""The nginx sample of docs/operations.md, run by a real nginx in front of a real web process."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from click.testing import Result
from conftest import BRIEF, SECRET, free_port, wait_until
from dictation import Dictation
from open_page import Page, pages
from patience import PATIENCE
from processes import Browser, Processes

from smartcontent import jobs
from smartcontent.extensions import db
from smartcontent.health import public_url
from smartcontent.models import ApiToken
from smartcontent.sweeper import HEARTBEAT_SECONDS

DOCUMENT = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
SAMPLE = re.search(r"```nginx\n(.*?)```", DOCUMENT, re.DOTALL)[1]
# Debian keeps it where only root's PATH looks.
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NO_NGINX = "NO TEST OF THE NGINX SAMPLE HAS RUN: install nginx, then run the tests again"

pytestmark = pytest.mark.skipif(NGINX is None, reason=NO_NGINX)

FRAME = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    {temporary}
    {sample}
}}
"""
# As many an nginx is set up for everything else.
BUFFERING = "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"
CURVE = "ec_paramgen_curve:prime256v1"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# The product with its sign of life once a second, so that nobody has to wait for a minute.
QUICK_WSGI = """
from smartcontent import create_app, sweeper
sweeper.HEARTBEAT_SECONDS = 1
app = create_app()
"""
QUICK_READ_TIMEOUT = 8


class Nginx:
    """The sample with the ports, the certificate and the read timeout of a test."""

    def __init__(
        self, folder: Path, web_port: int, read_timeout: int = 60, sample: str = SAMPLE
    ) -> None:
        self._port = free_port()
        self.url = f"https://localhost:{self._port}"
        self._folder = folder
        self._certify()
        self._configure(sample, web_port, read_timeout)
        command = [NGINX, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
        with (folder / "nginx.log").open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        try:
            wait_until(self._answers)
        except BaseException:
            self.stop()
            raise

    def _certify(self) -> None:
        files = ("-keyout", "privkey.pem", "-out", "fullchain.pem")
        name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            CURVE,
            "-nodes",
            *files,
            *name,
        ]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True)

    def _configure(self, sample: str, web_port: int, read_timeout: int) -> None:
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self._port} ssl http2;",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{web_port};",
            "/etc/letsencrypt/live/texts.example.org": str(self._folder),
            "proxy_read_timeout 60s;": f"proxy_read_timeout {read_timeout}s;",
        }.items():
            assert old in sample
            sample = sample.replace(old, new)
        paths = "\n".join(f"{kind}_temp_path {self._folder}/{kind};" for kind in TEMPORARY)
        (self._folder / "nginx.conf").write_text(FRAME.format(temporary=paths, sample=sample))

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "nginx.log").read_text()
        try:
            return self.browser().session.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False

    def browser(self) -> Browser:
        """A browser that trusts the certificate and says which page it was on."""
        browser = Browser(self.url)
        browser.session.trust_env = False  # or a bundle of the machine's would be trusted instead
        browser.session.verify = str(self._folder / "fullchain.pem")
        browser.session.headers["Referer"] = f"{self.url}/"
        return browser

    def doctor(self, flask: Callable[..., Result]) -> dict:
        """What flask doctor finds at the public address."""
        env = {"REQUESTS_CA_BUNDLE": str(self._folder / "fullchain.pem"), "NO_PROXY": "localhost"}
        result = flask("doctor", "--json", "--url", self.url, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return json.loads(result.stdout)[-1]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


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


def test_words_arrive_one_by_one_as_they_are_written(app, nginx, open_page, ada, ollama):
    page = open_page(nginx.browser().sign_in(ada.email)).opened()
    dictation = Dictation(ollama)
    draft = jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    db.session.commit()

    def write() -> None:
        with app.app_context():
            jobs.write_draft(draft.id)

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
    jobs.submit(ada.id, BRIEF, "A teapot")

    page.wait("status")
    assert not page.ended


def test_doctor_times_events_through_the_public_address(nginx, flask, monkeypatch):
    monkeypatch.setattr(public_url, "PATIENCE_SECONDS", PATIENCE)

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
