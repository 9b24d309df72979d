"""A web process whose event loop is watched, and what people do who would stop it for all others.

Every look of the loop at its sockets is noted, and between two of them the CPU time of the thread:
for so long nobody else was served. What a busy machine does to a process is not in that.
"""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Event as Shared
from pathlib import Path
from uuid import UUID

import requests
from conftest import NO_QUOTAS, make_user
from patience import PATIENCE
from processes import Browser, Processes

from smartcontent.app import create_app
from smartcontent.briefs.brief import Brief
from smartcontent.briefs.task import Deed, Task
from smartcontent.contents import submitting
from smartcontent.contents.series import acting
from smartcontent.contents.series.acting import SERIES_MOST, Plan
from smartcontent.contents.versions import VERSIONS_KEPT
from smartcontent.models import ApiToken, Draft, Status, User, now
from smartcontent.models.search_index import findable_by, make_findable
from smartcontent.stores.sql import db

WATCHED_WSGI = """
import os
import sys
import time

from gevent import get_hub
from sqlalchemy import text

from smartcontent.app import create_app
from smartcontent.stores.sql import db

app = create_app()
watch = {"longest": 0.0, "since": None, "look": None}


def note():
    moment = time.thread_time()
    if watch["since"] is not None:
        watch["longest"] = max(watch["longest"], moment - watch["since"])
    watch["since"] = moment


@app.get("/longest-hold")
def longest_hold():
    if watch["look"] is None:  # in the thread of the event loop
        watch["look"] = get_hub().loop.check(ref=False)
        watch["look"].start(note)
    longest, watch["longest"] = watch["longest"], 0.0
    return {"seconds": longest, "pid": os.getpid(), "lock_seconds": sys.getswitchinterval()}


@app.get("/count")
def count():
    db.session.execute(text(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000000)"
        " SELECT count(*) FROM n"
    ))
    return {}


@app.get("/hold")
def hold():
    until = time.thread_time() + 0.6
    while time.thread_time() < until:
        pass
    return {}
"""
SETTINGS = {"SIGNUP": "open", "SIGNUPS_PER_HOUR": 10_000, **NO_QUOTAS}
EMAIL = "ada@example.org"
LARGE = 100_000
BRIEF = {"content_type": "product_description", "topic": "A teapot"}
UNFINISHED = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"
CHUNKED = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"1\r\na\r\n"
WORST_FIELDS = (
    "a@" + "." * LARGE + "@",
    "a@" + "a." * (LARGE // 2) + "@",
    "@" * LARGE,
    " " * LARGE + "\0",
    "a" * LARGE,
    ",".join("a" * (LARGE // 2)),
)
WORST_TEXTS = (
    "good " * (LARGE // 5),
    ">" * 20 + "\n" + "a\n" * (LARGE // 2 - 20),
    "[" * LARGE,
    "![" * (LARGE // 2),
    "|" * (LARGE // 2) + "\n" + "|-" * (LARGE // 4),
    "*" * LARGE,
    "\u0315\u0300" * (LARGE // 4),
    "a." * (LARGE // 2),
)


@dataclass(frozen=True)
class Size:
    """How much of each there is in an attack."""

    edits: int = 3
    pending: int = 500
    long_texts: int = 20
    short_texts: int = 100
    versions: int = VERSIONS_KEPT
    sign_ups: int = 60
    fields: int = 6


# What still shows that the loop is held: as much of one thing, not so many things.
SMALL = Size(edits=1, pending=20, long_texts=3, short_texts=20, versions=3, fields=2)


class Attacked:
    """A watched web process with a user who is up to no good."""

    hold_seconds = 0.0

    def __init__(
        self, settings: dict, folder: Path, connections: int, size: Size | None = None
    ) -> None:
        (folder / "wsgi.py").write_text(WATCHED_WSGI)
        self.settings, self.connections = {**settings, **SETTINGS}, connections
        self.size = size or Size()
        self.app = create_app(**self.settings)
        with self.app.app_context():
            self.user_id = make_user(EMAIL).id
        self._processes = Processes(self.settings, folder)
        self._processes.zygotes = {}  # when gevent patches what is a part of it
        self._processes.start("web", GUNICORN_CMD_ARGS=f"--pythonpath {folder}")
        self.url, self.port = self._processes.url, self._processes.port
        self.are_held: threading.Event | Shared = threading.Event()
        self._pid = self.watched()["pid"]

    def stop(self) -> None:
        self._processes.stop()

    def longest_hold(self) -> float:
        """The most CPU seconds that the loop was held for between two looks, since last asked."""
        told = self.watched()
        assert told["pid"] == self._pid, "held for so long that gunicorn took another process"
        return told["seconds"]

    def watched(self) -> dict:
        return requests.get(f"{self.url}/longest-hold", timeout=PATIENCE).json()

    def browser(self) -> Browser:
        return Browser(self.url).sign_in(EMAIL)

    def finished(self, text: str, title: str = "A teapot", **brief: str) -> UUID:
        """A content of the user with this text."""
        with self.app.app_context():
            content = submitting.submit(self.user_id, Brief(**_whole(BRIEF | brief)), title)
            make_findable(content, findable_by(text))
            content.current.move(Status.CANCELLED, text=text)
            db.session.remove()
            return content.id

    def token(self) -> str:
        """A token of the user's."""
        with self.app.app_context():
            return ApiToken.issue(db.session.get(User, self.user_id), "x")[1]


def _whole(fields: dict) -> dict:
    rest = {"audience": "", "tone": "warm", "length": "short", "language": "en"}
    return {**rest, "keywords": (), "instructions": "", **fields}


def unfinished_bodies(web: Attacked) -> None:
    """As many as it takes, each with one byte of its body."""
    with ExitStack() as held:
        for _ in range(web.connections):
            client = held.enter_context(socket.create_connection(("127.0.0.1", web.port), PATIENCE))
            client.sendall(UNFINISHED)
        requests.get(f"{web.url}/healthz", timeout=PATIENCE)
        web.are_held.set()
        time.sleep(web.hold_seconds)


def tiny_chunks(web: Attacked) -> None:
    """Bodies of nothing but chunks of one byte, which all come once all are begun."""
    with ExitStack() as held:
        clients = []
        for _ in range(web.connections // 4):
            client = held.enter_context(socket.create_connection(("127.0.0.1", web.port), PATIENCE))
            client.sendall(CHUNKED + CHUNK)
            clients.append(client)
        requests.get(f"{web.url}/healthz", timeout=PATIENCE)
        web.are_held.set()
        for client in clients:
            with suppress(ConnectionError):  # others had to give way to it
                client.sendall(CHUNK * 16_000)
        requests.get(f"{web.url}/healthz", timeout=PATIENCE)
        time.sleep(web.hold_seconds)


def worst_forms(web: Attacked) -> None:
    """Every field of every form with its worst: a stranger's, then a user's; a brief has many."""
    stranger, user = Browser(web.url), web.browser()
    fields = ("topic", "audience", "keywords", "instructions", "title", "language")
    for number, worst in enumerate(WORST_FIELDS):
        stranger.post("/sign-in", email=worst, password=worst)
        stranger.post("/sign-up", email=worst, password=worst, password_again=worst)
        user.post("/account/password", password_now=worst, password=worst, password_again=worst)
        user.post("/account/tokens", name=worst)
        for field in (fields * 2)[number:][: web.size.fields]:
            user.post("/contents", **{**BRIEF, field: worst})
        user.session.get(f"{web.url}/", params={"q": worst[:4000], "cursor": worst[:3000]})


def worst_texts(web: Attacked) -> None:
    """Texts that are costly to score or to show, edited and looked at; many of them."""
    user = web.browser()
    for worst in WORST_TEXTS:
        content_id = web.finished(worst)
        user.session.get(f"{web.url}/contents/{content_id}", timeout=PATIENCE)
        user.session.get(f"{web.url}/", timeout=PATIENCE)
        for number in range(web.size.edits):
            user.post(f"/contents/{content_id}/text", title=f"Edited {number}", text=worst)


def worst_searches(web: Attacked) -> None:
    """A word that is found at the end of long texts only, each sign of which is one by itself; and
    a statement that takes the database long."""
    for _ in range(web.size.long_texts):
        web.finished("好" * LARGE + " zebra")
    user = web.browser()
    found = user.session.get(f"{web.url}/list", params={"q": "zebra"}, timeout=PATIENCE).text
    assert "<mark>zebra</mark>" in found
    assert user.session.get(f"{web.url}/count", timeout=PATIENCE).ok


def many_found(web: Attacked) -> None:
    """Short texts and long briefs, no part of which has all of the phrases that are sought."""
    first, *others = [f"甲{sign}" for sign in "子乙丙丁戊己庚辛壬癸"]
    brief = {"topic": "甲" * 1_990, "instructions": "甲" * 3_990}
    for _ in range(web.size.short_texts):
        web.finished(f"{'甲' * 5_950} {' '.join(others)}", title=first, **brief)
    user, sought = web.browser(), {"q": " ".join([first, *others]), "limit": 100}
    headers = {"Authorization": f"Bearer {web.token()}"}
    page, listed = (
        user.session.get(f"{web.url}/{path}", params=sought, headers=headers, timeout=PATIENCE)
        for path in ("list", "api/v1/contents")
    )
    assert others[-1] in page.text
    assert len(listed.json()["items"]) >= web.size.short_texts


def many_drafts(web: Attacked) -> None:
    """A user with more pending drafts than anybody looks at opens page after page; and with as many
    series as one may have, each of which comes once in decades."""
    rarest = Plan(BRIEF, "0 0 30 2 1#5", "Africa/Casablanca")
    with web.app.app_context():
        for number in range(SERIES_MOST):
            acting.begin(web.user_id, rarest, key=f"{number}")  # the same where this comes twice
        for _ in range(web.size.pending):
            submitting.submit(web.user_id, Brief(**_whole(BRIEF)), "A teapot", delay_seconds=3600)
    user = web.browser()
    for _ in range(5):
        with user.session.get(f"{web.url}/events", stream=True, timeout=PATIENCE) as page:
            next(line for line in page.iter_lines() if line == b"event: snapshot")
    headers = {"Authorization": f"Bearer {web.token()}"}
    for path in ("/series", "/calendar/", "/api/v1/series"):
        assert user.session.get(f"{web.url}{path}", headers=headers, timeout=PATIENCE).ok


def many_versions(web: Attacked) -> None:
    """A content with as many long versions as are kept, opened and told; two of them, of which no
    sentence is the same, compared and shown sentence by sentence."""
    texts = [
        "".join(f"{sign}{chr(0x4E00 + n % 999)}。" for n in range(LARGE // 3)) for sign in "天地"
    ]
    content_id = web.finished(texts[0])
    with web.app.app_context():
        for number in range(2, web.size.versions + 1):
            draft = Draft(user_id=web.user_id, content_id=content_id, number=number)
            draft.text, draft.status, draft.finished_at = texts[number % 2], Status.COMPLETED, now()
            draft.task = Task(Deed.REFINE, number - 1, "warmer").as_json()
            db.session.add(draft)
        db.session.commit()
    user, last = web.browser(), f"versions/{web.size.versions}"
    headers = {"Authorization": f"Bearer {web.token()}"}
    for page in (
        *(f"contents/{content_id}", f"contents/{content_id}/text", f"contents/{content_id}/{last}"),
        f"contents/{content_id}/compare?from=2&to=3",
        f"contents/{content_id}/{last}/sentences",
        *(f"api/v1/contents/{content_id}", f"api/v1/contents/{content_id}/diff?from=2&to=3"),
    ):
        answer = user.session.get(f"{web.url}/{page}", headers=headers, timeout=PATIENCE)
        assert answer.ok, page
        assert len(answer.content) < 3_000_000, page


def many_sign_ups(web: Attacked) -> None:
    """Accounts, all at once."""

    def sign_up(number: int) -> int:
        password = {"password": "a long new password", "password_again": "a long new password"}
        address = f"eve{number}@example.org"
        return Browser(web.url).post("/sign-up", email=address, **password).status_code

    with ThreadPoolExecutor(web.size.sign_ups) as pool:
        assert set(pool.map(sign_up, range(web.size.sign_ups))) == {303}


def worst_tables_and_files(web: Attacked) -> None:
    """Tables with as much in them as fits, and the largest files of texts that are many lines."""
    user = web.browser()
    heading = ",".join(f"{'A b ' * 49}{number:04}" for number in range(100))
    for table in (
        f"{heading}\n{',' * 99}x",
        ",".join("A b " * 5_000 for _ in range(90)) + "\nx",
        "Topic,Type\n" + "\n".join(f"{'x' * 1_900},{number}" for number in range(1_000)),
    ):
        sent = user.session.post(
            f"{web.url}/batches",
            data={"csrf_token": user.token()},
            files={"file": ("table.csv", table)},
            timeout=PATIENCE,
        )
        assert sent.status_code in (200, 422)
    content_id = web.finished("a\n" * 9_000)
    for name in ("pdf", "docx"):
        page = f"{web.url}/contents/{content_id}/export?format={name}"
        assert user.session.get(page, timeout=PATIENCE).ok


ATTACKS = {
    "unfinished bodies": unfinished_bodies,
    "tiny chunks": tiny_chunks,
    "worst forms": worst_forms,
    "worst texts": worst_texts,
    "worst searches": worst_searches,
    "many found": many_found,
    "many drafts": many_drafts,
    "many versions": many_versions,
    "many sign-ups": many_sign_ups,
    "worst tables and files": worst_tables_and_files,
}
