"""The countdown goes by the server's clock, whatever the browser's says."""

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import submit
from smartcontent.models import now

# Sets the browser's clock, and keeps all that a countdown ever shows.
INIT = """
(() => {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts) { parts.length ? super(...parts) : super(Real.now() + SKEW); }
    static now() { return Real.now() + SKEW; }
  };
  const texts = [];
  let enough = () => {};
  new MutationObserver(() => {
    const text = document.querySelector(".js .countdown")?.textContent;
    if (text && text !== texts.at(-1)) texts.push(text);
    enough();
  }).observe(document, { subtree: true, childList: true, characterData: true });
  globalThis.shown = (number) => new Promise((resolve) => {
    enough = () => texts.length >= number && resolve(texts);
    enough();
  });
})();
"""
HOUR = 3_600_000


def seconds(shown: str) -> int:
    minutes, rest = shown.split(":")
    return int(minutes) * 60 + int(rest)


@pytest.mark.parametrize("skew", [0, HOUR, -HOUR])
def test_countdown_falls_by_the_server_s_clock(open_page, ada, skew):
    draft = submit(ada, delay_seconds=100).current
    page = open_page("/account/", user=ada)
    page.add_init_script(INIT.replace("SKEW", str(skew)))

    page.goto("/")
    shown = [seconds(text) for text in page.evaluate("shown(3)")]
    left = (draft.due_at - now()).total_seconds()
    assert shown[0] - shown[-1] == len(shown) - 1, "one second at a time"
    assert shown[-1] - 1.5 < left < shown[-1] + 0.5


def test_times_are_shown_in_the_reader_s_zone(open_page, ada):
    draft = submit(ada, delay_seconds=100).current

    page = open_page(user=ada, timezone_id="Asia/Kathmandu")

    # 5 hours and 45 minutes ahead: nobody's by accident.
    minutes = (draft.due_at.minute + 45) % 60
    expect(page.locator(".state time")).to_have_text(
        re.compile(rf"\d\d:{minutes:02d}:{draft.due_at.second:02d}$")
    )


def test_reload_does_not_start_the_countdown_anew(open_page, ada):
    submit(ada, delay_seconds=100)
    page = open_page(user=ada)
    expect(page.locator(".countdown")).to_have_text(re.compile(r"^1:3\d$"))

    page.reload()

    expect(page.locator(".countdown")).to_have_text(re.compile(r"^1:3\d$"))
