"""What the page says while a text is written: to eyes, to ears, and to who looks elsewhere."""

import re
from itertools import count

import pytest
from conftest import Valkey, wait_until
from dictation import Dictation
from playwright.sync_api import Page, expect
from scripted_ollama import ScriptedOllama

from browser.conftest import is_busy, let_the_minute_pass, stored, submit
from smartcontent.models import Content, Status, User

# What a screen reader is told, in order.
HEARD = """
const heard = [];
globalThis.heard = () => heard;
addEventListener("DOMContentLoaded", () => {
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.textContent) heard.push(target.textContent);
  }).observe(document.getElementById("announcer"), { childList: true });
});
"""
# A tab that the test hides and shows, and what the system was asked to notify of.
TAB = """
globalThis.look = (here) => {
  Object.defineProperty(document, "hidden", { get: () => !here, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};
globalThis.notified = [];
globalThis.asked = 0;
// Nobody is there to answer the browser's question; a browser without windows would say no.
let answer = "default";
globalThis.Notification = class extends Notification {
  static get permission() { return answer; }
  static async requestPermission() { asked += 1; return (answer = "granted"); }
  constructor(title, options) {
    super(title, options);
    if (answer === "granted") notified.push([title, options.body]);
  }
};
"""
# As Chrome on Android has it.
NO_PAGE_NOTIFIES = """
globalThis.leave = localStorage.getItem("notify-when-done") ? "granted" : "default";
globalThis.Notification = class {
  static get permission() { return leave; }
  static async requestPermission() { asked += 1; return (leave = "granted"); }
  constructor() { throw new TypeError("Illegal constructor"); }
};
"""
USUAL = "one two three four five six seven eight "
NEARLY_DONE = re.compile("nearly done")
PACE = re.compile(r"\d+ words · [\d.]+ a second · (about \d+ (s|min)|a moment) left")
ICON = "document.querySelector('link[rel=icon]').href"


def words(number: int) -> str:
    """So many, no two of which are alike: a text that repeats itself is stopped."""
    return "".join(f"word{nth} " for nth in range(number))


def usual_is(words: str, ada: User, ollama: ScriptedOllama, valkey: Valkey) -> Content:
    """A text, by whose length the next is measured."""
    ollama.says(words)
    content = submit(ada, "The text before", delay_seconds=0)
    wait_until(lambda: stored(content.id).status == Status.COMPLETED)
    wait_until(lambda: not is_busy(valkey))  # told by then: no page that opens later hears of it
    return content


@pytest.fixture
def page(open_page, ada) -> Page:
    page = open_page("/account/", user=ada)
    page.add_init_script(TAB)
    return page


def test_progress_goes_by_the_usual_length_and_never_over_it(page, ada, ollama, valkey):
    usual_is(words(400), ada, ollama, valkey)
    dictation = Dictation(ollama)
    content = submit(ada, delay_seconds=0)
    page.goto(f"/contents/{content.id}")
    bar = page.get_by_role("progressbar", name="Written so far")
    dictation.say(words(100))
    expect(bar).to_have_js_property("value", 25)

    dictation.say(words(100))

    expect(bar).to_have_js_property("value", 50)

    more = count()

    def goes_on(pace: re.Pattern[str]) -> bool:
        """It is forgotten a while after the last word."""
        dictation.say(f"more{next(more)} ")
        return bool(pace.search(page.locator(".pace").text_content()))

    wait_until(lambda: goes_on(PACE), every=0.5)
    dictation.say(words(400))
    wait_until(lambda: goes_on(NEARLY_DONE), every=0.5)
    expect(bar).to_have_js_property("value", 99)
    dictation.end()
    expect(bar).to_have_count(0)


def test_progress_without_a_usual_length_only_says_that_it_goes_on(page, ada, dictation):
    content = submit(ada, delay_seconds=0)
    page.goto(f"/contents/{content.id}")

    dictation.say("one ", "two ")

    expect(page.locator(".pace")).to_have_text(re.compile("^2 words"))
    assert page.get_by_role("progressbar").evaluate("bar => bar.position") == -1
    dictation.end()


def test_screen_reader_hears_beginning_half_and_end_but_no_word_of_the_text(
    page, ada, ollama, valkey
):
    usual_is(USUAL, ada, ollama, valkey)
    dictation = Dictation(ollama)
    page.add_init_script(HEARD)
    submit(ada)
    page.goto("/")
    expect(page.locator("article.card .badge").first).to_have_text("Pending")
    let_the_minute_pass()
    text = page.locator("article.card [data-text]").first
    expect(page.locator("article.card[data-status=generating]").first).to_be_visible()
    for word in USUAL.split():
        expect(text).to_have_js_property("textContent", dictation.say(f"{word} "))
        live = "e => e.closest('[aria-live], [role=status], [role=alert], [role=log], output')"
        assert text.evaluate(live) is None
    dictation.end()
    expect(page.locator("article.card .badge").first).to_have_text("Completed")

    heard = page.evaluate("heard()")
    assert heard == [f"A teapot: {it}" for it in ("writing has begun", "half way", "done, 8 words")]


def test_title_and_icon_show_what_goes_on_until_it_was_seen(page, ada, dictation):
    page.goto("/")
    quiet = page.evaluate(ICON)
    submit(ada, delay_seconds=500)
    expect(page).to_have_title(re.compile(r"^[78]:\d\d · Dashboard · Smart Content$"))
    waiting = page.evaluate(ICON)
    let_the_minute_pass()
    expect(page).to_have_title("Writing… · Dashboard · Smart Content")
    assert len({quiet, waiting, page.evaluate(ICON)}) == 3

    page.evaluate("look(false)")
    dictation.end()

    expect(page).to_have_title("✓ Done · Dashboard · Smart Content")
    page.evaluate("look(true)")
    expect(page).to_have_title("Dashboard · Smart Content")
    assert page.evaluate(ICON) == quiet


def test_failure_shows_in_the_title_of_a_tab_nobody_looks_at(page, ada, ollama):
    page.goto("/")
    page.evaluate("look(false)")
    ollama.fails(400, {"error": "invalid options"})
    submit(ada)
    # What had failed before the page heard of it would be no news.
    expect(page.locator("article.card .badge")).to_have_text("Pending")

    let_the_minute_pass()

    expect(page).to_have_title("✗ Failed · Dashboard · Smart Content")


def test_notification_comes_only_when_asked_for_and_nobody_looks(page, ada, ollama):
    page.goto("/")
    button = page.get_by_role("button", name="Notify me when it is done")
    expect(button).to_be_hidden()
    waiting = submit(ada, "The one that waits")
    expect(button).to_be_visible()
    assert page.evaluate("asked") == 0

    button.click()
    expect(page.get_by_role("button", name="Do not notify me")).to_be_visible()
    assert page.evaluate("asked") == 1
    for here, title in (("true", "Seen"), ("false", "Unseen")):
        dictation = Dictation(ollama)
        card = page.locator(f"#content-{submit(ada, title, delay_seconds=0).id}")
        badge = card.locator(".badge")
        expect(badge).to_have_text("Writing")
        page.evaluate(f"look({here})")
        # Its words are counted as they come: a card that is drawn first does not say how many.
        expect(card.locator("[data-text]")).to_have_text(dictation.say("Tea ", "is ", "warm."))
        dictation.end()
        expect(badge).to_have_text("Completed")

    assert page.evaluate("notified") == [["Unseen", "Done: 3 words."]]
    assert waiting.current.status == Status.PENDING


def test_browser_that_shows_no_notifications_is_said_to_and_all_else_goes_on(page, ada, dictation):
    page.add_init_script(NO_PAGE_NOTIFIES)
    page.goto("/")
    submit(ada)
    button = page.get_by_role("button", name="Notify me when it is done")
    button.click()
    expect(page.locator("#announcer")).to_have_text("Your browser shows no notifications of pages.")
    expect(button).to_be_hidden()
    assert page.evaluate("asked") == 0

    # Leave was given, and it was wanted, before this was known.
    page.evaluate("localStorage.setItem('notify-when-done', 'yes')")
    page.reload()
    expect(page.get_by_role("button", name="Do not notify me")).to_be_visible()
    page.evaluate("look(false)")
    let_the_minute_pass()
    dictation.say("Tea is warm.")
    dictation.end()
    expect(page).to_have_title("✓ Done · Dashboard · Smart Content")
