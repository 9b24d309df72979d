"""Networks as people have them: silent, blocked, changed; and sessions that end meanwhile."""

import pytest
from conftest import PASSWORD
from faults.proxy import Proxy
from playwright.sync_api import Page, Route, expect
from processes import Processes

from browser.conftest import let_the_minute_pass, sign_in, submit
from browser.test_live_text import BEGINNING, REST, has_kept, shows
from browser.test_recovery import CUT_OFF, line  # noqa: F401
from smartcontent.models import User
from smartcontent.stores.sql import db

# The page waits for two seconds and not for 45 until it takes silence for death.
IMPATIENT = """new MutationObserver(() => {
  if (document.body?.dataset.silence === "45") document.body.dataset.silence = "2";
}).observe(document, { subtree: true, childList: true })"""
STREAM = b"GET /events"
INTERRUPTED = "The live connection is interrupted"
NOT_LIVE = "This page is not live"
DIVERTED = "Something else answers"
SIGNED_OUT = "You are signed out."
# Whether the page says so: a sign of life a moment later makes it live again.
GO_OFFLINE = """() => {
  dispatchEvent(new Event("offline"));
  return !document.querySelector("#connection [data-when=interrupted]").hidden;
}"""


@pytest.fixture
def content(ada, dictation):
    """A content of Ada's that is being written."""
    return submit(ada, delay_seconds=0)


@pytest.fixture
def page(open_page, ada, content, line, watch) -> Page:  # noqa: F811
    """The content's page, over a network that can break."""
    url = f"http://127.0.0.1:{line.port}"
    watch.expect(url, CUT_OFF)
    return open_page(f"/contents/{content.id}", user=ada, base_url=url)


def end_sessions(user: User) -> None:
    """As by signing out on another device."""
    user.end_sessions()
    db.session.commit()


def test_stream_that_is_open_but_dead_is_noticed(page, dictation, line):  # noqa: F811
    shows(page, dictation.say(*BEGINNING))

    for sign in (
        "dispatchEvent(new Event('online'))",
        "document.dispatchEvent(new Event('visibilitychange'))",
    ):
        line.strand(STREAM)
        dictation.say("More tea. ")
        page.evaluate(sign)
        shows(page, dictation.text)

    page.add_init_script(IMPATIENT)
    page.reload()
    shows(page, dictation.text)
    line.strand(STREAM)
    dictation.say(*REST)
    shows(page, dictation.text)
    dictation.end()
    has_kept(page, dictation.text)


# The product with signs of life often enough for a test to see many.
PACED_WSGI = """
from smartcontent.app import create_app
from smartcontent.live import sweeper
sweeper.HEARTBEAT_SECONDS = 3
app = create_app()
"""
SOME_SIGNS = 260  # bytes


def test_page_that_hears_by_the_block_asks_and_says_so(
    open_page, stack, ada, content, dictation, watch, tmp_path
):
    (tmp_path / "wsgi.py").write_text(PACED_WSGI)
    paced = Processes(stack.processes.settings, tmp_path)
    paced.start("web", GUNICORN_CMD_ARGS=f"--pythonpath {tmp_path}")
    with Proxy(paced.port) as wire:
        url = f"http://127.0.0.1:{wire.port}"
        watch.expect(url, CUT_OFF)
        page = open_page(f"/contents/{content.id}", user=ada, base_url=url)
        shows(page, dictation.say(*BEGINNING))

        wire.pass_blocks(STREAM, SOME_SIGNS)
        expect(page.get_by_text(NOT_LIVE)).to_be_visible()
        dictation.say(*REST)
        shows(page, dictation.text)
        dictation.end()
        has_kept(page, dictation.text)
        expect(page.get_by_text(NOT_LIVE)).to_be_visible()
    paced.stop()


def block(route: Route) -> None:
    route.abort("blockedbyclient")


def swallow(route: Route) -> None:
    """Let the request hang, as a proxy does that waits for the end of the answer."""


@pytest.mark.parametrize("hold_back", [block, swallow])
def test_page_that_no_stream_comes_to_asks_and_says_so(open_page, ada, dictation, watch, hold_back):
    watch.expect("ERR_BLOCKED_BY_CLIENT")
    page = open_page("/account/", user=ada)
    page.context.route("**/events?*", hold_back)
    submit(ada)
    page.goto("/")
    let_the_minute_pass()
    shows(page, dictation.say(*BEGINNING))
    dictation.end()
    expect(page.locator(".badge")).to_have_text("Completed")
    expect(page.get_by_text(NOT_LIVE)).to_be_visible()

    page.context.unroute("**/events?*")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text(NOT_LIVE)).to_be_hidden()


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "content_type": "application/json", "body": '{"error": "sign in first"}'},
        {"status": 302, "headers": {"location": "http://portal.example/"}},
    ],
    ids=["page", "redirect"],
)
def test_page_says_that_somebody_answers_in_the_servers_place_and_takes_nothing_of_it(
    open_page, ada, dictation, watch, answer
):
    watch.expect("portal.example", "MIME type", "ERR_FAILED", "ERR_NAME_NOT_RESOLVED")
    submit(ada, "A teapot", delay_seconds=0)
    page = open_page("/", user=ada)
    shows(page, dictation.say(*BEGINNING))

    page.context.route("**/*", lambda route: route.fulfill(**answer))
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text(DIVERTED)).to_be_visible()
    with page.expect_request("**/list?*"):
        page.get_by_label("Search title").fill("teapot")
    expect(page.get_by_role("heading", name="A teapot")).to_be_visible()
    dictation.say(*REST)

    page.context.unroute("**/*")
    shows(page, dictation.text)
    expect(page.get_by_text(DIVERTED)).to_be_hidden()
    expect(page.locator("#list")).to_contain_text("1 found")


def test_page_that_is_offline_and_hears_its_server_is_live(page, dictation):
    shows(page, dictation.say(*BEGINNING))

    assert page.evaluate(GO_OFFLINE)
    shows(page, dictation.say(*REST))

    expect(page.get_by_text(INTERRUPTED)).to_be_hidden()


def test_page_whose_script_does_not_come_says_so(open_page, ada, watch):
    watch.expect("ERR_BLOCKED_BY_CLIENT")
    page = open_page("/account/", user=ada)
    note = page.get_by_text("The script of this page has not come yet")
    expect(note).not_to_be_in_viewport()

    page.context.route("**/connection.js", block)
    page.reload()
    page.evaluate("document.getAnimations().forEach((each) => each.finish())")

    expect(note).to_be_in_viewport()


def test_page_whose_session_has_ended_says_that_and_leads_back(
    open_page, ada, bob, dictation, watch
):
    watch.expect("status of 401")
    content = submit(ada, "Ada's teapot", delay_seconds=0)
    page = open_page(f"/contents/{content.id}", user=ada)
    shows(page, dictation.say(*BEGINNING))

    end_sessions(ada)
    dictation.end()
    expect(page.get_by_text(SIGNED_OUT)).to_be_visible()
    expect(page.get_by_text(INTERRUPTED)).to_be_hidden()
    sign_in(page.context, bob)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text(SIGNED_OUT)).to_be_visible()
    expect(page.get_by_role("heading", name="Ada's teapot")).to_be_visible()

    page.get_by_role("link", name="sign in again").click()
    page.get_by_label("Email address").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{page.evaluate('location.origin')}/contents/{content.id}")
    has_kept(page, dictation.text)
