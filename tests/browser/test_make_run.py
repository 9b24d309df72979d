"""`make run` as a stranger meets it: from a brief to the clipboard, with a power cut between."""

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
from playwright.sync_api import Locator, Page, expect

from browser.conftest import CUT_OFF, PATIENCE_MS, Watch, create_account

# The model writes as fast as the machine, and beside others that is slow.
WRITES_WITHIN = 3 * PATIENCE_MS
# Tells at once, where asking now and then would see a short text only when it is complete.
FIRST_WORD = """() => new Promise((resolve) => {
  const look = () => document.querySelector("article.card [data-text]")?.textContent && resolve();
  new MutationObserver(look)
    .observe(document, { subtree: true, childList: true, characterData: true });
  look();
})"""
WORD = re.compile(r"\w")
TOPIC = "A teapot of red clay from Northwind. It holds 0.8 litres and costs 24 euros."
LEFT_AS_IT_IS = 4  # characters at the end of a text, behind the passage that is rewritten
# Where to keep the picture of the README: PICTURE=docs/pictures/at_work.png
PICTURE = os.environ.get("PICTURE")
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
                cwd=ROOT, env=kept | own, stdout=log, stderr=log, preexec_fn=on_one_core,
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


def on_one_core() -> None:
    """Where several compute, the model's threads burn the time in which they wait for a core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


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
    context = chromium.new_context(
        base_url=stack.url,
        permissions=["clipboard-write"],
        viewport={"width": 1280, "height": 900},
    )
    context.set_default_timeout(WRITES_WITHIN)
    watch = Watch(stack.url)
    watch.expect(CUT_OFF)
    watch.over(context)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()
    assert watch.troubles == []


def submit(page: Page, topic: str, texts: str) -> None:
    """Ask for the kind of text that is the shortest: the model writes as fast as the machine."""
    page.get_by_label("What to write").select_option("Ad copy")
    page.get_by_label("Length").select_option("Short")
    page.get_by_label("Topic and facts").fill(topic)
    page.get_by_text("More: keywords").click()
    page.get_by_label("How many texts of it").select_option(label=texts)
    page.get_by_role("button", name="Write it in 1 s").click()


def completed(page: Page, words: str) -> Locator:
    """The version beside the text that says so of itself, once the model has written it."""
    beside = page.locator(".suggestion", has_text=words)
    expect(beside.locator(".badge")).to_have_text("Completed", timeout=WRITES_WITHIN)
    expect(beside.get_by_role("button", name="Use this text")).to_be_visible()
    expect(beside.locator(".text")).to_have_text(WORD)
    return beside


def is_copied(page: Page) -> bool:
    """Press Copy: a page that is drawn anew in that moment has another button."""
    page.get_by_role("button", name="Copy", exact=True).click()
    with suppress(AssertionError):
        expect(page.get_by_role("button", name="Copied")).to_be_visible(timeout=1000)
        return True
    return False


@pytest.mark.timeout(20 * PATIENCE)
def test_from_a_brief_to_the_clipboard_and_a_power_cut_between(page: Page, stack: Stack) -> None:
    if "found at 127.0.0.1:11434" in stack.log:
        pytest.skip("an Ollama runs here, so that the built-in model does not")
    wait_until(lambda: "Smart Content is ready: " in stack.log)
    assert "Worker ready" in stack.log.partition("Smart Content is ready: ")[0]
    assert f"set -a; . '{stack.home}/local.env'; set +a\n" in stack.log
    assert "GENERATION_DELAY_SECONDS=1\n" in stack.settings_for_commands()
    create_account(page)
    expect(page.get_by_text("Demo model:")).to_be_visible()

    # One brief, two texts; the power fails while the first of them is written.
    submit(page, TOPIC, "2 texts: careful, freer")
    expect(page.locator("article.card").first).to_be_visible()
    page.evaluate(FIRST_WORD)
    stack.kill_everything()
    expect(page.get_by_text("The live connection is interrupted")).to_be_visible()
    stack.start()
    page.goto("/")
    page.get_by_role("link", name=TOPIC).click()
    freer = completed(page, "from the brief, freer")
    article = page.locator("article.view")
    text = article.locator("> .text")
    expect(article.locator("> header .badge")).to_have_text("Completed", timeout=WRITES_WITHIN)
    expect(text).to_have_text(WORD)
    expect(page.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    if PICTURE:
        page.screenshot(path=PICTURE)

    # One is chosen; a passage of it is made shorter, and taken over.
    chosen = freer.locator(".text").inner_text()
    freer.get_by_role("button", name="Use this text").click()
    expect(text).to_have_text(chosen, use_inner_text=True)
    page.get_by_role("link", name="Edit title and text").click()
    editor = page.get_by_label("Text (Markdown)")
    end = editor.input_value()[-LEFT_AS_IT_IS:]
    shorter = page.get_by_role("button", name="Shorter")
    expect(shorter).to_be_disabled()  # and there: the script hears what is marked from now on
    editor.focus()
    editor.evaluate(f"field => field.setSelectionRange(0, field.value.length - {LEFT_AS_IT_IS})")
    shorter.click()
    passage = completed(page, "version 2, a passage: shorter")
    passage.get_by_role("button", name="Use this text").click()
    expect(passage).to_have_count(0)

    # It is edited by hand; what the brief does not say is found, mended, and copied.
    page.get_by_role("link", name="Edit title and text").click()
    assert editor.input_value().endswith(end)
    editor.fill("The pot holds 1.9 litres.")
    page.get_by_role("button", name="Save").click()
    expect(text).to_have_text("The pot holds 1.9 litres.")
    page.get_by_role("checkbox", name="1.9 litres").check()
    page.get_by_role("button", name="Mend what is ticked").click()
    mended = completed(page, "version 4: own words")
    result = mended.locator(".text").inner_text()
    mended.get_by_role("button", name="Use this text").click()
    expect(text).to_have_text(result, use_inner_text=True)
    expect(mended).to_have_count(0)
    wait_until(lambda: is_copied(page))
