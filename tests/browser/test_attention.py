"""What the page says while a text is written: to eyes, to ears, and to who looks elsewhere."""

import re

import pytest
from conftest import wait_until
from dictation import Dictation
from playwright.sync_api import Page, expect

from browser.conftest import stored, submit
from smartcontent import window
from smartcontent.models import Content, Status

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
const ask = Notification.requestPermission.bind(Notification);
globalThis.Notification = class extends Notification {
  constructor(title, options) { super(title, options); notified.push([title, options.body]); }
  static requestPermission() { asked += 1; return ask(); }
};
"""
USUAL = "one two three four five six seven eight "
ICON = "document.querySelector('link[rel=icon]').href"


@pytest.fixture
def usual(ada, ollama) -> Content:
    """A text of eight words, by which the next is measured."""
    ollama.says(*[f"{word} " for word in USUAL.split()])
    content = submit(ada, "The text before", delay_seconds=0)
    wait_until(lambda: stored(content.id).status == Status.COMPLETED)
    return content


@pytest.fixture
def page(open_page, ada) -> Page:
    page = open_page("/account/", user=ada)
    page.context.grant_permissions(["notifications"])
    page.add_init_script(TAB)
    return page


def test_progress_goes_by_the_usual_length_and_never_over_it(page, ada, usual, dictation):
    content = submit(ada, delay_seconds=0)
    page.goto(f"/contents/{content.id}")
    bar = page.get_by_role("progressbar", name="Written so far")
    dictation.say("one ", "two ")
    expect(bar).to_have_js_property("value", 25)

    dictation.say("three ", "four ")

    expect(bar).to_have_js_property("value", 50)
    expect(page.locator(".pace")).to_have_text(
        re.compile(r"^4 words · [\d.]+ a second · (about \d+ s|a moment) left$")
    )
    dictation.say(*["more "] * 20)
    expect(bar).to_have_js_property("value", 99)
    expect(page.locator(".pace")).to_contain_text("nearly done")
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
    page, ada, usual, dictation
):
    page.add_init_script(HEARD)
    content = submit(ada, delay_seconds=600)
    page.goto("/")
    expect(page.locator("article.card .badge").first).to_have_text("Pending")
    window.start_now(content.current)
    text = page.locator("article.card [data-text]").first
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
    submit(ada)
    expect(page).to_have_title(re.compile(r"^0:0[123] · Dashboard · Smart Content$"))
    waiting = page.evaluate(ICON)
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

    submit(ada, delay_seconds=0)

    expect(page).to_have_title("✗ Failed · Dashboard · Smart Content")


def test_notification_comes_only_when_asked_for_and_nobody_looks(page, ada, ollama):
    page.goto("/")
    button = page.get_by_role("button", name="Notify me when it is done")
    expect(button).to_be_hidden()
    waiting = submit(ada, "The one that waits", delay_seconds=3600)
    expect(button).to_be_visible()
    assert page.evaluate("asked") == 0

    button.click()
    expect(page.get_by_role("button", name="Do not notify me")).to_be_visible()
    assert page.evaluate("asked") == 1
    for here, title in (("true", "Seen"), ("false", "Unseen")):
        dictation = Dictation(ollama)
        badge = page.locator(f"#content-{submit(ada, title, delay_seconds=0).id} .badge")
        expect(badge).to_have_text("Writing")
        page.evaluate(f"look({here})")
        dictation.say("Tea ", "is ", "warm.")
        dictation.end()
        expect(badge).to_have_text("Completed")

    assert page.evaluate("notified") == [["Unseen", "Done: 3 words."]]
    assert waiting.current.status == Status.PENDING
