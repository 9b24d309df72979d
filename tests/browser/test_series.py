"""A series by hand: chosen as people say it, in the zone of the browser, and followed."""

from playwright.sync_api import expect
from sqlalchemy import update

from smartcontent.models import Series, now
from smartcontent.stores.sql import db

from .test_every_page import is_fit_to_read


def test_a_series_is_chosen_and_writes_by_itself(open_page, founder, ollama):
    ollama.says("# News")
    page = open_page("/series/new", user=founder, timezone_id="Europe/Berlin")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    is_fit_to_read(page)
    page.get_by_label("How often").select_option("Every week on certain days")
    page.get_by_label("Friday").check()
    expect(page.get_by_label("Rule")).to_be_hidden()
    page.get_by_label("How often").select_option("By a rule of your own (cron)")
    expect(page.get_by_label("Friday")).to_be_hidden()
    page.get_by_label("How often").select_option("Every week on certain days")
    page.get_by_label("Topic and facts").fill("What is new at the garden centre")
    page.get_by_role("button", name="Begin the series").click()

    expect(page.get_by_text("Every Monday and Friday at 07:00")).to_be_visible()
    expect(page.locator("li time").first).to_contain_text("7:00:00")
    page.get_by_role("button", name="Skip this one").click()
    expect(page.locator("main").get_by_text("One time is skipped.")).to_be_visible()
    is_fit_to_read(page)

    db.session.execute(update(Series).values(next_due=now()))
    db.session.commit()
    made = page.locator("li", has_text="What is new at the garden centre")
    expect(made.locator(".badge")).to_have_text("Completed")  # the page has drawn it by itself
    page.goto("/series")
    is_fit_to_read(page)
