"""Copying where browsers are strict, and one press that makes one content."""

import pytest
from conftest import PASSWORD, wait_until
from playwright.sync_api import Page, expect

from browser.conftest import finished
from smartcontent.contents import versions
from smartcontent.stores.sql import db

TEXT = "## Tea\n\nIt is **warm**."
# As in a page that came by plain http from another machine.
NO_CLIPBOARD = "Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined })"
# Safari lets a page have the clipboard in the task of the click, and in no later one.
STRICT = """
let isClick = false;
addEventListener("click", () => { isClick = true; setTimeout(() => { isClick = false; }); }, true);
const write = Clipboard.prototype.write;
Clipboard.prototype.write = function (items) {
  const refusal = new DOMException("", "NotAllowedError");
  return isClick ? write.call(this, items) : Promise.reject(refusal);
};
"""


REFUSED = """Clipboard.prototype.write = () => {
  return Promise.reject(new DOMException("", "NotAllowedError"));
};
"""
# Browsers before 2022 take no promises.
EARLIER = "window.ClipboardItem = class { constructor() { throw new TypeError(); } }"
SAID_FOR_GOOD = """
const later = setTimeout;
globalThis.setTimeout = (work, wait) => wait === 1500 ? 0 : later(work, wait);
"""
NOT_AT_ALL = f"{REFUSED}document.execCommand = () => false"


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("card", NO_CLIPBOARD),
        ("card", STRICT),
        ("card", EARLIER),
        ("page", NO_CLIPBOARD),
        ("page", STRICT),
        ("page", REFUSED),
    ],
    ids=[
        "card-plain http",
        "card-Safari",
        "card-2021",
        "page-plain http",
        "page-Safari",
        "page-refused",
    ],
)
def test_text_is_copied_where_browsers_are_strict(open_page, ada, rule, place):
    content = finished(ada, "Tea", TEXT)
    page = open_page(user=ada)
    page.add_init_script(rule)
    page.goto("/" if place == "card" else f"/contents/{content.id}")
    expect(page.locator("html")).to_have_class("js")

    page.get_by_role("button", name="Copy").first.click()

    expect(page.locator("#announcer")).to_have_text("Copied")
    page.goto("/")
    topic = page.get_by_label("Topic and facts")
    topic.press("Control+V")
    expect(topic).to_have_value(TEXT)


def test_button_that_says_copied_keeps_the_focus_where_its_card_is_drawn_anew(open_page, ada):
    content = finished(ada, "Tea", TEXT)
    page = open_page(user=ada)
    page.add_init_script(SAID_FOR_GOOD)
    page.goto("/")
    expect(page.locator("html")).to_have_class("js")
    page.get_by_role("button", name="Copy").first.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()

    versions.save_edit(content, "Tea", "It is green.")
    db.session.commit()

    expect(page.locator(".card").get_by_text("It is green.")).to_be_visible()
    expect(page.get_by_role("button", name="Copy").first).to_be_focused()


# "Copied" stands on a button for a moment: long enough to be read, and for no test to rely on.
NOTE_SAID = """() => {
  const button = document.querySelector("[data-copy]");
  globalThis.said = [];
  new MutationObserver(() => said.push(button.textContent)).observe(button, { childList: true });
}"""


def test_secret_is_copied_over_plain_http_however_often_one_presses(open_page, ada):
    page = open_page(user=ada)
    page.add_init_script(NO_CLIPBOARD)
    page.goto("/account/")
    name = page.get_by_label("Name of a new token")
    name.fill("a script")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Create token").click()
    secret = page.locator("#secret").inner_text()
    button = page.locator("[data-copy]")
    expect(page.locator("html")).to_have_class("js")
    page.evaluate(NOTE_SAID)

    button.dblclick()

    wait_until(lambda: page.evaluate("said.includes('Copied')"))
    expect(button).to_have_text("Copy")
    name.press("Control+V")
    expect(name).to_have_value(secret)


def test_copying_that_no_way_leads_to_says_what_to_do(open_page, ada):
    page = open_page(user=ada)
    page.add_init_script(NOT_AT_ALL)
    page.goto(f"/contents/{finished(ada, 'Tea', TEXT).id}")
    expect(page.locator("html")).to_have_class("js")

    page.get_by_role("button", name="Copy").first.click()

    expect(page.locator("#announcer")).to_have_text("Not copied: mark the text and press Ctrl+C")


# Notes whether a press sends the form, and keeps the page as if the answer were on its way.
NOTE_PRESSES = """() => {
  window.presses = [];
  addEventListener("submit", (event) => {
    presses.push(event.defaultPrevented ? "stopped" : "sent");
    event.preventDefault();
  });
}"""


@pytest.mark.parametrize(("is_held", "presses"), [(True, ["sent"]), (False, ["sent", "stopped"])])
def test_one_press_sends_a_brief_once(page: Page, is_held, presses):
    expect(page.locator("html")).to_have_class("js")
    page.get_by_label("Topic and facts").fill("A teapot")
    page.evaluate(NOTE_PRESSES)

    page.keyboard.down("Control")
    for _ in range(2):
        page.keyboard.down("Enter")
        if not is_held:
            page.keyboard.up("Enter")

    assert page.evaluate("presses") == presses
