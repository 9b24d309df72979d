"""A stranger's first minutes: from the account to a text on the clipboard."""

import re
import signal

from playwright.sync_api import Route, expect

from browser.conftest import create_account, let_the_minute_pass, paste, press_ctrl_enter, stored

TEXT = "# Mira\n\nThe kettle that **waits** for you.\nIt sings.\n\n- 0.9 litres\n- walnut handle\n"


def test_stranger_comes_from_the_account_to_a_copied_text(open_page, dictation):
    page = open_page("/")
    expect(page).to_have_url(re.compile("/welcome$"))

    create_account(page)
    page.get_by_role("link", name="Product description").click()
    expect(page.get_by_label("Topic and facts")).to_have_value(re.compile("gooseneck kettle"))
    press_ctrl_enter(page)

    card = page.locator("article.card")
    expect(card.locator(".badge")).to_have_text("Pending")
    expect(card.locator(".countdown")).to_have_text(re.compile(r"^(1:00|0:\d\d)$"))
    expect(page.get_by_label("Topic and facts")).to_have_value("")

    let_the_minute_pass()
    expect(card.locator(".badge")).to_have_text("Writing")
    text = card.locator("[data-text]")
    for piece in TEXT.split(" "):
        expect(text).to_have_js_property("textContent", dictation.say(piece + " "))
    dictation.end()

    expect(card.locator(".badge")).to_have_text("Completed")
    expect(card.locator(".state")).to_contain_text("words · 1 min read · neutral")
    card.get_by_role("button", name="Copy").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    markdown, html = paste(page)
    assert markdown == dictation.text == stored(card.get_attribute("id")[len("content-") :]).text
    assert re.search(r"<strong>waits</strong> for you\.<br>\s*It sings\.", html)
    assert "<li>walnut handle</li>" in html


def test_status_and_words_need_no_reload(page, dictation):
    page.get_by_label("Topic and facts").fill("A teapot")
    page.get_by_role("button", name="Write it in a minute").click()
    page.wait_for_url("**/#content-*")
    page.evaluate("window.isTheSamePage = true")
    status = page.locator("article.card .badge")

    let_the_minute_pass()
    expect(status).to_have_text("Writing")
    dictation.say("Tea.")
    dictation.end()
    expect(status).to_have_text("Completed")

    assert page.evaluate("window.isTheSamePage")


def test_form_whose_answer_got_lost_makes_one_content_when_it_is_sent_again(open_page, ada):
    page = open_page(user=ada, java_script_enabled=False)
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch(max_redirects=0).status)
        route.fulfill(status=204)  # the page stays as it is

    page.route("**/contents", lose, times=1)
    page.get_by_label("Topic and facts").fill("A teapot")
    send = page.get_by_role("button", name="Write it in a minute")

    with page.expect_response("**/contents"):
        send.click(no_wait_after=True)
    assert lost == [303]
    send.click()

    page.wait_for_url(re.compile("#content-"))
    expect(page.locator("article.card")).to_have_count(1)


def test_double_click_on_the_button_makes_one_content(page, processes):
    page.get_by_label("Topic and facts").fill("A teapot")

    processes.kill("web", signal.SIGSTOP)  # no answer comes between the two presses
    try:
        page.get_by_role("button", name="Write it in a minute").dblclick()
    finally:
        processes.kill("web", signal.SIGCONT)
    page.wait_for_url("**/#content-*")
    page.reload()

    expect(page.locator("article.card")).to_have_count(1)
