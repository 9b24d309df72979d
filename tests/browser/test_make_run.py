"""`make run` as a stranger meets it: the built-in model writes, and a power cut loses nothing."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from conftest import ROOT, free_port, wait_until
from patience import PATIENCE
from playwright.sync_api import Page, expect

from browser.conftest import PATIENCE_MS, Watch, create_account

# The model writes as fast as the machine, and beside others that is slow.
WRITES_WITHIN = 3 * PATIENCE_MS
# Tells at once, where asking now and then would see a short text only when it is complete.
FIRST_WORD = """() => new Promise((resolve) => {
  const look = () => document.querySelector("article.card [data-text]").textContent && resolve();
  new MutationObserver(look)
    .observe(document, { subtree: true, childList: true, characterData: true });
  look();
})"""
WORDS = re.compile(r"\w+ \w+ \w+")
BROUGHT = {"REDIS_URL", "DATABASE_URL", "OLLAMA_HOST", "OLLAMA_MODEL", "EMBEDDED_MODEL_PATH"}


class Stack:
    """What `make run` starts, in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        own = {
            "SMARTCONTENT_HOME": str(self.home),
            "PORT": str(self._port),
            "GENERATION_DELAY_SECONDS": "1",
        }
        kept = {name: value for name, value in os.environ.items() if name not in BROUGHT}
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "smartcontent.local"],
                cwd=ROOT, env=kept | own, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._answers)

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def settings_for_commands(self) -> str:
        return (self.home / "local.env").read_text()

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log
        try:
            return requests.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        except requests.RequestException:
            return False

    def kill_everything(self) -> None:
        """As a power cut does: no process gets to say a last word."""
        for pid in [self._process.pid, *descendants(self._process.pid)]:
            with suppress(ProcessLookupError):  # the kernel took it along with its parent
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in table.splitlines()]
    found = [pid]
    for parent in found:
        found += [child for child, its_parent in pairs if its_parent == parent]
    return found[1:]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    home = tmp_path / "my texts"  # in a shell's commands it has to be quoted
    home.mkdir()
    stack = Stack(home)
    yield stack
    stack.end()


@pytest.fixture
def page(chromium, stack) -> Iterator[Page]:
    context = chromium.new_context(base_url=stack.url)
    context.set_default_timeout(WRITES_WITHIN)
    watch = Watch(stack.url)
    watch.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
    watch.over(context)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()
    assert watch.troubles == []


def submit(page: Page, topic: str, length: str) -> None:
    """Ask for the kind of text that is the shortest: the model writes as fast as the machine."""
    page.get_by_label("What to write").select_option("Ad copy")
    page.get_by_label("Length").select_option(length)
    page.get_by_label("Topic and facts").fill(topic)
    page.get_by_role("button", name="Write it in 1 s").click()


@pytest.mark.timeout(10 * PATIENCE)
def test_first_minutes_and_a_power_cut(page: Page, stack: Stack) -> None:
    if "found at 127.0.0.1:11434" in stack.log:
        pytest.skip("an Ollama runs here, so that the built-in model does not")
    wait_until(lambda: "Smart Content is ready: " in stack.log)
    assert "Worker ready" in stack.log.partition("Smart Content is ready: ")[0]
    assert f"set -a; . '{stack.home}/local.env'; set +a\n" in stack.log
    assert "GENERATION_DELAY_SECONDS=1\n" in stack.settings_for_commands()
    create_account(page)
    expect(page.get_by_text("Demo model:")).to_be_visible()
    submit(page, "A teapot of red clay", "Short")
    first = page.locator("article.card").last
    expect(first.locator(".badge")).to_have_text("Completed", timeout=WRITES_WITHIN)
    expect(first.locator("[data-text]")).to_have_text(WORDS)

    submit(page, "A teapot of blue glass", "Long")
    expect(page.locator("article.card")).to_have_count(2)
    second = page.locator("article.card").first
    page.evaluate(FIRST_WORD)
    stack.kill_everything()
    expect(page.get_by_text("The live connection is interrupted")).to_be_visible()
    expect(second.locator(".badge")).to_have_text("Writing")
    stack.start()

    expect(second.locator(".badge")).to_have_text("Completed", timeout=WRITES_WITHIN)
    expect(second.locator("[data-text]")).to_have_text(WORDS)
    expect(page.locator("article.card")).to_have_count(2)
