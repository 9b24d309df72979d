"""The product below a path, behind a real nginx: every page, form, file, stream and redirect."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from conftest import PASSWORD
from nginx import NGINX, NO_NGINX, SAMPLE, SUB_PATH, Nginx
from patience import PATIENCE
from processes import Processes

from smartcontent.contents import submitting
from smartcontent.models import Content

pytestmark = pytest.mark.skipif(NGINX is None, reason=NO_NGINX)

PREFIX = "/smartcontent"
ADDRESS = re.compile(r'(?:href|src|action|data-(?:events|clock|list|fragment|copy-text))="([^"]*)"')
BEHIND = {"TRUSTED_PROXIES": 1, "COOKIE_SECURE": 1}
# Two ways to do it: the proxy takes the path away and tells of it, or leaves it.
TAKEN_AWAY = SAMPLE[: SAMPLE.index("    location / {")] + SUB_PATH + "}\n"
LEFT = TAKEN_AWAY.replace("http://smartcontent/;", "http://smartcontent;").replace(
    f"proxy_set_header X-Forwarded-Prefix {PREFIX};", 'proxy_set_header X-Forwarded-Prefix "";'
)


@pytest.fixture(params=["X-Forwarded-Prefix", "SCRIPT_NAME"])
def nginx(request, app, founder, settings, tmp_path: Path) -> Iterator[Nginx]:
    by_setting = request.param == "SCRIPT_NAME"
    more = {"SCRIPT_NAME": f"{PREFIX}/"} if by_setting else {}
    processes = Processes(settings, tmp_path, **BEHIND, **more).start("web")
    nginx = Nginx(tmp_path, processes.port, sample=LEFT if by_setting else TAKEN_AWAY, path=PREFIX)
    nginx.inside = processes.url
    yield nginx
    nginx.stop()
    processes.stop()


class Walk:
    """Follows every address of every page, one of each kind."""

    def __init__(self, site: str, session: requests.Session) -> None:
        self.outside: list[tuple[str, str]] = []
        self.broken: list[tuple[int, str]] = []
        self.seen: dict[str, str] = {}
        self._site = site
        self._session = session

    def follow(self, url: str) -> None:
        waiting = [url]
        while waiting:
            url = waiting.pop()
            if (kind := _kind(url.removeprefix(self._site))) not in self.seen:
                self.seen[kind] = url
                waiting += self._addresses(url)

    def _addresses(self, url: str) -> list[str]:
        if url.endswith("/events"):
            return []
        answer = self._session.get(url, timeout=PATIENCE)
        # What only takes a form is no page; that it is there is what counts.
        if answer.status_code >= 400 and answer.status_code != 405:
            self.broken.append((answer.status_code, url))
        if "text/html" not in answer.headers["Content-Type"] or answer.status_code == 405:
            return []
        # What rq-dashboard's script fills in, its own test in the browser follows.
        written = [unescape(each) for each in ADDRESS.findall(answer.text) if "<%" not in each]
        found = [urljoin(url, each) for each in written]
        own = [each.partition("#")[0] for each in found if each.startswith(f"{self._site}/")]
        self.outside += [(url, each) for each in found if each.partition("#")[0] not in own]
        return own


def _kind(url: str) -> str:
    return re.sub(r"[0-9a-f-]{36}|[0-9a-f]{16}|\d+", "1", url.partition("?")[0])


def test_everything_is_below_the_path(nginx: Nginx, founder, content: Content):
    browser = nginx.browser()
    signed_in = browser.post("/sign-in", email=founder.email, password=PASSWORD)
    submitting.submit(founder.id, content.brief, "A cup")
    walk = Walk(nginx.url, browser.session)

    walk.follow(f"{nginx.url}/")

    assert signed_in.headers["Location"].startswith(f"{PREFIX}/")
    assert {cookie.path for cookie in browser.session.cookies} == {PREFIX}
    assert {address for page, address in walk.outside if "/admin/rq/" not in page} == set()
    assert walk.broken == []
    assert {"/", "/account/", "/admin/", "/admin/users/", "/contents/1", "/static/1/app.js"} <= set(
        walk.seen
    )
    assert len(walk.seen) > 25


def test_forms_stream_and_health_checks_work_below_the_path(nginx: Nginx, founder):
    browser = nginx.browser().sign_in(founder.email)

    content = browser.submit()
    edited = browser.post(
        f"/contents/{content}/brief", content_type="blog_post_outline", topic="Tea"
    )
    held = browser.post(f"/contents/{content}/hold")
    invited = browser.post("/admin/users/invite", email="new@example.org")
    later = browser.session.get(f"{nginx.url}/account", timeout=PATIENCE)
    stream = browser.session.get(f"{nginx.url}/events", stream=True, timeout=PATIENCE)
    first = next(line for line in stream.iter_lines(chunk_size=1) if line.startswith(b"event"))
    stream.close()
    signed_out = browser.post("/sign-out")

    for answer in (edited, held, signed_out):
        assert (answer.status_code, answer.headers["Location"].find(f"{PREFIX}/")) == (303, 0)
    assert f"{PREFIX}/sign-up?invitation=" in invited.text
    assert later.url == f"{nginx.url}/account/"
    assert first == b"event: snapshot"
    assert requests.get(f"{nginx.inside}/healthz", timeout=PATIENCE).ok
