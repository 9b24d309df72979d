"""The minute on the page: its ring and its clock, what is found before it is over, another time."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import wait_until
from ollama_scripts import Part, chunk, head, line
from playwright.sync_api import expect
from sqlalchemy import select

from browser.conftest import submit
from browser.test_countdown import REQUEST_SECONDS, ROUNDING, due_at, is_right, shown
from browser.test_keyboard import tab_to
from browser.test_network import swallow
from smartcontent.contents import ending, waiting
from smartcontent.models import Content, now
from smartcontent.stores.sql import db

# A machine whose two clocks a test moves: the one people set, and the one that runs by itself.
CLOCKS = """
globalThis.set = 0;
globalThis.slept = 0;
const wall = Date.now.bind(Date);
Date.now = () => wall() + globalThis.set;
const running = performance.now.bind(performance);
performance.now = () => running() - globalThis.slept;
"""
TEN_SECONDS_PASS = "set += 10_000; slept -= 10_000"
# Every place where the ring was drawn, until the draft starts.
RING = """
const drawn = new Set();
new MutationObserver(() => {
  const left = document.querySelector(".js .ring .left")?.getAttribute("stroke-dashoffset");
  if (left) drawn.add(Number(left));
}).observe(document, { subtree: true, childList: true, attributes: true });
globalThis.drawn = () => [...drawn];
"""
# For how long the clock waits each time before it draws again, in milliseconds.
WAITS = """
globalThis.waits = [];
const later = setTimeout;
globalThis.setTimeout = (act, wait, ...rest) => {
  if (act.name === "tick") waits.push(wait);
  return later(act, wait, ...rest);
};
"""
# How far the page's idea of the server's time is off, in seconds: the server is on this machine.
OFF = """async () => {
  const { serverNow } = await import(new URL("clock.js", document.scripts[0].src));
  return (serverNow() - performance.timeOrigin - performance.now()) / 1000;
}"""
SET_SERVER_TIME = """async (at) => {
  const { setServerTime } = await import(new URL("clock.js", document.scripts[0].src));
  setServerTime(at);
}"""
TICK = 250  # milliseconds
TIME = "**/time"  # what a page asks that came late; it would undo how a test moves its clocks
TIME_SECONDS = 1  # an answer that takes longer counts for nothing
PULL_PROGRESS = {"status": "pulling", "total": 100, "completed": 63}


def test_ring_empties_with_the_countdown(open_page, ada):
    page = open_page("/account/", user=ada)
    page.add_init_script(CLOCKS + RING)
    page.route(TIME, swallow)
    submit(ada, delay_seconds=120)  # the ring is full until the last minute
    page.goto("/")
    expect(page.locator(".ring")).to_be_visible()

    while (before := shown(page)) > 10:
        page.evaluate(TEN_SECONDS_PASS)
        wait_until(lambda before=before: shown(page) <= before - 10)

    drawn = page.evaluate("drawn()")
    assert drawn == sorted(drawn), "it never fills again"
    assert all(0 <= offset <= 100 for offset in drawn)
    assert drawn[-1] - drawn[0] > 80


def test_ring_is_full_again_when_a_draft_is_released(open_page, ada):
    content = submit(ada)
    content.current.created_at -= timedelta(hours=1)
    db.session.commit()
    waiting.hold(content.current)
    page = open_page("/account/", user=ada)
    page.add_init_script(RING)
    page.goto("/")

    page.get_by_role("button", name="Release").click()

    expect(page.locator("article.card .badge")).to_have_text("Pending")
    wait_until(lambda: page.evaluate("drawn()"))
    assert page.evaluate("drawn()")[0] < 90


def test_two_tabs_count_down_as_one(open_page, ada):
    submit(ada)
    for clock in ("", CLOCKS + "globalThis.set = -3_600_000;"):
        page = open_page("/account/", user=ada)
        page.add_init_script(WAITS + clock)
        page.goto("/")

        # Each goes by the server's time, and draws when a second of that is over.
        came = page.evaluate(REQUEST_SECONDS)
        took = max(came, TIME_SECONDS) if came > TICK / 1000 else came
        assert abs(page.evaluate(OFF)) <= took / 2 + ROUNDING
        wait_until(lambda page=page: min(page.evaluate("waits"), default=TICK) < TICK)


def test_nothing_moves_but_the_number_where_motion_is_unwelcome(open_page, ada):
    submit(ada)

    page = open_page(user=ada, reduced_motion="reduce")

    expect(page.locator(".countdown")).to_be_visible()
    expect(page.locator(".ring")).to_be_hidden()


def test_countdown_does_not_move_with_this_machine_s_clock(open_page, ada):
    content = submit(ada, delay_seconds=500)
    page = open_page("/account/", user=ada)
    page.add_init_script(CLOCKS)
    page.goto("/")
    before = shown(page)

    page.evaluate("set = 3_600_000")

    wait_until(lambda: shown(page) != before)
    is_right(page, content)


def test_countdown_is_right_after_the_machine_slept(open_page, ada):
    content = submit(ada, delay_seconds=500)
    page = open_page("/account/", user=ada)
    page.add_init_script(CLOCKS)
    page.goto("/")
    is_right(page, content)

    page.evaluate("slept = 30_000")

    is_right(page, content)


def test_missing_model_is_downloaded_from_the_card_before_the_draft_is_due(open_page, ada, ollama):
    has_come = threading.Event()

    def pull(_model: str) -> Iterator[Part]:
        yield 0.0, head()
        yield 0.0, chunk(line(PULL_PROGRESS))
        while not has_come.is_set():
            yield 0.01, b""
        ollama.models.append("llama3.2:latest")
        yield 0.0, chunk(line({"status": "success"})) + chunk(b"")

    ollama.on(path="/api/pull").script(pull, "close", 1)
    ollama.models.clear()
    try:
        content = submit(ada, delay_seconds=60)
        page = open_page(user=ada)
        card = page.locator("article.card")
        expect(card).to_contain_text("Ollama does not have llama3.2")
        card.get_by_role("button", name="Download llama3.2").click()

        bar = card.get_by_role("progressbar", name="Download of llama3.2")
        expect(bar).to_have_js_property("value", 0.63)
        expect(card).to_contain_text("63% are there")
        waiting.put_off(content.current, now() + timedelta(seconds=60))
    finally:
        has_come.set()

    expect(bar).to_have_count(0)
    expect(card.locator(".outlook")).to_contain_text("All is ready")


@pytest.mark.parametrize("has_script", [True, False])
def test_another_time_is_chosen_in_the_reader_s_zone(open_page, ada, has_script):
    content = submit(ada)
    zone = "Australia/Adelaide" if has_script else "UTC"
    before = (now().astimezone(ZoneInfo(zone)) + timedelta(days=3)).replace(second=7)
    waiting.put_off(content.current, before)
    page = open_page(user=ada, timezone_id="Australia/Adelaide", java_script_enabled=has_script)
    card = page.locator("article.card")
    card.get_by_text("Later…").click()
    field = card.locator("input[type=datetime-local]")
    expect(card.locator(".zone")).to_have_text(f"({zone})")
    expect(field).to_have_value(in_field(before + timedelta(minutes=1)))

    field.fill(in_field(before - timedelta(days=9)))
    card.get_by_role("button", name="Set").click()
    assert field.evaluate("field => field.validity.rangeUnderflow")
    asked = (before + timedelta(hours=5)).replace(second=0, microsecond=0)
    field.fill(in_field(asked))
    card.get_by_role("button", name="Set").click()

    expect(field).to_have_value(in_field(asked))
    wait_until(lambda: due_at(content) == asked)


def in_field(moment: datetime) -> str:
    """A time as browsers write it in a field."""
    return f"{moment:%Y-%m-%dT%H:%M}"


def day_when_clocks_change(zone: ZoneInfo) -> datetime:
    """The next day, at its midnight, that has 23 or 25 hours there."""
    midnight = datetime.combine(now().astimezone(zone).date(), time(), zone)
    days = (midnight + timedelta(days=days) for days in range(1, 366))
    return next(day for day in days if day.utcoffset() != (day + timedelta(days=1)).utcoffset())


def test_morning_is_the_reader_s_on_the_day_when_clocks_change(open_page, ada):
    zone = ZoneInfo("Europe/Berlin")
    day = day_when_clocks_change(zone)
    assert day.weekday() == 6, "it is a Sunday"
    page = open_page("/account/", user=ada, timezone_id=zone.key)
    page.route(TIME, swallow)
    page.goto("/")

    def on_the_evening_before() -> None:
        at = (day - timedelta(hours=4)).astimezone(UTC).isoformat()
        page.evaluate(SET_SERVER_TIME, at)

    page.get_by_label("Topic and facts").fill("A teapot")
    expect(page.get_by_label("Date and time")).to_be_hidden()
    page.get_by_label("When").select_option("Tomorrow 9:00")
    on_the_evening_before()
    page.get_by_role("button", name="Schedule it").click()

    card = page.locator("article.card")
    expect(card.locator("time")).to_contain_text("09:00:00")
    content = db.session.scalars(select(Content)).one()
    assert due_at(content) == day.replace(hour=9)

    card.get_by_text("Later…").click()
    on_the_evening_before()
    with page.expect_navigation():
        card.get_by_role("button", name="Monday 9:00").click()

    assert due_at(content) == (day + timedelta(days=1)).replace(hour=9)


def test_time_of_a_brief_that_is_refused_stands_as_it_was_chosen(open_page, ada, watch):
    watch.expect("status of 422")
    page = open_page(user=ada, timezone_id="Asia/Kolkata")
    page.get_by_label("Topic and facts").fill("A teapot")
    page.get_by_label("When").select_option("At another time…")
    field = page.get_by_label("Date and time")
    field.fill("2001-02-03T04:05")
    page.get_by_role("button", name="Schedule it").click()
    assert field.evaluate("field => field.validity.rangeUnderflow")
    field.evaluate("field => { field.min = ''; }")  # a page that was open since then
    page.get_by_role("button", name="Schedule it").click()

    expect(page.locator("#at-error")).to_contain_text("This time is past")
    expect(field).to_have_value("2001-02-03T04:05")
    expect(page.get_by_label("Topic and facts")).to_have_value("A teapot")

    page.get_by_label("When").select_option("In a minute")  # the wrong time is no obstacle
    page.get_by_role("button", name="Write it in a minute").click()
    expect(page.locator("article.card .badge")).to_have_text("Pending")


def test_focus_and_what_was_typed_outlive_a_card_that_is_drawn_anew(open_page, ada):
    content = submit(ada, delay_seconds=500)
    page = open_page(user=ada)
    page.get_by_text("Later…").click()
    field = page.locator("article.card input[type=datetime-local]")
    field.fill("2031-02-03T04:05")
    later = page.get_by_role("button", name="In an hour")
    later.focus()

    waiting.put_off(content.current, now() + timedelta(hours=2))

    expect(page.locator(".countdown")).to_have_text(re.compile(r"^(1:5\d|2:00):\d\d$"))
    expect(later).to_be_focused()
    expect(field).to_have_value("2031-02-03T04:05")


def test_every_button_of_the_minute_is_reached_and_pressed_by_keyboard(open_page, ada):
    content = submit(ada)
    page = open_page(user=ada)
    badge = page.locator("article.card .badge")

    def press(button: str) -> None:
        tab_to(page, page.get_by_role("button", name=button))
        with page.expect_navigation():
            page.keyboard.press("Enter")

    press("Hold")
    expect(badge).to_have_text("On hold")
    press("Release")
    expect(badge).to_have_text("Pending")
    waiting.put_off(content.current, now() + timedelta(minutes=30))
    released = due_at(content)
    tab_to(page, page.locator("summary", has_text="Later"))
    page.keyboard.press("Enter")
    press("+5 min")
    is_right(page, content)
    assert due_at(content) - released == timedelta(minutes=5)

    press("Undo")
    expect(page.get_by_text("Your brief is in the form again.").first).to_be_visible()


def test_place_in_the_queue_is_read_again_while_a_draft_waits(open_page, ada, dictation, ollama):
    contents = [submit(ada, title, delay_seconds=0) for title in ("First", "Second", "Third")]
    page = open_page(user=ada)
    first, third = (page.locator(f"#content-{content.id} .outlook") for content in contents[::2])
    expect(first).to_have_count(0)
    expect(third).to_contain_text("1 ahead of you")

    ending.cancel(contents[1].current)

    expect(third).to_contain_text("Next in line")
