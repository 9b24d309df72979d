"""The calendar by hand: by the reader's clocks, by keyboard, and a text dragged to another day."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from conftest import BRIEF, wait_until
from playwright.sync_api import APIResponse, Route, expect

from smartcontent.contents import submitting
from smartcontent.models import now
from smartcontent.stores.sql import db

from .test_every_page import is_fit_to_read

# What is dragged may come from anywhere.
SENT_BY_DROPPING = """addresses => {
  const sent = [];
  const note = (event) => {
    event.preventDefault();
    sent.push(event.target.getAttribute("action"));
  };
  addEventListener("submit", note, true);
  for (const address of addresses) {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("application/x-move", address);
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector("[data-day]").dispatchEvent(drop);
  }
  removeEventListener("submit", note, true);
  return sent;
}"""

TOKYO = ZoneInfo("Asia/Tokyo")


def test_calendar_is_gone_through_by_keys_and_a_text_is_moved(open_page, founder, app):
    # In the next month, whose first days all stand on one page, whatever day it is today.
    first = (now().astimezone(TOKYO).replace(day=1) + timedelta(days=31)).replace(day=1)
    due = first.replace(day=2, hour=5, minute=15, second=0, microsecond=0)
    content = submitting.submit(founder.id, BRIEF, "A teapot", due_at=due)
    page = open_page("/", user=founder, timezone_id="Asia/Tokyo", color_scheme="dark")
    page.get_by_role("link", name="Calendar").click()
    page.wait_for_url("**/calendar/?zone=*")  # the script has asked anew, by the reader's clocks
    expect(page.locator(".day[aria-current]")).to_be_visible()

    page.goto(f"{page.url}&day={first.date()}")
    page.locator(f'[data-day="{first.date()}"] .day').press("ArrowRight")
    page.keyboard.press("Enter")
    row = page.locator("#day li", has_text="05:15 A teapot")
    expect(row.locator(".badge")).to_have_text("Pending")
    is_fit_to_read(page)

    row.get_by_label("Another time").fill(f"{due:%Y-%m-%d}T18:45")
    row.get_by_role("button", name="Move").click()
    expect(page.locator("#day li", has_text="18:45 A teapot")).to_be_visible()

    expect(page.locator("html")).to_have_class("js")  # which hears of what is dragged
    own = page.locator(".entry", has_text="A teapot").get_attribute("data-move")
    dropped = ["/account/erase", "https://example.org/", own]
    assert page.evaluate(SENT_BY_DROPPING, dropped) == [own]
    goal = due.date() + timedelta(days=1)
    page.locator(".entry", has_text="A teapot").drag_to(page.locator(f'[data-day="{goal}"]'))
    cell = page.locator(f'[data-day="{goal}"].chosen')
    expect(cell.locator(".entry")).to_contain_text("18:45 A teapot")
    db.session.refresh(content.current)
    assert content.current.due_at.astimezone(TOKYO).date() == goal

    other = due + timedelta(days=2)
    page.evaluate("document.documentElement.dataset.stays = 'yes'")
    submitting.submit(founder.id, BRIEF, "A kettle", due_at=other)
    expect(page.locator(f'[data-day="{other.date()}"]')).to_contain_text("05:15 A kettle")
    page.locator(f'[data-day="{goal}"] .day').press("ArrowRight")
    expect(page.locator(f'[data-day="{goal + timedelta(days=1)}"] .day')).to_be_focused()
    assert page.evaluate("document.documentElement.dataset.stays") == "yes"


def test_drawing_waits_for_no_earlier_one_and_the_newer_one_stays(open_page, ada):
    first = (now().replace(day=1) + timedelta(days=31)).replace(day=1, hour=12)
    page = open_page("/account/", user=ada, timezone_id="UTC")
    page.goto(f"/calendar/?zone=UTC&day={first.date()}")
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/calendar/?*", lambda route: late.append((route, route.fetch())), times=1)
    submitting.submit(ada.id, BRIEF, "A teapot", due_at=first)
    wait_until(lambda: page.title() and late)  # who asks the page has the route taken, too
    [(route, answer)] = late

    submitting.submit(ada.id, BRIEF, "A kettle", due_at=first)
    day = page.locator(f'[data-day="{first.date()}"]')
    expect(day).to_contain_text("A kettle")
    with page.expect_event("requestfinished", lambda request: request == route.request):
        route.fulfill(response=answer)

    page.evaluate("new Promise(requestAnimationFrame)")
    expect(day).to_contain_text("A kettle")
