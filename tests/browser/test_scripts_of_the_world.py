"""What people write is shown, and counted, as their script is written."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser.conftest import finished, let_the_minute_pass, submit

TITLES = {
    "Arabic": "شاي الصباح من Samsung: لذيذ",
    "Hebrew": "תה של בוקר (Earl Grey)!",
}


@pytest.mark.parametrize("title", [pytest.param(title, id=name) for name, title in TITLES.items()])
def test_what_is_written_from_the_right_is_shown_and_typed_so(open_page, ada, title):
    content = finished(ada, title, f"# {title}\n\n{title}\n\n- {title}")
    waiting = submit(ada, title)
    page = open_page("/?q=" + title[:3], user=ada)

    def is_right_to_left(*elements: Locator) -> None:
        for element in elements:
            expect(element).to_have_css("direction", "rtl")  # of one that is drawn anew, too

    card = page.locator(f"#content-{content.id}")
    page.get_by_label("Topic and facts").fill(title)
    page.get_by_text("More: keywords").click()
    typed = [
        page.get_by_label(name)
        for name in ("For whom", "Keywords", "Instructions", "Title in your list")
    ]
    for field in typed:
        field.fill(title)
    is_right_to_left(card.locator("h3"), card.locator(".excerpt"), page.get_by_role("searchbox"),
                     page.get_by_label("Topic and facts"), *typed)  # fmt: skip

    page.goto(f"/contents/{content.id}")
    is_right_to_left(
        page.locator("article > header h1"), *page.locator(".text :is(h1, p, li)").all()
    )
    page.get_by_text("Edit title and text").click()
    is_right_to_left(
        page.locator("a bdi"), page.get_by_label("Title"), page.get_by_label("Text (Markdown)")
    )
    page.go_back()
    page.get_by_role("button", name="Delete").click()
    is_right_to_left(page.locator(".flash bdi"))

    page.goto(f"/contents/{waiting.id}/brief")
    is_right_to_left(page.locator("a bdi", has_text=title))


def test_brief_with_lines_in_two_scripts_has_each_in_its_own_direction(open_page, ada):
    page = open_page(user=ada)
    page.get_by_label("Topic and facts").fill("Tea\nשלום")
    page.get_by_role("button", name="Write it in a minute").click()
    page.get_by_role("link", name="Tea").first.click()

    expect(page.locator("dd.as-typed")).to_have_css("unicode-bidi", "plaintext")


def test_text_without_blanks_between_words_is_counted_in_characters(open_page, ada, dictation):
    submit(ada, "お茶")
    page = open_page(user=ada)
    card = page.locator("article.card")
    let_the_minute_pass()
    expect(card.locator(".badge")).to_have_text("Writing")

    dictation.say("お茶は温")
    expect(card.locator(".pace")).to_have_text(re.compile("^4 characters"))
    dictation.say("かいです。")
    dictation.end()

    expect(card.locator(".state")).to_contain_text("9 characters · 1 min read")
    expect(page.locator("#announcer")).to_have_text("お茶: done, 9 characters")
