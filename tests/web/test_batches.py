"""The pages of batches: a table sent, mapped by hand, looked through, submitted, followed."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import pytest
from conftest import wait_until
from sqlalchemy import delete, event, func, select, update
from tables.workbooks import row, workbook

from smartcontent.contents import quotas
from smartcontent.contents.batches import export, submitting, uploads
from smartcontent.models import ApiToken, Batch, Content, Draft, KeptTemplate, KeptVoice, now
from smartcontent.stores.sql import db
from smartcontent.web import downloads, threads
from smartcontent.web.lines import Line

TABLE = "Product,Price\nA blue teapot,24\n,26\nA red teapot,28\n"
TYPE = {"content_type": "product_description", "column-topic": "Product"}


def stored(model: type = Content) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def send(visitor, table: str = TABLE, **more) -> str:
    """Send a table; answers the address of its page."""
    parts = {"file": (io.BytesIO(table.encode()), "teapots.csv"), **more}
    answer = visitor.post("/batches", parts, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_table_is_mapped_looked_through_and_submitted_without_its_wrong_row(as_ada):
    page = send(as_ada)
    assert stored() == 0

    as_ada.post(page, {**TYPE, "do": "check"})
    shown = as_ada.get(page).text
    assert "1 of 3 rows have problems" in shown
    assert re.search(r'<th scope="row">3</th>\s*<td><span class="error">Topic is missing', shown)
    refused = as_ada.post(page, {**TYPE, "do": "submit"}, follow_redirects=True)
    assert "Nothing is submitted" in refused.text
    assert stored() == 0
    answer = as_ada.post(page, {**TYPE, "do": "leave-out"})

    assert stored() == 2
    batch = as_ada.get(answer.headers["Location"]).text
    assert "0 of 2 done" in batch
    assert "A red teapot" in batch
    again = as_ada.post(page, {**TYPE, "do": "leave-out"})  # pressed twice
    assert again.headers["Location"] == answer.headers["Location"]
    assert (stored(Batch), stored()) == (1, 2)


@pytest.mark.parametrize("sent", ["by a page", "by a script"])
def test_workbook_with_more_text_than_its_characters_say_is_refused(as_ada, ada, sent):
    cells = row(1, "Topic") + "".join(row(n, "\U0001f375" * 32_767) for n in range(2, 72))
    parts = {"file": (io.BytesIO(workbook(cells)), "teapots.xlsx")}
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}

    if sent == "by a page":
        refused = as_ada.post("/batches", parts, content_type="multipart/form-data")
    else:
        refused = as_ada.client.post("/api/v1/batches", data=parts, headers=token)

    assert refused.status_code == 422
    assert "more than 8 MB of text" in refused.text


def test_table_that_was_kept_by_an_earlier_release_is_shown(as_ada):
    page = send(as_ada)
    kept = {"rows": [[2, ["A green teapot", "24"]]], "notes": ["Only the first sheet was read."]}
    db.session.execute(update(Batch).values(upload=kept))
    db.session.commit()

    shown = as_ada.get(page).text
    assert "A green teapot" in shown
    assert kept["notes"][0] in shown


def test_form_of_too_many_parts_or_with_long_headers_is_refused(as_ada):
    def answered(file_name: str, **fields: str):
        parts = {"file": (io.BytesIO(TABLE.encode()), file_name), **fields}
        return as_ada.post("/batches", parts, content_type="multipart/form-data")

    for refused, status in (
        (answered("x" * 20_000), 400),
        (answered("a.csv", **{"x" * 1_000 + str(number): "" for number in range(20)}), 400),
        (answered("a.csv", **{f"field {number}": "" for number in range(40)}), 413),
    ):
        assert refused.status_code == status
    assert stored(Batch) == 0
    assert answered("茶" * 255 + ".csv").status_code == 303


def test_distance_that_is_too_long_is_refused_beside_its_field(as_ada):
    page = send(as_ada, "Product\n" + "A teapot\n" * 366)

    answer = as_ada.post(page, {**TYPE, "every_seconds": "86400", "do": "submit"})

    assert (answer.status_code, stored()) == (422, 0)
    assert re.search('<small id="every-error" class="error">[^<]*more than a year', answer.text)
    assert re.search('name="every_seconds" aria-invalid="true"', answer.text)


def test_a_batch_begins_at_a_time_that_was_chosen_and_a_wrong_one_is_said_beside_its_field(as_ada):
    page = send(as_ada)
    begin = now().replace(second=0, microsecond=0) + timedelta(days=3)
    chosen = {**TYPE, "every_seconds": "60", "when": "at", "at": begin.isoformat()[:16]}
    looked = as_ada.post(page, {**chosen, "do": "check"}, follow_redirects=True).text
    assert '<option value="at" selected>' in looked
    assert f'value="{chosen["at"]}"' in looked
    past = as_ada.post(page, {**chosen, "at": "2020-02-02T09:00", "do": "leave-out"})
    assert (past.status_code, stored()) == (422, 0)
    assert '<small id="at-error" class="error">This time is past' in past.text

    as_ada.post(page, {**chosen, "do": "leave-out"})

    due_times = db.session.scalars(select(Draft.due_at).order_by(Draft.due_at)).all()
    assert due_times == [begin, begin + timedelta(minutes=1)]


def test_what_was_said_of_a_table_is_remembered_for_the_next_like_it(as_ada):
    first = send(as_ada)
    chosen = {**TYPE, "column-instructions": "Price", "tone": "witty"}
    as_ada.post(first, {**chosen, "do": "leave-out"})

    shown = as_ada.get(send(as_ada)).text

    assert re.search(r'id="column-instructions".*?value="Price" selected', shown, re.DOTALL)
    assert 'value="witty" selected' in shown


def test_rows_are_pasted_and_what_is_no_table_gets_one_sentence(as_ada):
    pasted = "Topic\tType\nA teapot\tAd copy"
    answer = as_ada.post("/batches", {"pasted": pasted}, content_type="multipart/form-data")
    assert "All rows are in order" in as_ada.get(answer.headers["Location"]).text

    for parts, sentence in (
        ({"pasted": "only one row"}, "The file has only one row in it"),
        ({"pasted": ""}, "Choose a file, or paste rows"),
        ({"file": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}, "The file is a PDF"),
    ):
        refused = as_ada.post("/batches", parts, content_type="multipart/form-data")
        assert refused.status_code == 422
        assert sentence in refused.text
    assert (stored(Batch), stored()) == (1, 0)


def test_what_a_file_was_saved_in_is_chosen_where_its_letters_come_out_wrong(as_ada):
    def sent(encoding: str):
        file = (io.BytesIO("Topic\nZila tējkanna\n".encode("cp1257")), "tea.csv")
        parts = {"file": file, "encoding": encoding}
        kind = "multipart/form-data"
        return as_ada.post("/batches", parts, content_type=kind, follow_redirects=True)

    shown = sent("").text
    assert "Zila tējkanna" not in shown
    assert "choose what it was saved in" in shown
    assert "Zila tējkanna" in sent("windows-1257").text
    refused = sent("utf-8")
    assert "letters are not Unicode (UTF-8)" in refused.text
    assert 'value="utf-8" selected' in refused.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_user_is_locked_before_the_batch_that_is_submitted(as_ada):
    """Who sends a table has the user and deletes the oldest ones: it was a deadlock."""
    page, asked = send(as_ada), list[str]()

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    as_ada.post(page, {**TYPE, "do": "leave-out"})
    event.remove(db.engine, "before_cursor_execute", note)

    [submitted] = [at for at, words in enumerate(asked) if "submitted_at=" in words]
    assert "FROM users" in asked[submitted - 1]
    assert "FOR NO KEY UPDATE" in asked[submitted - 1]


def test_a_batch_is_paused_resumed_cancelled_and_taken_away_on_its_page(as_ada):
    answer = as_ada.post(send(as_ada), {**TYPE, "do": "leave-out"})
    batch = answer.headers["Location"]

    for act, sentence in (
        ("pause", "2 texts are on hold."),
        ("resume", "2 texts go on."),
        ("cancel", "2 texts are cancelled."),
        ("cancel", "Nothing was left to do."),
    ):
        assert sentence in as_ada.post(f"{batch}/{act}", follow_redirects=True).text
    assert "A blue teapot" in as_ada.get(f"{batch}/export?format=csv").text
    assert as_ada.get(f"{batch}/export?format=doc").status_code == 404


def test_somebody_elses_tables_and_batches_are_not_there(as_ada, as_bob):
    page = send(as_ada)
    assert as_bob.get(page, follow_redirects=True).status_code == 404
    assert as_bob.post(page, TYPE, follow_redirects=True).status_code == 404
    batch = as_ada.post(page, {**TYPE, "do": "leave-out"}).headers["Location"]

    for path in ("", "/progress", "/export?format=csv"):
        assert as_bob.get(f"{batch}{path}").status_code == 404
    assert as_bob.post(f"{batch}/cancel").status_code == 404


def test_a_table_that_is_thrown_away_is_gone(as_ada):
    page = send(as_ada)

    gone = as_ada.post(page, {"do": "discard"}, follow_redirects=True)

    assert "<bdi>teapots.csv</bdi> is thrown away." in gone.text
    assert stored(Batch) == 0


def test_no_more_than_five_tables_of_a_user_wait_and_their_page_says_so(as_ada):
    for _ in range(7):
        send(as_ada)

    assert stored(Batch) == 5
    assert "5 at most: one more takes the place of the oldest" in as_ada.get("/batches").text


def test_other_forms_take_no_files(as_ada):
    file = {"file": (io.BytesIO(b"x"), "a.csv")}

    assert as_ada.post("/contents", file, content_type="multipart/form-data").status_code == 415


def test_no_transaction_waits_while_a_table_or_a_file_is_worked_on(as_ada, monkeypatch):
    waiting = []

    def watched(work, *args):
        waiting.append(db.session().in_transaction())
        return work(*args)

    monkeypatch.setattr(threads, "slowly", watched)
    monkeypatch.setattr(downloads, "slowly", watched)
    page = send(as_ada)
    as_ada.get(page)
    batch = as_ada.post(page, {**TYPE, "do": "leave-out"}).headers["Location"]
    as_ada.get(f"{batch}/export?format=xlsx")

    assert len(waiting) >= 5
    assert not any(waiting)


def test_what_would_be_refused_costs_no_work(app, as_ada, monkeypatch):
    app.config["UNFINISHED_PER_USER"] = 1
    monkeypatch.setattr(submitting, "prepared", Mock(side_effect=AssertionError))

    refused = as_ada.post(send(as_ada), {**TYPE, "do": "leave-out"})

    assert refused.status_code == 429
    assert "you would have more" in refused.text


def test_pressed_twice_at_once_a_table_is_submitted_once(as_ada, monkeypatch):
    """The second press finds no room left by the first."""
    page = send(as_ada)

    def another_press(*_):
        db.session.execute(update(Batch).values(submitted_at=now()))
        db.session.commit()
        raise quotas.OverQuota

    monkeypatch.setattr(quotas, "check_ahead", another_press)

    answer = as_ada.post(page, {**TYPE, "do": "leave-out"})

    assert (answer.status_code, answer.headers["Location"]) == (303, page.removesuffix("/table"))


@pytest.mark.parametrize("other", ["submits", "throws away"])
@pytest.mark.parametrize("does", ["leave-out", "discard"])
def test_what_another_page_has_done_with_a_table_is_said(as_ada, monkeypatch, other, does):
    page = send(as_ada)
    what_is_asked, forget = quotas.check_ahead, uploads.forget

    def of_another_page(then, *asked):
        """Comes between the look at the table and what is done with it."""
        if other == "submits":
            db.session.execute(update(Batch).values(submitted_at=now()))
        else:
            db.session.execute(delete(Batch))
        db.session.commit()
        return then(*asked)

    monkeypatch.setattr(quotas, "check_ahead", partial(of_another_page, what_is_asked))
    monkeypatch.setattr(uploads, "forget", partial(of_another_page, forget))

    answer = as_ada.post(page, {**TYPE, "do": does}, follow_redirects=True)

    assert answer.status_code == {"submits": 200, "throws away": 404}[other]
    said = {"submits": "It was submitted already.", "throws away": "not there any more"}
    assert said[other] in answer.text
    assert "are submitted." not in answer.text
    assert "is thrown away." not in answer.text
    assert stored() == 0


def test_whoever_waits_goes_before_the_next_portion(app, monkeypatch):
    order: list[str] = []
    line = Line(1)

    def go_between() -> None:
        with line.turn("another"):
            order.append("x")

    def work(whose: int, portion: str) -> list[str]:
        if portion == "a":
            pool.submit(go_between)
            wait_until(lambda: line._waiting)
        order.extend(portion)
        return [portion]

    monkeypatch.setattr(threads, "_portions", line)
    with ThreadPoolExecutor(1) as pool:
        done = threads.in_portions(work, 1, ["a", "b", "c"])

    assert done == ["a", "b", "c"]
    assert order == ["a", "x", "b", "c"]


def test_columns_fill_the_blanks_of_a_template(as_ada):
    brief = {"content_type": "ad_copy", "topic": "{product}, now for {price}", "language": "en"}
    as_ada.post("/templates/new", {**brief, "template_name": "Offer", "tone": "playful"})
    template = db.session.query(KeptTemplate).one()
    page = send(as_ada, "Product,Price\nCup,24\nPot,\n")

    chosen = {"template_id": template.id, "column-topic": "Product", "tone": "formal"}
    as_ada.post(page, {**chosen, "do": "check"})
    shown = as_ada.get(page).text
    assert re.search(r'name="column-{price}">.*?value="Price" selected', shown, re.DOTALL)
    assert "Price is missing" in shown
    blanks = {"column-{product}": "Product", "column-{price}": "Price"}
    as_ada.post(page, {"template_id": template.id, **blanks, "do": "leave-out"})

    content = db.session.query(Content).one()
    assert (content.topic, content.tone) == ("Cup, now for 24", "playful")


def looked_at(visitor, page: str) -> dict[str, str]:
    """The mark that the form of a table's page sends of what it shows."""
    return {"seen": re.search(r'name="seen" value="(\w+)"', visitor.get(page).text)[1]}


def test_no_other_rows_are_left_out_than_those_that_were_shown(as_ada):
    page = send(as_ada, f"Product,About\nA blue teapot,{'x' * 70}\n,Tea\nA red teapot,Tea\n")
    as_ada.post(page, {**TYPE, "do": "check"})
    chosen = {**TYPE, "column-keywords": "About", "do": "leave-out"}

    answer = as_ada.post(page, {**chosen, **looked_at(as_ada, page)}, follow_redirects=True)

    assert "Nothing is submitted yet" in answer.text
    assert "2 of 3 rows have problems" in answer.text
    assert stored() == 0
    as_ada.post(page, {**chosen, **looked_at(as_ada, page)})
    assert stored() == 1


def test_choices_that_leave_the_same_rows_out_are_submitted_as_they_are(as_ada):
    page = send(as_ada)
    as_ada.post(page, {**TYPE, "do": "check"})

    as_ada.post(page, {**TYPE, "tone": "witty", "do": "leave-out", **looked_at(as_ada, page)})

    assert stored() == 2


@pytest.mark.parametrize("what", ["voice", "template"])
def test_rows_are_not_written_with_a_template_or_voice_that_has_changed_unseen(
    as_ada, as_bob, what
):
    shared = {"content_type": "ad_copy", "topic": "A pot for {price}", "shared": "1"}
    fields = {**shared, "template_name": "Offer", "name": "Warm", "description": "It is warm."}
    as_bob.post(f"/{what}s/new", fields)
    kept = db.session.query(KeptVoice if what == "voice" else KeptTemplate).one()
    page = send(as_ada, "Product,Price\nCup,24\n")
    chosen = {**TYPE, f"{what}_id": str(kept.id), "column-{price}": "Price", "do": "submit"}
    as_ada.post(page, {**chosen, "do": "check"})
    seen = looked_at(as_ada, page)
    changed = {**fields, "topic": "A pot, dirt cheap: {price}", "description": "It is loud."}
    change = f"/voices/{kept.id}" if what == "voice" else f"/templates/{kept.id}/edit"
    assert as_bob.post(change, changed).status_code == 303

    answer = as_ada.post(page, {**chosen, **seen}, follow_redirects=True)

    assert "Nothing is submitted yet" in answer.text
    assert stored() == 0
    as_ada.post(page, {**chosen, **looked_at(as_ada, page)})
    assert stored() == 1


@pytest.mark.parametrize("what", ["voice", "template"])
def test_what_is_gone_or_somebody_else_s_is_not_left_out_unasked(as_ada, as_bob, what):
    fields = {**TYPE, "topic": "Tea", "language": "en", "template_name": "Offer", "name": "Warm"}
    as_bob.post(f"/{what}s/new", fields)
    kept = db.session.query(KeptVoice if what == "voice" else KeptTemplate).one()
    page = send(as_ada)
    chosen = {**TYPE, f"{what}_id": str(kept.id)}

    assert as_ada.post(page, {**chosen, "do": "submit"}).headers["Location"].endswith("#rows")
    assert f"The {what} that was chosen is not there" in as_ada.get(page).text
    as_ada.post(page, {**chosen, "do": "leave-out"})
    assert db.session.query(Content).count() == 0

    as_ada.post(page, {**TYPE, "do": "leave-out"})
    assert db.session.query(Content).count() > 0


def test_more_texts_than_a_file_is_made_of_are_not_gathered(as_ada, ada, monkeypatch):
    page = send(as_ada)
    batch = as_ada.post(page, {**TYPE, "do": "leave-out"}).headers["Location"]
    db.session.execute(update(Draft).values(status="completed", text="Tea. " * 10))
    db.session.commit()
    token = ApiToken.issue(ada, "x")[1]
    db.session.commit()
    monkeypatch.setattr(export, "TEXTS_LONGEST", 99)

    answer = as_ada.get(f"{batch}/export?format=zip")
    script = as_ada.get(f"/api/v1{batch}/export", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, script.status_code) == (409, 409)
    assert "have 100 characters, and a file is made of 99 at most" in answer.text
    assert script.json["detail"] in answer.text
    monkeypatch.setattr(export, "TEXTS_LONGEST", 100)
    assert as_ada.get(f"{batch}/export?format=zip").status_code == 200
