"""A page that slept or was cut off shows the words on record as soon as it can."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import wait_until
from faults.proxy import Proxy
from playwright.sync_api import Browser, Page, expect

from browser.conftest import CUT_OFF, finished, stored, submit
from browser.test_live_text import BEGINNING, PIECES, REST, has_kept, shows
from smartcontent.events import text_so_far
from smartcontent.models import Status


@pytest.fixture
def line(stack) -> Iterator[Proxy]:
    """The network between the browser and the web process."""
    with Proxy(stack.processes.port) as proxy:
        yield proxy


@pytest.fixture
def content(ada, dictation):
    """A content of Ada's that is being written."""
    return submit(ada, delay_seconds=0)


@pytest.fixture
def page(open_page, ada, content, line, watch) -> Page:
    """The content's page, over that network."""
    url = f"http://127.0.0.1:{line.port}"
    watch.expect(url, CUT_OFF)
    return open_page(f"/contents/{content.id}", user=ada, base_url=url)


@contextmanager
def asleep(browser: Browser) -> Iterator[None]:
    """Meanwhile nothing in any tab runs, as on a laptop that is closed."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    tabs = [process["id"] for process in told if process["type"] == "renderer"]
    for tab in tabs:
        os.kill(tab, signal.SIGSTOP)
    try:
        yield
    finally:
        for tab in tabs:
            os.kill(tab, signal.SIGCONT)


@pytest.mark.parametrize("ends_meanwhile", [False, True])
@pytest.mark.parametrize("is_cut", [False, True])
def test_tab_that_slept_catches_up(
    page, content, dictation, line, chromium, ends_meanwhile, is_cut
):
    shows(page, dictation.say(*BEGINNING))

    with asleep(chromium):
        dictation.say(*REST)
        wait_until(lambda: text_so_far(content.current.id, 1) == dictation.text)
        if ends_meanwhile:
            dictation.end()
            wait_until(lambda: stored(content.id).status == Status.COMPLETED)
        if is_cut:
            line.cut()

    if not ends_meanwhile:
        shows(page, dictation.text)
        dictation.end()
    has_kept(page, dictation.text)


def test_network_that_was_cut_in_mid_text_costs_no_character(page, content, dictation, line):
    interrupted = page.get_by_text("The live connection is interrupted")
    shows(page, dictation.say(*BEGINNING))

    line.refuse()
    expect(interrupted).to_be_visible()
    dictation.say(*REST)
    line.restore()

    expect(interrupted).to_be_hidden()
    shows(page, dictation.text)
    for piece in PIECES:
        shows(page, dictation.say(piece))
    dictation.end()
    has_kept(page, dictation.text)
    assert stored(content.id).text == dictation.text


def test_text_that_ended_while_the_network_was_away_is_shown_as_it_is_on_record(
    page, content, dictation, line
):
    shows(page, dictation.say(*BEGINNING))

    line.refuse()
    dictation.say(*REST)
    dictation.end()
    wait_until(lambda: stored(content.id).status == Status.COMPLETED)
    line.restore()

    has_kept(page, stored(content.id).text)


def test_title_forgets_what_ended_unheard_and_was_drawn_with_the_list(
    page, ada, content, dictation, line, watch
):
    """The list is drawn anew, for another content came; the ended draft's own card never is."""
    page.goto("/")
    dictation.say(*BEGINNING)
    expect(page).to_have_title("Writing… · Dashboard · Smart Content")
    watch.expect("status of 500")
    page.route("**/card*", lambda route: route.fulfill(status=500))

    line.refuse()
    finished(ada, "A cup", "It holds tea.")
    dictation.end()
    wait_until(lambda: stored(content.id).status == Status.COMPLETED)
    line.restore()

    expect(page.get_by_role("heading", name="A cup")).to_be_visible()
    expect(page).to_have_title("Dashboard · Smart Content")


def test_text_saved_as_it_is_stays_the_same_to_the_last_character(open_page, ada):
    text = "\n" + "".join(PIECES) + "\t trailing  \n\n"
    content = finished(ada, "A teapot", text)
    page = open_page(f"/contents/{content.id}", user=ada)

    page.get_by_text("Edit title and text").click()
    page.get_by_role("button", name="Save as a new version").click()

    expect(page.get_by_text("Saved as a new version.").first).to_be_visible()
    assert stored(content.id).text == text
