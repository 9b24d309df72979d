"""A text is edited by hand: formatted, measured while it is typed, looked at before it is saved."""

import pytest
from playwright.sync_api import expect

from browser.conftest import finished
from browser.test_refining import is_clean
from smartcontent.models import Content
from smartcontent.stores.sql import db

# What is marked stands between | and |.
FORMATTED = [
    ("bold", "A |pot| here", "A **|pot|** here"),
    ("bold", "A |pot |here", "A **|pot|** here"),
    ("bold", "A **|pot|** here", "A |pot| here"),
    ("bold", "A |**pot**| here", "A |pot| here"),
    ("bold", "A *|pot|* here", "A ***|pot|*** here"),
    ("bold", "A || here", "A **||** here"),
    ("bold", "A **||** here", "A || here"),
    ("bold", "|- one\n\n- two|", "- **|one**\n\n- **two|**"),
    ("bold", "|- **one**\n- **two**|", "- |one\n- two|"),
    ("bold", "|茶は 温かい|", "**|茶は 温かい|**"),
    ("italic", "A |pot| here", "A *|pot|* here"),
    ("italic", "A ***|pot|*** here", "A **|pot|** here"),
    ("italic", "A **|pot|** here", "A ***|pot|*** here"),
    ("italic", "|👨‍👩‍👧 שלום|", "*|👨‍👩‍👧 שלום|*"),
    ("heading", "One\nTw||o\nThree", "One\n## Tw||o\nThree"),
    ("heading", "### Tw||o", "Tw||o"),
    ("heading", "- Tw||o", "## Tw||o"),
    ("list", "|one\n\ntwo\n|three", "|- one\n\n- two|\nthree"),
    ("list", "|1. one\n2. two|", "|- one\n- two|"),
    ("list", "|- one\n- two|", "|one\ntwo|"),
    ("list", "||", "- ||"),
    ("numbers", "|one\n  two\n- three|", "|1. one\n  2. two\n3. three|"),
    ("numbers", "|1. one\n2) two|", "|one\ntwo|"),
    ("link", "A |pot| here", "A [pot](|https://|) here"),
    ("link", "A || here", "A [||](https://) here"),
    ("link", "See |https://a.org/b|.", "See [||](https://a.org/b)."),
]
ACT = """async ([act, said]) => {
  const address = new URL("formatting.js", document.querySelector("script[type=module]").src);
  const { ACTS } = await import(address);
  const [before, marked, after] = said.split("|");
  const value = before + marked + after;
  const done = ACTS[act](value, before.length, before.length + marked.length);
  const text = value.slice(0, done.from) + done.text + value.slice(done.to);
  const places = [[0, done.start], [done.start, done.end], [done.end, text.length]];
  return places.map((place) => text.slice(...place)).join("|");
}"""


@pytest.fixture
def caption(app, ada) -> Content:
    content = finished(ada, "A teapot", "Tea is warm.")
    content.content_type = "social_media_caption"
    db.session.commit()
    return content


def test_session_that_ends_puts_no_other_page_into_the_editor(open_page, ada, caption):
    page = open_page(f"/contents/{caption.id}/text", user=ada)
    limits = page.locator("[data-limits]")
    expect(limits).to_contain_text("Instagram")
    before = limits.inner_html()
    page.context.clear_cookies()

    with page.expect_response(lambda answer: "/preview/limits" in answer.url):
        page.get_by_label("Text (Markdown)").fill("Tea is hot.")
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 300))")

    assert limits.inner_html() == before


def test_text_is_formatted_measured_and_looked_at_while_it_is_typed(open_page, ada, caption):
    page = open_page(f"/contents/{caption.id}/text", user=ada)
    page.on("dialog", lambda dialog: dialog.accept())
    for act, before, after in FORMATTED:
        assert page.evaluate(ACT, [act, before]) == after, (act, before)

    editor = page.get_by_label("Text (Markdown)")
    editor.select_text()
    editor.press("ControlOrMeta+b")
    expect(editor).to_have_value("**Tea is warm.**")
    editor.press("ControlOrMeta+z")
    expect(editor).to_have_value("Tea is warm.")
    # By Tab one comes to the buttons, by arrows from one to the other.
    page.get_by_label("Title").press("Tab")
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Link")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(editor).to_have_value("1. Tea is warm.")
    expect(editor).to_be_focused()
    page.keyboard.press("ControlOrMeta+Shift+8")
    expect(editor).to_have_value("- Tea is warm.")
    editor.press("ControlOrMeta+z")
    editor.press("ControlOrMeta+z")
    expect(editor).to_have_value("Tea is warm.")

    # It is measured as one types, in characters where that is how it is read.
    sizes = page.locator("[data-counts-of]")
    expect(sizes).to_have_text("3 words · 12 characters · 1 min read")
    editor.fill("茶は温かい" * 8_000)
    expect(sizes).to_have_text("40000 characters · 80 min read")
    over = page.locator("[data-over]")
    expect(over.first).to_have_text("X 80,000 of 280")
    expect(page.locator("#announcer")).to_contain_text("Outside its limits: X 80,000")
    expect(page.get_by_text("Kept as you type")).to_be_visible()
    editor.fill("Tea #one")
    expect(over).to_have_count(0)
    expect(page.locator("[data-limits]")).to_contain_text("Instagram hashtags 1 of 5")

    # It looks as it will, runs nothing, and stays where one has scrolled to.
    editor.fill(
        "# Tea\n\n<img src=x onerror=alert(1)><script>alert(1)</script>\n\n" + "warm\n\n" * 99
    )
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_be_hidden()
    page.get_by_text("Preview", exact=True).click()
    expect(preview.get_by_role("heading", name="Tea")).to_be_visible()
    expect(preview.locator("img, script")).to_have_count(0)
    preview.evaluate("shown => { shown.scrollTop = 300; }")
    editor.press("ControlOrMeta+End")
    page.keyboard.type("hot")
    expect(preview).to_contain_text("hot")
    assert preview.evaluate("shown => shown.scrollTop") > 200
    is_clean(page)


def test_brief_says_how_much_of_each_field_is_used_and_what_its_type_may_hold(open_page, ada):
    page = open_page(user=ada)

    page.get_by_label("Topic and facts").fill("茶 tea 👨‍👩‍👧")
    expect(page.locator("#topic-count")).to_have_text("11 of 2,000 characters")
    page.get_by_label("What to write").select_option("social_media_caption")
    expect(page.get_by_text("X takes 280 characters")).to_be_visible()
    page.get_by_label("What to write").select_option("press_release")
    expect(page.locator("[data-limits-of]:visible")).to_have_count(0)
