"""A link sent to somebody without an account, who reads the text and answers; its owner sees it."""

import re

from playwright.sync_api import expect

from .conftest import finished
from .test_every_page import MARKDOWN, is_fit_to_read, scan

LINES = """(cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return range.getClientRects().length;
}"""


def test_text_is_shared_and_approved_by_somebody_without_an_account(open_page, founder, watch):
    watch.expect("status of 422")
    content = finished(founder, "A teapot", MARKDOWN)
    owner = open_page(f"/contents/{content.id}", user=founder)
    owner.get_by_text("Share for review").click()
    owner.get_by_role("button", name="Make a link").click()
    shown = owner.locator("#share-link")
    expect(shown).to_have_text(re.compile("^http"))
    link = shown.text_content()
    is_fit_to_read(owner)
    scan(owner)
    owner.goto(f"/contents/{content.id}")

    reader = open_page(link)
    assert reader.locator(".text th").first.evaluate(LINES) == 1, "no word of a table is broken"
    is_fit_to_read(reader)
    scan(reader)
    reader.get_by_label("Ask for changes").check()
    reader.get_by_role("button", name="Send").click()
    expect(reader.locator("#reason-error")).to_have_text("Say what is to be changed.")
    is_fit_to_read(reader)
    scan(reader)
    reader.get_by_label("What to change").fill("Make it shorter")
    reader.get_by_role("button", name="Send").click()
    expect(reader.get_by_text("Changes wanted: Make it shorter")).to_be_visible()

    # On the page that was open meanwhile.
    expect(owner.get_by_text("Make it shorter")).to_be_visible()
