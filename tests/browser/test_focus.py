"""After an act the focus is where the act was, and what came of it is said."""

from conftest import PASSWORD, wait_until
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from browser.conftest import finished, submit
from smartcontent.contents import ending, tagging, waiting


def press(within: Page | Locator, label: str) -> None:
    """Press the button by keyboard."""
    within.get_by_role("button", name=label, exact=True).first.press("Enter")


def is_on(target: Locator, said: str) -> None:
    expect(target).to_be_focused()
    expect(target.page.locator("#announcer")).to_contain_text(said)


def test_acts_on_a_card_leave_the_focus_there_and_are_said(open_page, ada, dictation):
    submit(ada, "Another, older")
    submit(ada)
    submit(ada, "Another, newer")
    page = open_page(user=ada)
    card = page.locator("article.card", has_text="A teapot")

    press(card, "Hold")
    is_on(card, "“A teapot” is on hold.")
    press(card, "Release")
    is_on(card, "“A teapot” is released.")
    card.locator("summary", has_text="Later").press("Enter")
    press(card, "+5 min")
    is_on(card, "“A teapot” has another time.")
    press(card, "Start now")
    expect(card.locator(".badge")).to_have_text("Writing")
    expect(card).to_be_focused()
    press(card, "Stop")
    is_on(card, "“A teapot” is stopped.")
    press(card, "Retry")
    is_on(card, "A teapot")


def test_acts_on_its_own_page_do_so_too_and_deleting_leads_to_undo(open_page, ada):
    content = submit(ada)
    page = open_page(f"/contents/{content.id}", user=ada)
    view = page.locator("article.view")

    press(page, "Hold")
    is_on(view, "“A teapot” is on hold.")
    press(page, "Edit brief")
    press(page, "Save the brief")
    is_on(view, "“A teapot” has the new brief.")
    press(page, "Delete")
    is_on(page.locator(".flash"), "“A teapot” is in the trash.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    is_on(page.locator("article.card"), "“A teapot” is out of the trash.")
    page.goto(f"/contents/{content.id}")
    press(page, "Use brief again")
    expect(page.get_by_label("Topic and facts")).to_be_focused()


def test_brief_taken_back_has_the_focus_and_its_new_card_after_it(open_page, ada):
    submit(ada)
    page = open_page(user=ada)

    press(page, "Undo")
    is_on(page.get_by_label("Topic and facts"), "Taken back.")
    press(page, "Schedule it")  # at the time that had been chosen
    is_on(page.locator("article.card"), "is submitted.")


def test_past_time_is_refused_beside_its_field_and_a_chosen_one_comes_back(open_page, ada):
    page = open_page("/#brief", user=ada)
    page.get_by_label("Topic and facts").fill("A teapot")
    page.get_by_label("When").select_option("at")
    field = page.get_by_label("Date and time")
    for time, said in (("2020-01-01T09:00", "is past"), ("2999-01-01T09:00", "too far off")):
        field.fill(time)
        press(page, "Schedule it")
        expect(field).to_be_focused()
        expect(page.locator("form.brief .error")).to_contain_text(said)
        expect(field).to_have_attribute("aria-invalid", "true")
    chosen = page.evaluate("new Date(Date.now() + 90 * 86400000).toISOString().slice(0, 16)")
    field.fill(chosen)
    expect(page.locator("form.brief .error")).to_have_count(0)
    press(page, "Schedule it")

    press(page.locator("article.card"), "Undo")
    expect(page.get_by_label("When")).to_have_value("at")
    expect(page.get_by_label("Date and time")).to_have_value(chosen)


def test_refusal_of_a_form_has_the_focus_and_is_said(open_page, ada, watch):
    watch.expect("status of 4")
    submit(ada)
    page = open_page("/#brief", user=ada)
    page.get_by_label("Topic and facts").fill("A teapot")
    page.get_by_text("More: keywords").click()
    page.get_by_label("Keywords").fill("k" * 5000)
    press(page, "Write it in a minute")
    is_on(page.get_by_label("Keywords"), "Keywords contain one that is too long")

    page.goto("/account/")
    page.get_by_label("Name of a new token").fill("A script")
    page.get_by_label("Your password").fill("not the password")
    press(page, "Create token")
    is_on(page.get_by_label("Your password"), "This is not your present password.")
    page.get_by_label("Your password").fill(PASSWORD)
    press(page, "Create token")
    expect(page.locator(".flash")).to_be_focused()


def test_act_in_any_room_leaves_the_focus_near_it_and_is_said(open_page, ada, watch):
    watch.expect("status of 4")
    content = finished(ada, "A teapot", "Tea is warm.")
    page = open_page("/batches", user=ada)
    flash = page.locator(".flash")
    page.get_by_label("Or rows").fill("Topic\nA teapot\nA kettle\n")
    press(page, "Look through it")
    is_on(flash, "Nothing is submitted yet. All rows are in order")
    page.get_by_label("Type where a row has none").select_option("ad_copy")
    press(page, "Look again")
    is_on(page.locator("#rows"), "All rows are in order")
    press(page, "Submit 2 texts")
    is_on(flash, "2 texts are submitted.")

    page.goto("/series/new")
    page.get_by_label("Topic and facts").fill("A teapot")
    page.get_by_label("At", exact=True).fill("")
    press(page, "Begin the series")
    is_on(page.get_by_label("At", exact=True), "Choose a time of the day")
    page.goto("/templates")
    page.locator("main ul a").first.click()
    expect(page.get_by_role("button", name="See the brief")).to_be_visible()
    for blank in page.locator("main textarea").all():
        blank.fill("Tea")
    press(page, "See the brief")
    is_on(flash, "look at the brief")
    page.goto("/calendar/?zone=Mars")
    is_on(page.get_by_label("Times are by the clocks of"), "is no time zone")

    page.goto(f"/contents/{content.id}")
    page.get_by_label("Add tags").fill("x" * 300)
    with page.expect_response("**/view"):  # as the snapshot has it drawn
        press(page, "Add")
    is_on(page.get_by_label("Add tags"), "Tags")
    expect(page.get_by_label("Add tags")).to_have_value("x" * 300)
    expect(page.locator(".tagging .error")).to_be_visible()
    page.locator("summary", has_text="Change it").click()
    press(page.locator(".refine"), "Write in a minute")
    is_on(page.locator("[name=content_types]").first, "Tick what is to be made")
    page.locator("summary", has_text="Share").click()
    press(page, "Make a link")
    is_on(flash, "The link, shown this once")
    page.goto(flash.locator("code").inner_text())
    page.get_by_label("Ask for changes").check()
    press(page, "Send")
    is_on(page.get_by_label("What to change"), "Say what is to be changed.")


def test_act_that_came_too_late_leads_to_the_reason_without_script_too(open_page, ada, watch):
    watch.expect("status of 409")
    content = submit(ada)
    page = open_page("/", java_script_enabled=False)
    page.get_by_label("Email address").fill(ada.email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    press(page, "Hold")
    expect(page.locator("article.card")).to_be_focused()

    ending.cancel(content.current)
    press(page, "Release")

    expect(page.locator("h1")).to_be_focused()


def test_card_drawn_anew_in_the_list_keeps_the_focus(open_page, ada):
    content = finished(ada, "A teapot", "Tea is warm.")
    page = open_page(user=ada)
    link: Locator = page.get_by_role("link", name="A teapot")
    link.focus()

    submit(ada, "From another page")
    expect(page.locator("article.card")).to_have_count(2)
    expect(link).to_be_focused()

    ending.discard(content)
    expect(page.locator("article.card")).to_have_count(1)
    expect(page.locator("main")).to_be_focused()


def test_control_that_is_drawn_anew_keeps_the_focus_among_its_like(open_page, ada):
    content = finished(ada, "A teapot", "It holds 1.9 litres. It pours 300 ml.")
    page = open_page("/tags", user=ada)
    heard = "document.addEventListener('drafts:snapshot', () => (window.heard = true))"
    page.add_init_script(heard)
    page.goto("/")
    wait_until(lambda: page.evaluate("window.heard"))  # of a tag before it no snapshot tells
    tick = page.get_by_label("Tick A teapot")
    tick.focus()
    tagging.keep(content, {"tags": ["card"]})
    expect(page.locator(".card .tag")).to_have_text("card")
    expect(tick).to_be_focused()

    page.goto(f"/contents/{content.id}")
    last = page.locator(".findings li").last
    expect(last).to_be_visible()
    for number, control in enumerate((last.locator("[name=dismiss]"), last.locator("[name=mend]"))):
        control.focus()
        tagging.keep(content, {"tags": [f"view {number}"]})
        expect(page.locator(".view .tag")).to_contain_text(f"view {number}")
        expect(control).to_be_focused()


def test_focus_on_what_is_gone_is_on_the_part_it_stood_in(open_page, ada):
    content = finished(ada, "A teapot", "Tea is warm.")
    tagging.keep(content, {"tags": ["one"]})
    page = open_page(f"/contents/{content.id}", user=ada)
    page.get_by_role("button", name="Take off the tag one").focus()
    tagging.keep(content, {"tags": ["two"]})
    expect(page.locator(".tag")).to_contain_text("two")
    expect(page.locator("article.view")).to_be_focused()

    waits = submit(ada, "A kettle")
    page.goto("/")
    card = page.locator("article.card", has_text="A kettle")
    card.get_by_role("button", name="Hold").focus()
    waiting.hold(waits.current)
    expect(card.locator(".badge")).to_have_text("On hold")
    expect(card).to_be_focused()


SEE_NOTICE = """() => {
  const notice = document.getElementById("deleted");
  globalThis.wasSeen = false;
  new MutationObserver(() => { wasSeen ||= !notice.hidden; }).observe(notice, { attributes: true });
}"""


def test_answer_that_comes_late_says_nothing_of_what_is_there_by_now(open_page, ada):
    content = finished(ada, "A teapot", "Tea is warm.")
    page = open_page(f"/contents/{content.id}", user=ada)
    expect(page.locator(".findings, .quality").first).to_be_attached()
    late: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        answer = route.fetch()
        if answer.status == 204 and not late:
            late.append((route, answer))
        else:
            route.fulfill(response=answer)

    page.route("**/view", hold_the_first)
    ending.discard(content)
    wait_until(lambda: page.evaluate("true") and late)
    with page.expect_response(lambda answer: answer.url.endswith("/view") and answer.status == 200):
        ending.restore(ada.id, content.id)
    expect(page.locator("#deleted")).to_be_hidden()
    page.evaluate(SEE_NOTICE)
    route, answer = late[0]
    route.fulfill(response=answer)

    tagging.keep(content, {"tags": ["one"]})
    expect(page.locator(".tag")).to_contain_text("one")
    assert not page.evaluate("wasSeen")


# The answer never comes, and is waited for until the test says otherwise.
PRESS_AND_LOSE = """() => {
  addEventListener("submit", (event) => event.preventDefault(), { once: true });
  const later = globalThis.setTimeout;
  globalThis.setTimeout = () => 0;
  [...document.querySelectorAll("[name=dismiss]")].at(-1).click();
  globalThis.setTimeout = later;
}"""


def test_button_beside_its_form_is_pressed_once_and_is_no_dead_one_after(open_page, ada):
    content = finished(ada, "A teapot", "It holds 1.9 litres. It pours 300 ml.")
    page = open_page(f"/contents/{content.id}", user=ada)
    form, button = page.locator("#dismissals"), page.locator("[name=dismiss]").last
    expect(button).to_be_visible()
    page.evaluate(PRESS_AND_LOSE)
    tagging.keep(content, {"tags": ["one"]})
    expect(page.locator(".tag")).to_contain_text("one")

    expect(form).to_have_attribute("data-sent", "1")
    expect(button).to_have_attribute("aria-busy", "true")
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    expect(page.locator("form[data-sent], button[aria-busy]")).to_have_count(0)


def test_page_of_what_is_deleted_elsewhere_says_so_until_it_is_back(open_page, ada):
    content = finished(ada, "A teapot", "Tea is warm.")
    page = open_page(f"/contents/{content.id}", user=ada)
    notice = page.get_by_text("It was moved to the trash meanwhile.")
    expect(page.locator("article.view")).to_be_visible()
    expect(notice).to_be_hidden()

    ending.discard(content)
    expect(notice).to_be_visible()
    expect(page.locator("article.view")).to_contain_text("Tea is warm.")
    ending.restore(ada.id, content.id)
    expect(notice).to_be_hidden()
