"""Many texts at once, by hand: a table sent, its columns named, and the batch's page followed."""

from playwright.sync_api import expect
from sqlalchemy import select

from smartcontent.contents import waiting
from smartcontent.models import Draft
from smartcontent.stores.sql import db

from .test_every_page import is_fit_to_read

TABLE = b"Article;Anything\nA blue teapot;x\nA red teapot;y\n;z\n"


def test_a_table_becomes_texts_on_pages_that_fit(open_page, founder, ollama):
    page = open_page("/batches", user=founder)
    file = {"name": "teapots.csv", "mimeType": "text/csv", "buffer": TABLE}
    page.get_by_label("A file").set_input_files(file)
    page.get_by_role("button", name="Look through it").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("teapots.csv")
    page.get_by_label("Content type where a row has none").select_option("Ad copy")
    page.get_by_label("Topic").select_option("Article")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("heading", name="1 of 3 rows have problems")).to_be_visible()
    expect(page.locator("#rows .error")).to_have_css("white-space", "normal")  # whole on a phone
    is_fit_to_read(page)
    page.get_by_role("button", name="Leave these out, submit 2").click()
    expect(page.get_by_text("0 of 2 done")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    is_fit_to_read(page)

    ollama.says("A red one.")
    waiting.start_now(db.session.scalars(select(Draft).order_by(Draft.id.desc())).first())
    expect(page.get_by_text("1 of 2 done")).to_be_visible()
    expect(page.locator("li", has_text="A red teapot").locator(".badge")).to_have_text("Completed")
    page.goto("/batches")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    is_fit_to_read(page)
