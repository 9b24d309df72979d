"""The words on an open page are the words on record, whatever happens in mid-text."""

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import CUT_OFF, stored, submit

# Two bytes, three bytes, two UTF-16 units, a sequence of several, right to left; markup; an edge.
PIECES = (
    *("\nTee ", "für zwei ", "☕", "🫖", "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{COOKING}", " שלום"),
    *("\n\n**ba", "ld** <b>&amp;", " \N{NO-BREAK SPACE}.\n"),
)
BEGINNING, REST = PIECES[:4], PIECES[4:]
TAKES_THE_ROOM_OF_ITS_TEXT = """(shown) => {
    const whole = shown.cloneNode();
    whole.textContent = shown.textContent;
    shown.after(whole);
    return shown.offsetHeight === whole.offsetHeight;
}"""


@pytest.fixture
def content(ada, dictation):
    """A content of Ada's that is being written."""
    return submit(ada, delay_seconds=0)


@pytest.fixture
def page(open_page, ada, content) -> Page:
    """The content's own page."""
    return open_page(f"/contents/{content.id}", user=ada)


def live(page: Page) -> Locator:
    return page.locator("[data-text]")


def shows(page: Page, text: str) -> None:
    """The page shows exactly this text, to the last space."""
    expect(live(page)).to_have_js_property("textContent", text)


def is_drawn_as_written(page: Page) -> None:
    """What shows the draft was drawn after it had begun: no event has it drawn once more."""
    expect(page.locator("article[data-status=generating]")).to_be_visible()


def has_kept(page: Page, text: str) -> None:
    """The finished page has exactly this text to copy."""
    expect(page.locator(".badge")).to_have_text("Completed")
    expect(page.locator("textarea[id^=source]")).to_have_js_property("value", text)


TEXTS_HELD = """async () => {
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const { allDrafts } = await import(loaded.find((name) => /drafts/.test(name)));
  return allDrafts().map(({ text }) => text);
}"""


def test_page_that_stays_open_holds_no_text_that_has_ended(page, dictation):
    shows(page, dictation.say("Tea."))
    assert page.evaluate(TEXTS_HELD) == ["Tea."]

    dictation.end()

    has_kept(page, "Tea.")
    assert page.evaluate(TEXTS_HELD) == [""]


def test_text_appears_piece_by_piece(page, content, dictation):
    for piece in PIECES:
        shows(page, dictation.say(piece))
    dictation.end()

    has_kept(page, dictation.text)
    assert stored(content.id).text == dictation.text


# A snapshot has it painted anew: one more may come, where the stream was confirmed late.
HOLD_FIRST_PART = """() => {
  const hold = () => { globalThis.first = document.querySelector("[data-text] .part").firstChild; };
  hold();
  document.addEventListener("drafts:snapshot", hold);
}"""


def test_long_text_is_added_to_and_never_painted_anew(page, dictation):
    is_drawn_as_written(page)
    lines = "".join(f"Line {number}, and tea.\n" for number in range(250))
    shows(page, dictation.say(lines))
    page.evaluate(HOLD_FIRST_PART)

    for piece in ("The next", " line.\nAnd", " one\n\n", "more."):
        shows(page, dictation.say(piece))

    assert page.evaluate("globalThis.first.isConnected")
    assert live(page).locator(".part").count() == 2
    assert live(page).evaluate(TAKES_THE_ROOM_OF_ITS_TEXT)


def test_reload_in_mid_text_loses_and_doubles_nothing(page, content, dictation):
    shows(page, dictation.say(*BEGINNING))

    page.reload()

    shows(page, dictation.text)
    for piece in REST:
        shows(page, dictation.say(piece))
    dictation.end()
    has_kept(page, dictation.text)
    assert stored(content.id).text == dictation.text


def test_second_tab_shows_the_same_text(page, content, dictation):
    shows(page, dictation.say(*BEGINNING))

    second = page.context.new_page()
    second.goto(page.url)
    shows(second, dictation.text)
    dictation.say(*REST)

    for tab in (page, second):
        shows(tab, dictation.text)
    dictation.end()
    for tab in (page, second):
        has_kept(tab, dictation.text)


def test_content_submitted_elsewhere_appears_on_the_dashboard(open_page, ada, dictation):
    page = open_page(user=ada)
    expect(page.get_by_text("Nothing yet.")).to_be_visible()

    submit(ada, delay_seconds=0)

    shows(page, dictation.say("Tea."))


def test_card_shows_the_end_of_a_long_text_while_it_grows(open_page, ada, content, dictation):
    page = open_page(user=ada)
    is_drawn_as_written(page)

    shows(page, dictation.say(*[f"line {number}\n" for number in range(60)]))

    is_at_the_end = "e => e.scrollHeight - e.scrollTop - e.clientHeight < 2"
    assert live(page).evaluate(is_at_the_end)
    assert live(page).evaluate("e => e.scrollHeight > 2 * e.clientHeight")


@pytest.mark.parametrize("ends_meanwhile", [False, True])
def test_page_recovers_from_a_web_process_that_was_killed(
    page, content, dictation, processes, watch, ends_meanwhile
):
    watch.expect(CUT_OFF)
    interrupted = page.get_by_text("The live connection is interrupted")
    shows(page, dictation.say(*BEGINNING))

    processes.kill("web")
    expect(interrupted).to_be_visible()
    dictation.say(*REST)
    if ends_meanwhile:
        dictation.end()
    processes.start("web")

    expect(interrupted).to_be_hidden()
    if not ends_meanwhile:
        shows(page, dictation.text)
        shows(page, dictation.say("And on."))
        dictation.end()
    has_kept(page, dictation.text)
    assert stored(content.id).text == dictation.text


@pytest.mark.parametrize("is_emptied", [False, True])
def test_page_misses_no_character_while_redis_is_started_anew(
    page, content, dictation, valkey, is_emptied
):
    shows(page, dictation.say(*BEGINNING))

    if is_emptied:
        valkey.client.flushall()
    valkey.kill()
    dictation.say(*REST)
    valkey.start()

    shows(page, dictation.say("And on."))
    dictation.end()
    has_kept(page, dictation.text)
    assert stored(content.id).text == dictation.text


def test_stopped_text_keeps_what_had_come(page, content, dictation, ollama):
    shows(page, dictation.say(*BEGINNING))

    page.get_by_role("button", name="Stop").click()

    expect(page.locator(".badge")).to_have_text("Cancelled")
    expect(page.get_by_text("Stopped in mid-text; what had come is kept.")).to_be_visible()
    assert ollama.wait_closed()
    assert stored(content.id).text == dictation.text


def test_model_s_markup_is_never_run(page, content, dictation):
    hostile = "<img src=x onerror='document.title=1'><script>document.title=1</script>"
    shows(page, dictation.say(hostile))
    dictation.end()

    has_kept(page, hostile)
    assert page.title() == "A teapot · Smart Content"
    assert page.locator(".text img, .text script").count() == 0


def test_failed_draft_says_why_and_retry_writes_it(open_page, ada, ollama):
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    submit(ada, delay_seconds=0)
    page = open_page(user=ada)
    card = page.locator("article.card")

    expect(card.locator(".badge")).to_have_text("Failed")
    expect(card.get_by_role("alert")).to_contain_text("not on the Ollama server")
    card.get_by_role("button", name="Retry").click()

    expect(card.locator(".badge")).to_have_text("Completed")
    expect(card.locator("[data-text]")).to_have_text("Tea is warm.")
    expect(card.get_by_role("alert")).to_have_count(0)


def test_brief_taken_back_is_in_the_form_again_and_never_written(open_page, ada, ollama, watch):
    submit(ada)
    page = open_page(user=ada)

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_label("Topic and facts")).to_have_value("A teapot of blue glass, 0.8 litres")
    expect(page.locator("article.card")).to_have_count(0)
    assert ollama.chats == []
