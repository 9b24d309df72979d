"""Everything can be done without a mouse."""

from conftest import PASSWORD
from playwright.sync_api import Locator, Page, expect

from browser.conftest import (
    finished,
    let_the_minute_pass,
    paste,
    press_ctrl_enter,
    submit,
    until_script_listens,
)

IS_FOCUSED = "element => element === document.activeElement"
IS_MARKED = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


def tab_to(page: Page, target: Locator) -> Locator:
    """Press Tab until the target has the focus; it must be visible where the focus is."""
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(IS_MARKED), page.evaluate("document.activeElement.outerHTML")
        if target.evaluate(IS_FOCUSED):
            return target
    raise AssertionError(f"Tab never came to {target}")


def test_whole_flow_by_keyboard_alone(open_page, ada, ollama):
    page = open_page("/")
    keys = page.keyboard
    expect(page.get_by_label("Email address")).to_be_focused()
    keys.type(ada.email)
    tab_to(page, page.get_by_label("Password"))
    keys.type(PASSWORD)
    keys.press("Enter")

    expect(page.get_by_role("heading", name="New brief")).to_be_visible()
    until_script_listens(page)
    tab_to(page, page.get_by_role("link", name="Blog post outline"))
    keys.press("Enter")
    expect(page.get_by_label("Topic and facts")).to_be_focused()
    expect(page.get_by_label("Topic and facts")).not_to_have_value("")
    press_ctrl_enter(page)

    card = page.locator("article.card")
    expect(card.locator(".badge")).to_have_text("Pending")
    let_the_minute_pass()
    expect(card.locator(".badge")).to_have_text("Completed")
    tab_to(page, card.get_by_role("button", name="Copy"))
    keys.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert paste(page)[0] == "Tea is warm."

    keys.press("Shift+Tab")  # the star
    keys.press("Shift+Tab")
    keys.press("Enter")
    page.wait_for_url("**/contents/*")
    tab_to(page, page.get_by_role("link", name="Edit title and text"))
    keys.press("Enter")
    page.wait_for_url("**/text")
    tab_to(page, page.get_by_label("Text (Markdown)"))
    keys.press("Control+End")
    keys.type(" Enjoy.")
    tab_to(page, page.get_by_role("button", name="Save as a new version"))
    keys.press("Enter")
    page.wait_for_url("**/contents/*")
    expect(page.locator(".text")).to_have_text("Tea is warm. Enjoy.")

    tab_to(page, page.get_by_role("button", name="Delete"))
    keys.press("Enter")
    expect(page.get_by_text("is in the trash.").first).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Undo"))
    keys.press("Enter")
    expect(card.locator("[data-text]")).to_have_text("Tea is warm. Enjoy.")


def test_waiting_draft_is_started_by_keyboard(open_page, ada, ollama):
    submit(ada)
    page = open_page(user=ada)

    tab_to(page, page.get_by_role("button", name="Start now"))
    page.keyboard.press("Enter")

    expect(page.locator("article.card .badge")).to_have_text("Completed")


def test_skip_link_leads_past_the_navigation(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_focus_stays_on_the_card_when_its_status_changes(open_page, ada, dictation):
    submit(ada)
    page = open_page(user=ada)
    card = page.locator("article.card")
    tab_to(page, card.get_by_role("button", name="Hold"))

    let_the_minute_pass()
    expect(card.locator(".badge")).to_have_text("Writing")
    dictation.end()
    expect(card.locator(".badge")).to_have_text("Completed")

    expect(card).to_be_focused()


def test_enter_on_a_tick_box_does_nothing_nobody_asked_for(open_page, ada, ollama):
    content = finished(ada, "A teapot", "Tea for 1.8 litres.")
    page = open_page(user=ada)
    page.evaluate("addEventListener('submit', () => { globalThis.isSent = true; })")
    page.get_by_label("Tick A teapot").press("Space")
    page.get_by_label("Tick A teapot").press("Enter")
    assert page.evaluate("globalThis.isSent") is None
    expect(page.get_by_label("Tick A teapot")).to_be_checked()

    page.goto(f"/contents/{content.id}")
    finding = page.locator("[name=mend]").first
    finding.press("Space")
    finding.press("Enter")
    expect(page.locator("article.suggestion")).to_be_visible()
    expect(page.get_by_text("dismissed")).to_have_count(0)
    page.get_by_role("button", name="Dismiss: ").first.press("Enter")
    expect(page.get_by_text("1 dismissed")).to_be_visible()
    page.get_by_role("button", name="Show again").press("Enter")
    expect(page.get_by_text("dismissed")).to_have_count(0)
