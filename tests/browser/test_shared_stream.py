"""All tabs of a user live on one event stream, and on another as soon as that one is gone."""

from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest
import requests
from conftest import wait_until
from patience import PATIENCE
from playwright.sync_api import Page, expect

from browser.conftest import CUT_OFF, sign_in, stored, submit
from browser.test_live_text import BEGINNING, REST, has_kept, shows
from browser.test_network import IMPATIENT
from smartcontent.models import ApiToken

STREAMS_PER_USER = 6
# What a browser has no locks in: a page over plain http from another machine.
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"
with_and_without_locks = pytest.mark.parametrize("script", ["", NO_LOCKS], ids=["", "plain http"])
# A tab that nobody looks at, whose timers run once a minute: as long as a test lasts, not at all.
MAY_BE_HIDDEN = """
Object.defineProperty(document, "hidden", { get: () => window.isHidden });
const wait = setTimeout;
window.setTimeout = (act, ...after) => wait(() => { if (!window.isHidden) act(); }, ...after);
window.EventSource = class extends EventSource {
  constructor(...asked) { super(...asked); window.stream = this; }
};
"""

HEARD = """
window.heard = [];
document.addEventListener("drafts:snapshot", () => heard.push("snapshot"));
document.addEventListener("drafts:became", ({ detail }) => heard.push(detail.content_id));
"""


@pytest.fixture
def content(ada, dictation):
    """A content of Ada's that is being written."""
    return submit(ada, delay_seconds=0)


@pytest.fixture
def open_tabs(open_page, ada, content) -> Callable[[int], list[Page]]:
    """Opens the content's page so many times in one browser; the first tab has the stream."""

    def open_tabs(number: int, script: str = "") -> list[Page]:
        tabs = [open_page("/healthz", user=ada)]
        tabs[0].context.add_init_script(script)
        tabs[0].goto(f"/contents/{content.id}")
        expect(tabs[0].locator("[data-text]")).to_be_attached()
        while len(tabs) < number:
            tabs.append(tabs[0].context.new_page())
            tabs[-1].goto(tabs[0].url)
        return tabs

    return open_tabs


@pytest.fixture
def use(processes, ada) -> Callable[[int], None]:
    """Checks how many of Ada's streams are open: she may open just the rest of six."""
    token = ApiToken.issue(ada, "test")[1]

    def use(number: int) -> None:
        with ExitStack() as streams:
            for _ in range(STREAMS_PER_USER - number):
                wait_until(lambda: opens(streams), every=0.1)
            assert not opens(streams)

    def opens(streams: ExitStack) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{processes.url}/api/v1/events"
        answer = streams.enter_context(
            requests.get(url, headers=headers, stream=True, timeout=PATIENCE)
        )
        if answer.ok:  # It counts from the moment its snapshot is due.
            lines = streams.enter_context(closing(answer.iter_lines()))
            while not next(lines).startswith(b"event: snapshot"):
                pass
        return answer.ok

    return use


def all_show(tabs: list[Page], text: str) -> None:
    for tab in tabs:
        shows(tab, text)


def test_many_tabs_need_one_stream(open_tabs, dictation, use):
    tabs = open_tabs(8)  # more than a browser has connections to one host

    for piece in BEGINNING:
        all_show(tabs, dictation.say(piece))

    use(1)


@with_and_without_locks
def test_closing_the_tab_that_has_the_stream_loses_and_doubles_nothing(
    open_tabs, content, dictation, use, script
):
    first, *others = open_tabs(3, script)
    all_show([first, *others], dictation.say(*BEGINNING))

    first.close()
    for piece in REST:
        dictation.say(piece)
    all_show(others, dictation.text)

    use(1)
    dictation.end()
    for tab in others:
        has_kept(tab, dictation.text)
    assert stored(content.id).text == dictation.text


def test_leaving_the_page_that_has_the_stream_hands_it_over(open_tabs, dictation):
    first, *others = open_tabs(3)
    all_show(others, dictation.say(*BEGINNING))

    first.goto("about:blank")

    all_show(others, dictation.say(*REST))
    first.go_back()
    all_show([first, *others], dictation.say("And on."))


def test_tab_whose_leader_is_frozen_relieves_it(open_tabs, dictation, use):
    first, second = open_tabs(2)
    all_show([first, second], dictation.say(*BEGINNING))
    devtools = first.context.new_cdp_session(first)

    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    dictation.say(*REST)
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    shows(second, dictation.text)
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    all_show([first, second], dictation.say("And on."))
    use(1)


def test_tab_that_is_looked_at_does_not_wait_for_a_hidden_leader(open_tabs, dictation):
    tabs = open_tabs(2, IMPATIENT + MAY_BE_HIDDEN)
    all_show(tabs, dictation.say(*BEGINNING))
    has_stream = "window.stream?.readyState === EventSource.OPEN"
    leaders: list[Page] = []  # none for as long as it opens its stream anew
    wait_until(lambda: leaders.extend(t for t in tabs if t.evaluate(has_stream)) or leaders)
    hidden = leaders[0]
    shown = next(tab for tab in tabs if tab is not hidden)

    hidden.evaluate("window.isHidden = true")
    hidden.evaluate("window.stream.close()")

    shows(shown, dictation.say(*REST))


def test_all_tabs_recover_from_a_web_process_that_was_killed(
    open_tabs, dictation, processes, watch, use
):
    watch.expect(CUT_OFF)
    tabs = open_tabs(3)
    all_show(tabs, dictation.say(*BEGINNING))

    processes.kill("web")
    for tab in tabs:
        expect(tab.get_by_text("The live connection is interrupted")).to_be_visible()
    dictation.say(*REST)
    processes.start("web")

    all_show(tabs, dictation.text)
    use(1)


def test_tabs_of_two_users_in_one_browser_share_nothing(open_page, ada, bob):
    adas = open_page("/account/", user=ada)
    adas.context.add_init_script(HEARD)
    adas.goto("/")
    # Her stream is asked for with her cookie, and not with the one that Bob gets.
    wait_until(lambda: "snapshot" in adas.evaluate("heard"))
    sign_in(adas.context, bob)
    bobs = adas.context.new_page()
    bobs.goto("/")
    wait_until(lambda: "snapshot" in bobs.evaluate("heard"))

    submit(ada, "Ada's teapot")
    kettle = submit(bob, "Bob's kettle")

    expect(bobs.get_by_role("heading", name="Bob's kettle")).to_be_visible()
    assert set(bobs.evaluate("heard")) <= {"snapshot", str(kettle.id)}
    expect(bobs.get_by_text("Ada's teapot")).to_have_count(0)
