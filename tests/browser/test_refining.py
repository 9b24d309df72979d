"""Variants that are written side by side, a passage rewritten in its place, what is to be mended.

From the first brief to the clipboard it goes in test_make_run.py.
"""

import re

from axe_playwright_python.sync_playwright import Axe
from conftest import wait_until
from dictation import Dictation
from playwright.sync_api import Locator, Page, expect

from browser.conftest import LATER, finished, submit
from browser.test_every_page import CHANGING
from smartcontent.contents import tagging, versions
from smartcontent.models.moments import due_in
from smartcontent.stores.sql import db

TEA = "Tea is warm. The pot is blue and holds 1.8 litres. It pours well."


def is_clean(page: Page) -> None:
    wait_until(lambda: not page.evaluate(CHANGING))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def is_wide(cards: Locator) -> list[bool]:
    return cards.evaluate_all("cards => cards.map((each) => each.matches('.is-wide'))")


def test_text_is_chosen_and_a_passage_rewritten_by_keys_and_for_all_readers(open_page, ada, ollama):
    content = finished(ada, "Blue teapot", TEA)
    page = open_page(f"/contents/{content.id}", user=ada)
    article = page.locator(f"#content-{content.id}")

    # Two more of the brief, side by side and live; one is chosen.
    page.get_by_text("Change it").click()
    first, second = Dictation(ollama), Dictation(ollama)
    page.get_by_role("button", name="Write them").click()
    expect(page.locator(".suggestion")).to_have_count(2)
    first.say("A blue pot. ")
    second.say("A blue pot. ")
    written = page.locator(".suggestion [data-text]").first
    expect(written).to_have_text("A blue pot.")
    # One is wide, the others are cards; each stays in its place.
    cards = page.locator(".suggestion")
    numbers = [card.get_attribute("data-number") for card in cards.all()]
    assert is_wide(cards) == [True, False]
    cards.last.get_by_role("button", name="Read version").click()
    assert is_wide(cards) == [False, True]
    cards.first.locator(".text").press("Shift+Tab")
    expect(cards.first.get_by_role("button", name="Read version")).to_be_focused()
    assert is_wide(cards) == [True, False]
    cards.last.locator("h2").click()
    # All of it is drawn anew, and the model says nothing meanwhile: what it said stays.
    page.get_by_text("Change it").click()
    page.get_by_label("More from the same brief").select_option("3")
    elsewhere = open_page(f"/contents/{content.id}", user=ada)
    elsewhere.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    expect(written).to_have_text("A blue pot.")
    expect(page.get_by_label("More from the same brief")).to_have_value("3")
    assert is_wide(cards) == [False, True]
    assert [card.get_attribute("data-number") for card in cards.all()] == numbers
    first.say("It holds 1.8 litres.")
    first.end()
    second.end()
    expect(page.get_by_role("button", name="Use this text")).to_have_count(2)
    is_clean(page)
    number = page.locator(".suggestion", has_text="1.8 litres").get_attribute("data-number")
    keys = page.get_by_role("switch", name="Keys 1 to 9")
    page.evaluate("window.isTheSame = true")
    keys.uncheck()
    page.keyboard.press(number)
    keys.check()
    assert page.evaluate("window.isTheSame")
    # A card may be drawn anew at the very moment; where it was used, the key finds nothing more.
    wait_until(
        lambda: page.keyboard.press(number) or "A blue" in article.locator("> .text").inner_text()
    )
    expect(article.locator("> .text")).to_have_text("A blue pot. It holds 1.8 litres.")

    # One passage is rewritten in its place, and taken over.
    page.get_by_role("link", name="Edit title and text").click()
    editor = page.get_by_label("Text (Markdown)")
    shorter = page.get_by_role("button", name="Shorter")
    expect(shorter).to_be_disabled()
    editor.focus()
    editor.evaluate("field => field.setSelectionRange(0, 11)")
    expect(shorter).to_be_enabled()
    is_clean(page)
    ollama.says("Blue.")
    shorter.click()
    suggestion = page.locator(".suggestion", has_text="a passage: shorter")
    expect(suggestion.locator(".badge")).to_have_text("Completed")
    suggestion.get_by_role("button", name="By sentence").click()
    expect(page.get_by_role("checkbox")).to_be_checked()
    is_clean(page)
    page.go_back()
    suggestion.get_by_role("button", name="Compare").click()
    expect(page.locator("del")).to_contain_text("A blue pot.")
    expect(page.locator("ins")).to_contain_text("Blue.")
    expect(page.locator("html")).to_have_class("js")  # which hears the keys
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(page.locator("ins:target")).to_contain_text("Blue.")
    expect(page.locator("#announcer")).to_have_text("Change 2 of 2, added: Blue.")
    page.keyboard.press("n")
    expect(page.locator("#announcer")).to_have_text("That was the last change.")
    page.get_by_role("switch", name="Keys n and p").uncheck()
    page.keyboard.press("p")
    expect(page.locator("ins:target")).to_be_visible()
    page.get_by_role("switch", name="Keys n and p").check()
    page.keyboard.press("p")
    expect(page.locator("del:target")).to_be_visible()
    is_clean(page)
    page.get_by_role("button", name="Use version").click()
    expect(article.locator("> .text")).to_have_text("Blue. It holds 1.8 litres.")

    # What the brief does not say is found.
    expect(page.locator(".findings")).to_contain_text("1.8 litres")
    is_clean(page)
    page.set_viewport_size({"width": 390, "height": 800})
    needed, there = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert needed <= there


def test_text_stopped_in_a_word_goes_on_with_whole_words_before_ones_eyes(open_page, ada, ollama):
    first = Dictation(ollama)
    content = submit(ada, "Blue teapot", delay_seconds=0)
    page = open_page(f"/contents/{content.id}", user=ada)
    first.say("Tea is warm. The po")
    expect(page.locator("[data-text]")).to_have_text("Tea is warm. The po")
    page.get_by_role("button", name="Stop").click()
    second = Dictation(ollama)
    page.get_by_role("button", name="Continue from here").click()
    second.say("pot is")
    written = page.locator(".suggestion [data-text]")
    expect(written).to_have_text("Tea is warm. The pot is")
    page.reload()
    expect(written).to_have_text("Tea is warm. The pot is")
    second.say(" blue.")
    expect(written).to_have_text("Tea is warm. The pot is blue.")
    second.end()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("del")).to_contain_text("po")
    expect(page.locator("ins")).to_contain_text("pot is blue.")
    page.get_by_role("button", name="Use version").click()
    expect(page.locator(".view > .text")).to_have_text("Tea is warm. The pot is blue.")


# A page's first snapshot has its text drawn anew: what is marked or selected before that is lost.
DRAWN = "document.addEventListener('drafts:drawn', () => { window.isDrawnAnew = true; })"
COUNT = (
    "document.addEventListener('drafts:drawn', () => { window.drawn = (window.drawn ?? 0) + 1; })"
)
MARKED = "[...CSS.highlights.get('found')].map(String)"


def test_what_was_found_is_marked_in_the_text_and_stands_open_where_there_is_room(open_page, ada):
    text = "It holds **1.9** litres, not 11.9 litres or 1.95 litres. It pours 300 ml. The 300 ml."
    content = finished(ada, "Blue teapot", text)
    page = open_page("/account/", user=ada)
    page.add_init_script(DRAWN)
    page.goto(f"/contents/{content.id}")
    wait_until(lambda: page.evaluate("window.isDrawnAnew"))
    check, found = page.locator("details.quality"), page.locator(".findings li")

    expect(found.filter(has_text="300 ml").first).to_be_visible()
    marked = page.evaluate(MARKED)
    assert {"11.9 litres", "1.95 litres", "300 ml"} <= set(marked)
    assert marked.count("300 ml") == 2
    assert "9 litres" not in marked
    assert page.locator(".view > .text").inner_html().count("<") == 4  # a paragraph, and bold
    is_clean(page)
    # One press leads there, the next to the second place.
    show = page.get_by_role("button", name="Show: This number is not in your brief: 300 ml").first
    show.press("Enter")
    assert page.evaluate("String(getSelection())") == "300 ml"
    assert page.evaluate("[...CSS.highlights.get('shown')].map(String)") == ["300 ml"]
    expect(page.locator("#announcer")).to_contain_text("It pours 300 ml")
    first = page.evaluate("getSelection().anchorOffset")
    show.press("Enter")
    assert page.evaluate("getSelection().anchorOffset") > first
    expect(show).to_be_focused()

    # Who closes it has it closed, and nothing marked, whatever is drawn anew.
    check.locator("summary").press("Enter")
    wait_until(lambda: page.evaluate(MARKED) == [])
    elsewhere = open_page(f"/contents/{content.id}", user=ada)
    elsewhere.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    expect(found.first).to_be_hidden()

    # On a phone it is one press away.
    elsewhere.set_viewport_size({"width": 390, "height": 800})
    elsewhere.reload()
    expect(elsewhere.locator(".findings")).to_be_hidden()
    assert elsewhere.evaluate(MARKED) == []
    elsewhere.get_by_text("to look at").click()
    wait_until(lambda: "300 ml" in elsewhere.evaluate(MARKED))
    is_clean(elsewhere)


def test_what_is_open_stays_open_by_its_name(open_page, ada):
    content = finished(ada, "Blue teapot", TEA)
    page = open_page(f"/contents/{content.id}", user=ada)
    expect(page.locator(".findings")).to_be_visible()
    page.get_by_text("Share for review").click()

    versions.add(content, [{"due_at": due_in(LATER)}], shown=True)
    db.session.commit()

    expect(page.get_by_text("Later…")).to_be_visible()
    opened = page.locator("details[open] > summary").all_inner_texts()
    assert opened == ["Share for review", "Brief"]


def test_what_is_drawn_anew_keeps_ticks_caret_and_place(open_page, ada, ollama):
    content = finished(ada, "Blue teapot", TEA)
    page = open_page(f"/contents/{content.id}", user=ada)
    page.get_by_text("Change it").click()
    dictations = Dictation(ollama), Dictation(ollama)
    page.get_by_role("button", name="Write them").click()
    for each in dictations:
        each.say("".join(f"{chr(97 + n % 26) * 9} {n**9}\n\n" for n in range(60)))
        each.end()
    expect(page.get_by_role("button", name="Use this text")).to_have_count(2)
    place = page.locator(".suggestion .text").last
    favourite = page.get_by_role("button", name="Favourite")

    page.get_by_text("Change it").click()
    page.get_by_label("Ad copy").check()
    wish = page.get_by_label("In your own words")
    wish.fill("Name the price")
    place.evaluate("each => { each.scrollTop = 40; }")
    wish.evaluate("each => each.setSelectionRange(5, 8)")
    elsewhere = open_page(f"/contents/{content.id}", user=ada)
    elsewhere.get_by_role("button", name="Favourite").click()

    expect(favourite).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Ad copy")).to_be_checked()
    expect(wish).to_be_focused()
    assert wish.evaluate("each => [each.selectionStart, each.selectionEnd]") == [5, 8]
    assert place.evaluate("each => each.scrollTop") == 40


def test_what_comes_as_it_was_is_not_drawn_anew(open_page, ada):
    content = finished(ada, "Blue teapot", TEA)
    page = open_page("/account/", user=ada)
    page.add_init_script(COUNT)
    page.goto(f"/contents/{content.id}")
    wait_until(lambda: page.evaluate("window.drawn"))

    for _ in range(3):
        with page.expect_response("**/view"):
            page.evaluate("document.dispatchEvent(new Event('resume'))")  # a snapshot comes
    tagging.keep(content, {"tags": ["warm"]})
    expect(page.locator(".tag")).to_have_text(re.compile("warm"))
    assert page.evaluate("window.drawn") == 2
