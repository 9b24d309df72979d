"""Many texts at once, by hand: a table sent, its columns named, and the batch's page followed."""

import re
from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from smartcontent.contents import waiting
from smartcontent.contents.batches import acting, rows, submitting
from smartcontent.models import Batch, Draft, Status, now
from smartcontent.stores.sql import db

from .conftest import LOSE_ANSWERS
from .test_every_page import is_fit_to_read

TEAPOT = {"content_type": "ad_copy", "topic": "A teapot"}
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


def batch_with_a_failure(user) -> Batch:
    """Of three texts, one of which has failed."""
    batch = Batch(user_id=user.id, name="Pots", headings=[], mapping={})
    prepared = submitting.prepared(user.id, rows.of_json(3 * [TEAPOT])[1])
    submitting.submit(batch, prepared, submitting.Timing(first=now() + timedelta(hours=1)))
    draft = db.session.scalars(select(Draft).order_by(Draft.id)).first()
    draft.status, draft.finished_at, draft.due_at = Status.FAILED, now(), None
    db.session.commit()
    return batch


PRESS_PAUSE = """() => {
  const isPause = (button) => button.textContent.trim() === "Pause";
  [...document.querySelectorAll("button")].find(isPause).click();
}"""


def test_focus_on_an_act_that_is_gone_comes_to_lie_on_no_other_act(open_page, ada):
    batch = batch_with_a_failure(ada)
    page = open_page(f"/batches/{batch.id}", user=ada)
    button = page.get_by_role("button", name="Cancel the rest")
    button.focus()
    pause = page.locator("form", has=page.get_by_role("button", name="Pause"))
    page.evaluate(LOSE_ANSWERS)
    page.evaluate(PRESS_PAUSE)
    *_, last = db.session.scalars(select(Draft).order_by(Draft.id)).all()
    waiting.hold(last)
    expect(page.locator("#progress")).to_contain_text("1 on hold")
    expect(button).to_be_focused()
    expect(pause).to_have_attribute("data-sent", re.compile("."))

    acting.cancel(batch)
    expect(page.locator("#progress")).to_contain_text("Everything has ended.")
    expect(page.get_by_role("button", name="Retry what failed")).to_be_visible()
    expect(page.locator("#progress a").first).to_be_focused()
