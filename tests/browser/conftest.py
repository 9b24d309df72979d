"""A real browser on the real product: web, worker and scheduler processes, a scripted Ollama.

One set of processes serves all tests of this folder; each test begins with an empty database.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from conftest import BRIEF, NO_QUOTAS, PASSWORD, SECRET, Valkey
from dictation import Dictation
from flask import Flask
from patience import PATIENCE, wait_until
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from processes import Processes
from scripted_ollama import ScriptedOllama
from sqlalchemy import Row, delete, select

from smartcontent.app import create_app
from smartcontent.contents import ending, submitting, versions, waiting
from smartcontent.models import UNFINISHED, Content, Draft, Status, User
from smartcontent.stores import keys
from smartcontent.stores.sql import db

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
EXECUTABLE = next(filter(None, map(shutil.which, [*NAMES, ON_MACOS])), None)
# Tabs of one person share a process, as they do where memory is short: a sixth of the CPU less.
ARGUMENTS = ["--process-per-site"]
NO_BROWSER = "NO BROWSER TEST HAS RUN: install Chromium or Chrome, then run the tests again"
PATIENCE_MS = 1000 * PATIENCE
LATER = 3600  # seconds until a draft is due that is not to start while a test lasts

# What a browser writes to the console where the server has gone: which of the net's errors it is
# depends on the moment at which it went.
CUT_OFF = "net::ERR_"

# No form's answer comes, and the page goes on waiting for it, however long that takes.
LOSE_ANSWERS = """() => {
  const later = globalThis.setTimeout;
  addEventListener("submit", () => { globalThis.setTimeout = () => 0; }, true);
  addEventListener("submit", (event) => { event.preventDefault(); globalThis.setTimeout = later; });
}"""

AWAIT_PASTE = """() => {
  globalThis.pasted = new Promise((resolve) => addEventListener("paste", (event) => {
    resolve(["text/plain", "text/html"].map((type) => event.clipboardData.getData(type)));
    event.preventDefault();
  }, { once: true }));
}"""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser of the machine; Playwright's own is never downloaded."""
    if EXECUTABLE is None:
        pytest.skip(NO_BROWSER)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Stack:
    """The product, running."""

    app: Flask
    processes: Processes
    ollama: ScriptedOllama
    valkey: Valkey


@pytest.fixture(scope="package")
def stack(chromium, databases, tmp_path_factory) -> Iterator[Stack]:
    """Started once, for starting it takes longer than most tests do."""
    folder = tmp_path_factory.mktemp("browser")
    database = shutil.copy(databases["sqlite"], folder / "smartcontent.db")
    valkey = Valkey(folder)
    with ScriptedOllama() as ollama:
        settings = {
            "DATABASE_URL": f"sqlite:///{database}",
            "REDIS_URL": valkey.url,
            "OLLAMA_HOST": ollama.url,
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": str(folder),
            "LEASE_SECONDS": 60,  # a busy machine may hold a slot for as long as its own lasts
            "OLLAMA_GAP_SECONDS": LATER,  # a dictation is silent for as long as a test likes
            **NO_QUOTAS,
        }
        processes = Processes(settings, folder).start()
        yield Stack(create_app(**settings), processes, ollama, valkey)
        processes.stop()
    valkey.kill()


@pytest.fixture
def processes(stack: Stack) -> Processes:
    return stack.processes


@pytest.fixture
def ollama(stack: Stack) -> ScriptedOllama:
    stack.ollama.requests.clear()
    return stack.ollama


@pytest.fixture
def valkey(stack: Stack) -> Valkey:
    return stack.valkey


@pytest.fixture
def dictation(ollama: ScriptedOllama) -> Dictation:
    return Dictation(ollama)


@pytest.fixture
def app(stack: Stack) -> Iterator[Flask]:
    """The app on the database of the processes, which is empty again afterwards."""
    with stack.app.app_context():
        yield stack.app
        db.session.commit()
        for draft in db.session.scalars(select(Draft).where(Draft.status.in_(UNFINISHED))).all():
            ending.cancel(draft)
        db.session.commit()
        # One that was claimed and has not asked yet would be given what the next test scripts.
        wait_until(lambda: not is_busy(stack.valkey))
        assert stack.ollama.wait_idle()
        stack.ollama.waiting.clear()
        db.session.execute(delete(User))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def is_busy(valkey: Valkey) -> bool:
    """Whether a worker has a draft in hand: from before its claim until its end has been told."""
    workers = valkey.client.smembers(keys.WORKERS_OF_QUEUE)
    return any(valkey.client.hget(worker, "state") == b"busy" for worker in workers)


class Watch:
    """What no page may do: write an error to the console, break the policy, or phone elsewhere."""

    def __init__(self, url: str) -> None:
        self.troubles: list[str] = []
        self._expected: list[str] = []
        self._url = url

    def over(self, context: BrowserContext) -> None:
        context.on("console", lambda told: self._note(told.type in ("error", "warning"), told.text))
        context.on("weberror", lambda error: self._note(True, str(error.error)))
        context.on("request", lambda asked: self._note(self._is_elsewhere(asked.url), asked.url))

    def expect(self, *words: str) -> None:
        """Not a trouble in this test: lines with one of these words."""
        self._expected += words

    def _is_elsewhere(self, url: str) -> bool:
        return not url.startswith((f"{self._url}/", "data:", "blob:"))

    def _note(self, is_trouble: bool, text: str) -> None:
        if is_trouble and not any(words in text for words in self._expected):
            self.troubles.append(text)


@pytest.fixture
def watch(stack: Stack) -> Iterator[Watch]:
    watch = Watch(stack.processes.url)
    yield watch
    assert watch.troubles == []


@pytest.fixture
def open_page(chromium, stack, app, watch) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser without a past, as a visitor or as a user who is signed in."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", user: User | None = None, **options: object) -> Page:
        context = chromium.new_context(
            locale="en-GB",
            permissions=["clipboard-write"],
            **{
                "base_url": stack.processes.url,
                "viewport": {"width": 1280, "height": 900},
                **options,
            },
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.over(context)
        if user is not None:
            sign_in(context, user)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(context: BrowserContext, user: User) -> None:
    """Give the browser a session, without a page."""
    page = context.request.get("/sign-in").text()
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    form = {"email": user.email, "password": PASSWORD, "csrf_token": token}
    assert context.request.post("/sign-in", form=form).ok


def create_account(page: Page) -> None:
    """Fill in the form for a new account."""
    page.get_by_label("Email address").fill("grace@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def until_script_listens(page: Page) -> None:
    """On a page to which a press has led: what the server draws is there before its script is."""
    expect(page.locator("html")).to_have_class("js")


def press_ctrl_enter(page: Page) -> None:
    """Submit the brief from the keyboard."""
    until_script_listens(page)
    page.get_by_label("Topic and facts").press("Control+Enter")


def paste(page: Page) -> tuple[str, str]:
    """What is on the clipboard, as text and as HTML: no script of a page of ours may read it."""
    page.evaluate(AWAIT_PASTE)
    page.keyboard.press("ControlOrMeta+v")
    text, html = page.evaluate("pasted")
    return text, html


@pytest.fixture
def page(open_page, ada) -> Page:
    """Ada's dashboard."""
    return open_page(user=ada)


def stored(content_id: str | UUID) -> Row[tuple[str, str]]:
    """Status and text of a content's current draft, as they are on record now."""
    db.session.commit()
    row = db.session.execute(
        select(Draft.status, Draft.text)
        .join(Draft.content)
        .where(Content.id == UUID(str(content_id)), Draft.number == Content.current_number)
    ).one()
    db.session.commit()  # SQLite has one writer: the test must not be it meanwhile
    return row


def let_the_minute_pass() -> None:
    """Have the draft that waits be due now: the test's minute has no sixty seconds."""
    pending = select(Draft).where(Draft.status == Status.PENDING)
    assert waiting.start_now(db.session.scalars(pending).one())


def submit(owner: User, title: str = "A teapot", delay_seconds: float = LATER) -> Content:
    """A content of the owner's whose first draft is due after the delay."""
    content = submitting.submit(owner.id, BRIEF, title, delay_seconds=delay_seconds)
    db.session.refresh(content)
    db.session.commit()
    return content


def finished(owner: User, title: str, text: str) -> Content:
    """A content of the owner's with this text, completed."""
    content = submit(owner, title)
    ending.cancel(content.current)
    versions.save_edit(content, title, text)
    db.session.refresh(content)
    db.session.commit()
    return content
