"""The countdown goes by the server's clock, whatever the browser's says."""

import re
from datetime import datetime
from itertools import pairwise

import pytest
from conftest import wait_until
from playwright.sync_api import Page, expect

from browser.conftest import finished, submit
from smartcontent.durations import roughly
from smartcontent.models import Content, now
from smartcontent.stores.sql import db

# Sets the browser's clock, and keeps what a countdown shows, with the moment by the real clock.
INIT = """
(() => {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts) { parts.length ? super(...parts) : super(Real.now() + SKEW); }
    static now() { return Real.now() + SKEW; }
  };
  globalThis.shown = [];
  new MutationObserver(() => {
    const text = document.querySelector(".js .countdown")?.textContent;
    const moment = performance.timeOrigin + performance.now();
    if (text && text !== shown.at(-1)?.[0]) shown.push([text, moment]);
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""
# How long the page took to come: when in that time the server looked at its clock, nobody knows.
# Where that was long the server was asked once more, and may have taken a second to answer.
REQUEST_SECONDS = """(() => {
  const { clock } = document.body.dataset;
  const isAsked = performance.getEntriesByName(new URL(clock, location.href)).length > 0;
  const [page] = performance.getEntriesByType("navigation");
  return Math.max(isAsked ? 1 : 0, (page.responseStart - page.requestStart) / 1000);
})()"""
ROUNDING = 0.01  # seconds: times are sent in milliseconds
HOUR = 3_600_000


def seconds(shown: str) -> int:
    minutes, rest = shown.split(":")
    return int(minutes) * 60 + int(rest)


def shown(page: Page) -> int:
    """What the countdown shows now."""
    return seconds(page.locator(".countdown").text_content())


def due_at(content: Content) -> datetime:
    """The due time that is on record now."""
    db.session.expire_all()
    moment = content.current.due_at
    db.session.commit()
    return moment


def is_right(page: Page, content: Content) -> None:
    """Wait until the countdown shows what is left (it may be read a moment late)."""
    due = due_at(content)
    wait_until(lambda: 0 <= shown(page) - (due - now()).total_seconds() <= 2)


@pytest.mark.parametrize("skew", [0, HOUR, -HOUR])
def test_countdown_falls_by_the_server_s_clock(open_page, ada, skew):
    draft = submit(ada, delay_seconds=500).current
    page = open_page("/account/", user=ada)
    page.add_init_script(INIT.replace("SKEW", str(skew)))

    page.goto("/")
    wait_until(lambda: len(page.evaluate("shown")) >= 4, every=0.2)

    texts = page.evaluate("shown")
    numbers = [seconds(text) for text, _ in texts]
    # The first ones go by when the page came; where that took long, the server is asked once more.
    assert sum(after > before for before, after in pairwise(numbers)) <= 1, texts
    # Seconds left are rounded up. What was drawn a moment late was too high meanwhile.
    above = min(
        number - (draft.due_at.timestamp() - moment / 1000)
        for number, (_, moment) in zip(numbers, texts, strict=True)
    )
    uncertain = page.evaluate(REQUEST_SECONDS) / 2 + ROUNDING
    assert -uncertain <= above <= 1 + uncertain


def test_times_are_shown_in_the_reader_s_zone(open_page, ada):
    draft = submit(ada).current

    page = open_page(user=ada, timezone_id="Asia/Kathmandu")

    # 5 hours and 45 minutes ahead: nobody's by accident.
    minutes = (draft.due_at.minute + 45) % 60
    expect(page.locator(".state time")).to_have_text(
        re.compile(rf"\d\d:{minutes:02d}:{draft.due_at.second:02d}$")
    )


# From a moment to days, beside every border and half.
DURATIONS = [0, 2.9, 3, 3.5, 19.4, 20, 22.5, 89, 90, 150, 5399, 5400, 9000, 129_599, 216_000]


def test_pages_and_server_guess_in_the_same_words(open_page, ada):
    page = open_page(user=ada)

    said = page.evaluate(
        """async (durations) => {
          const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
          const { roughly } = await import(loaded.find((name) => /clock/.test(name)));
          return durations.map(roughly);
        }""",
        DURATIONS,
    )

    assert said == [roughly(seconds) for seconds in DURATIONS]


def test_reload_does_not_start_the_countdown_anew(open_page, ada):
    submit(ada, delay_seconds=500)
    page = open_page(user=ada)
    first = shown(page)
    wait_until(lambda: shown(page) <= first - 2 - page.evaluate(REQUEST_SECONDS))

    page.reload()

    # A second is left for how exactly a page can know the server's time.
    assert shown(page) < first


A_DAY_LATER = """async () => {
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const { setServerTime } = await import(loaded.find((name) => /clock/.test(name)));
  setServerTime(new Date(Date.now() + 86_400_000).toISOString());
}"""


def test_time_of_a_day_that_is_over_has_its_date(open_page, ada):
    finished(ada, "A teapot", "Tea is warm.")
    page = open_page("/account/", user=ada)
    page.route("**/time", lambda _: None)  # it would tell what day it is
    page.goto("/")
    ended = page.locator("article.card time")
    expect(ended).to_have_attribute("data-local", "")
    page.evaluate(A_DAY_LATER)
    expect(ended).to_have_text(re.compile(r"\d+/\d+/\d{4}, \d+:"))
