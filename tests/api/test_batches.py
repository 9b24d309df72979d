"""Batches: many briefs at once, from JSON and tables; paused, resumed, cancelled, retried."""

import csv
import io
import json
import zipfile
from unittest.mock import Mock

import pytest
from alembic.script import ScriptDirectory
from conftest import ROOT, both_databases
from costs import assert_takes_less
from patience import PATIENCE
from sqlalchemy import event, func, select, update
from sqlalchemy import text as sql
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from smartcontent import events
from smartcontent.contents import reindexing, versions
from smartcontent.contents.batches import acting, rows, submitting
from smartcontent.models import Batch, Content, Draft, Status, search_index
from smartcontent.models.listing import Filters, list_contents
from smartcontent.models.search_index import findable_by
from smartcontent.scheduling import reconcile
from smartcontent.scheduling.reconciler import LOOK_AHEAD
from smartcontent.stores import keys
from smartcontent.stores.sql import db
from smartcontent.tables.reading import read_table
from smartcontent.texts.search.tokens import searchable
from smartcontent.writing import job
from smartcontent.writing.attempt import WorkerStopping

from .conftest import BRIEF

ROWS = [{**BRIEF, "topic": f"Teapot number {number}"} for number in (1, 2, 3)]
TABLE = (
    "Product;Texttyp;Price\r\n"
    "Blue teapot;Product description;24\r\n"
    '"Red; teapot";product_description;"=1+1"\r\n'
)
TYPE = {"content_type": "product_description"}


def upload(script, file: bytes | str, query: str = "", name: str = "teapots.csv", **fields):
    data = file.encode() if isinstance(file, str) else file
    part = FileStorage(io.BytesIO(data), name)
    boundary, body = encode_multipart({**fields, "file": part})
    kind = f"multipart/form-data; boundary={boundary}"
    return script.call("POST", f"/batches{query}", data=body, content_type=kind)


def submitted(script, rows=ROWS, **more) -> str:
    answer = script.post("/batches", {"rows": rows, **more})
    assert answer.status_code == 202, answer.text
    return f"/batches/{answer.json['id']}"


def stored(model: type = Content) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def drafts() -> list[Draft]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Draft).order_by(Draft.id)))


def make_due() -> None:
    """Every draft that waits is due, as it is where the scheduler has moved it."""
    past = db.session.scalar(select(func.min(Draft.created_at)))
    db.session.execute(update(Draft).values(due_at=past, status=Status.QUEUED))
    db.session.commit()


@both_databases
def test_rows_are_submitted_as_one_each_with_its_draft_in_redis(script, valkey):
    answer = script.post("/batches", {"rows": ROWS, "name": "Spring", "delay_seconds": 90})

    told = answer.json
    assert (answer.status_code, told["total"], told["accepted"], told["problems"]) == (
        202,
        3,
        3,
        [],
    )
    assert answer.headers["Location"] == f"/api/v1/batches/{told['id']}"
    assert [draft.content.topic for draft in drafts()] == [row["topic"] for row in ROWS]
    assert {draft.due_at for draft in drafts()} == {drafts()[0].due_at}
    scheduled = valkey.client.zrange(keys.SCHEDULED, 0, -1)
    assert [name.decode() for name in scheduled] == [draft.job_id for draft in drafts()]
    progress = script.get(f"/batches/{told['id']}").json
    assert progress["name"] == "Spring"
    assert progress["total"] == progress["by_status"]["pending"] == 3
    assert progress["paused"] is False


def test_due_times_are_as_far_apart_as_was_asked(script):
    submitted(script, every_seconds=30)

    first, second, third = (draft.due_at for draft in drafts())
    assert (first - drafts()[0].created_at).total_seconds() == 60
    assert (second - first).total_seconds() == (third - second).total_seconds() == 30


def test_a_wrong_row_submits_nothing_unless_it_is_left_out(script):
    rows = [ROWS[0], {**BRIEF, "topic": ""}, "no brief", {**ROWS[1], "tone": "gruff"}]

    refused = script.post("/batches", {"rows": rows})

    assert refused.status_code == 422
    assert [(each["row"], [*each["errors"]]) for each in refused.json["problems"]] == [
        (2, ["topic"]),
        (3, [""]),
        (4, ["tone"]),
    ]
    assert (stored(), stored(Batch)) == (0, 0)
    checked = script.post("/batches?check=1", {"rows": rows})
    assert (checked.status_code, checked.json["accepted"], stored()) == (200, 1, 0)
    assert checked.json["problems"] == refused.json["problems"]
    taken = script.post("/batches?skip_problems=1", {"rows": rows})
    assert (taken.status_code, taken.json["total"], taken.json["accepted"]) == (202, 4, 1)
    assert stored() == 1


def test_where_every_row_is_wrong_there_is_nothing_to_leave_out(script):
    answer = script.post("/batches?skip_problems=1", {"rows": [{}, {}]})

    assert answer.status_code == 422
    assert "of 2 rows 2 rows have problems" in answer.json["detail"]
    assert stored(Batch) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [BRIEF] * 1_001}, "rows"),
        ({"rows": ROWS, "name": 7}, "name"),
        ({"rows": ROWS, "every_seconds": -1}, "every_seconds"),
        ({"rows": ROWS, "every_seconds": True}, "every_seconds"),
        ({"rows": ROWS, "delay_seconds": "soon"}, "delay_seconds"),
        ({"rows": [BRIEF] * 1_000, "every_seconds": 86_400}, "every_seconds"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_the_batch_itself_is_named(script, body, field):
    answer = script.post("/batches", body)

    assert answer.status_code == 422
    assert [*answer.json["errors"]] == [field]
    assert stored(Batch) == 0


def test_a_table_is_understood_by_its_headings(script):
    answer = upload(script, TABLE, tone="Warm")

    assert answer.status_code == 202, answer.text
    first, second = (draft.content for draft in drafts())
    assert (first.topic, first.content_type, first.tone) == (
        "Blue teapot",
        "product_description",
        "warm",
    )
    assert (second.batch_row, second.topic) == (3, "Red; teapot")
    assert second.batch_cells == ["Red; teapot", "product_description", "=1+1"]
    assert db.session.scalars(select(Batch)).one().name == "teapots.csv"


def test_a_mapping_by_hand_and_constants_say_what_headings_do_not(script):
    table = "A\tB\nBlue\tkettle, pot\nRed\t\n"

    answer = upload(
        script, table, mapping=json.dumps({"A": "topic", "B": "keywords"}), keywords="tea", **TYPE
    )

    assert answer.status_code == 202, answer.text
    assert [draft.content.keywords for draft in drafts()] == [["kettle", "pot"], ["tea"]]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ('{"Preis": "topic"}', "There is no column “Preis”"),
        ('{"Product": "colour"}', "“colour” is no field of a brief"),
        ('{"Product": "topic", "Price": "topic"}', "Two columns are the field “Topic”"),
        ('{"Price": "audience"}', "No column is the field “Topic”"),
        ('{"Product": "topic", "Price": 3}', "must be a JSON object"),
        ("[" * 100_000, "must be a JSON object"),
        ("{", "must be a JSON object"),
    ],
    ids=["heading", "field", "twice", "needed", "value", "nested", "cut"],
)
def test_a_wrong_mapping_gets_one_sentence_and_nothing_happens(script, mapping, sentence):
    answer = upload(script, TABLE, mapping=mapping, **TYPE)

    assert answer.status_code == 422
    [said] = answer.json["errors"]["mapping"]
    assert sentence in said
    assert stored(Batch) == 0


def test_a_constant_that_cannot_be_is_told_once_not_for_each_row(script):
    answer = upload(script, TABLE, tone="gruff", model="a model!")

    assert sorted(answer.json["errors"]) == ["model", "tone"]
    assert "problems" not in answer.json


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "The file has nothing in it"),
        (b"Product\n", "only one row"),
        (b"%PDF-1.7", "The file is a PDF"),
        (b"Topic\n" + b"a teapot\n" * 1_001, "more than 1,000 rows"),
        (b",".join([b"x"] * 101) + b"\n" + b",".join([b"y"] * 101), "more than 100 columns"),
        (b"Topic\n" + b"x" * (2 * 1024 * 1024), "at most 2 MB"),
    ],
    ids=["empty", "headings", "pdf", "rows", "columns", "megabytes"],
)
def test_a_wrong_file_gets_one_sentence_and_nothing_happens(script, file, sentence):
    answer = upload(script, file, **TYPE)

    assert answer.status_code == 422
    [said] = answer.json["errors"]["file"]
    assert sentence in said
    assert stored(Batch) == 0


def test_what_a_file_was_saved_in_is_said_or_refused(script):
    table = "Topic\nZila tējkanna\n".encode("cp1257")

    assert upload(script, table, encoding="windows-1257", **TYPE).status_code == 202
    assert db.session.scalar(select(Content.topic)) == "Zila tējkanna"
    for encoding, field in (("utf-8", "file"), ("klingon", "encoding")):
        answer = upload(script, table, encoding=encoding, **TYPE)
        assert (answer.status_code, [*answer.json["errors"]]) == (422, [field])


def test_thirty_columns_are_no_trouble_and_come_back(script):
    headings = ["Topic", *(f"Column {number}" for number in range(29))]
    table = "\n".join([",".join(headings), ",".join(["Teapot", *"abcdefghijklmnopqrstuvwxyz123"])])

    batch = f"/batches/{upload(script, table, **TYPE).json['id']}"

    [found, row] = csv.reader(io.StringIO(script.get(f"{batch}/export?format=csv").text[1:]))
    assert found[:30] == headings
    assert row[:30] == ["Teapot", *"abcdefghijklmnopqrstuvwxyz123"]


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 100_000_000)
    return out.getvalue()


def test_worse_uploads_are_refused_before_they_are_taken_apart(script):
    many = {f"field {number}": "x" for number in range(10_000)}

    assert upload(script, b"x" * 3 * 1024 * 1024).status_code == 413
    assert upload(script, TABLE, **many).status_code == 413
    assert upload(script, TABLE, name="x" * 20_000).status_code == 400
    long = {"x" * 1_000 + str(number): "x" for number in range(20)}
    assert upload(script, TABLE, **long).status_code == 400
    answers, bomb = [], zip_bomb()
    assert_takes_less(2, lambda: answers.append(upload(script, bomb, name="bomb.xlsx")))
    assert {answer.status_code for answer in answers} == {422}
    assert script.post("/batches", {"rows": ["x" * 3 * 1024 * 1024]}).status_code == 413
    assert script.post("/contents", {"topic": "x" * 300 * 1024}).status_code == 413
    assert stored(Batch) == 0


def test_what_holds_for_all_rows_counts_with_each(script, monkeypatch):
    """It is stored with each: a few kilobytes would be a hundred megabytes."""
    monkeypatch.setattr(rows, "BRIEFS_LONGEST", 10_000)
    table = "Topic\n" + "Tea\n" * 4
    for_all = {**TYPE, "instructions": "x" * 3_000}

    refused = upload(script, table, **for_all)

    assert refused.status_code == 422
    [problem] = refused.json["problems"]
    assert problem["row"] == 5
    assert "Up to here the briefs have more than" in problem["errors"]["topic"][0]
    as_json = [{**BRIEF, "instructions": "x" * 3_000}] * 4
    assert script.post("/batches", {"rows": as_json}).status_code == 422
    assert upload(script, "Topic\n" + "Tea\n" * 3, **for_all).status_code == 202


@both_databases
def test_many_words_are_made_findable_afterwards(script, ada, monkeypatch):
    monkeypatch.setattr(submitting, "INDEXED_AT_ONCE", 10)

    submitted(script)

    assert list_contents(ada.id, Filters(q="teapot")).items == []
    assert reindexing.count_behind() == 3
    assert list(reindexing.catch_up()) == [3]
    assert len(list_contents(ada.id, Filters(q="teapot")).items) == 3


@both_databases
def test_sent_again_with_its_key_it_makes_nothing_new(script):
    headers = {"Idempotency-Key": "spring"}
    first = script.post("/batches", {"rows": ROWS}, headers=headers)

    again = script.post("/batches", {"rows": ROWS}, headers=headers)

    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (stored(Batch), stored()) == (1, 3)
    assert script.post("/batches", {"rows": ROWS[:1]}, headers=headers).status_code == 422


@pytest.mark.parametrize("change", ["patch", "delete"])
@pytest.mark.parametrize("kind", ["templates", "voices"])
def test_sent_again_it_is_found_whatever_became_of_its_template_and_voice(script, kind, change):
    brief = {**BRIEF, "topic": "{product}"}
    named = {
        "templates": script.post("/templates", {"name": "Offer", "brief": brief}).json["id"],
        "voices": script.post("/voices", {"name": "Northwind"}).json["id"],
    }
    body = {
        "rows": [{"product": "Pot"}],
        "template_id": named["templates"],
        "voice_id": named["voices"],
    }
    headers = {"Idempotency-Key": "spring"}
    first = script.post("/batches", body, headers=headers)
    other = {"brief": {**BRIEF, "topic": "{price}"}} if kind == "templates" else {"never": ["x"]}
    answer = script.call(change.upper(), f"/{kind}/{named[kind]}", json=other)
    assert answer.status_code < 300, answer.text

    again = script.post("/batches", body, headers=headers)

    assert (again.status_code, again.json) == (202, first.json)
    assert (stored(Batch), stored()) == (1, 1)
    other_rows = {**body, "rows": [{"product": "Cup"}]}
    assert script.post("/batches", other_rows, headers=headers).status_code == 422


def test_table_that_is_sent_again_with_its_key_makes_nothing_new(script):
    headers = {"Idempotency-Key": "spring"}

    def send(topic: str):
        data = {"file": (io.BytesIO(f"Topic\n{topic}\n".encode()), "pots.csv"), **TYPE}
        return script.call("POST", "/batches", data=data, headers=headers)

    first, again, other = send("Pot"), send("Pot"), send("Cup")

    assert [each.status_code for each in (first, again, other)] == [202, 202, 422]
    assert again.json == first.json
    assert (stored(Batch), stored()) == (1, 1)


def test_what_redis_did_not_hear_of_the_reconciler_schedules(app, script, valkey):
    submitted(script, delay_seconds=LOOK_AHEAD.total_seconds())
    valkey.client.flushall()

    reconcile()

    assert valkey.client.zcard(keys.SCHEDULED) == 3


def test_a_batch_counts_once_for_the_minute_and_is_refused_as_a_whole(app, script, ada):
    app.config.update(SUBMISSIONS_PER_MINUTE=2, UNFINISHED_PER_USER=5)
    submitted(script)

    too_many = script.post("/batches", {"rows": ROWS})

    assert too_many.status_code == 429
    assert "with the 3 of this batch you would have more" in too_many.json["detail"]
    assert (stored(Batch), stored()) == (1, 3)
    assert script.post("/contents", BRIEF).status_code == 202
    too_fast = script.post("/contents", BRIEF)
    assert too_fast.status_code == 429
    assert "2 texts within a minute" in too_fast.json["detail"]


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        ({"UNFINISHED_PER_USER": 5}, "you would have more"),
        ({"SUBMISSIONS_PER_MINUTE": 1}, "1 texts within a minute"),
    ],
)
@both_databases
def test_what_would_be_refused_costs_no_work(app, script, most, sentence, monkeypatch):
    """To prepare a thousand rows takes seconds, in which others wait."""
    app.config.update({"UNFINISHED_PER_USER": 6, "SUBMISSIONS_PER_MINUTE": 2, **most})
    headers = {"Idempotency-Key": "spring"}
    first = script.post("/batches", {"rows": ROWS}, headers=headers)
    monkeypatch.setattr(submitting, "prepared", Mock(side_effect=AssertionError))

    refused = script.post("/batches", {"rows": ROWS})
    again = script.post("/batches", {"rows": ROWS}, headers=headers)

    assert (first.status_code, refused.status_code) == (202, 429)
    assert sentence in refused.json["detail"]
    assert again.json == first.json
    assert (stored(Batch), stored()) == (1, 3)


@pytest.mark.parametrize("most", [{"UNFINISHED_PER_USER": 3}, {"SUBMISSIONS_PER_MINUTE": 1}, {}])
def test_of_two_sent_with_a_key_at_once_one_is_made(app, script, most, monkeypatch):
    """The other is told so, though it looked too early and would be one too many by now."""
    app.config.update(most)
    headers = {"Idempotency-Key": "spring"}
    first = script.post("/batches", {"rows": ROWS}, headers=headers)
    looked = [None, db.session.scalars(select(Batch)).one]
    monkeypatch.setattr(Batch, "sent_with", lambda *_: (look := looked.pop(0)) and look())

    again = script.post("/batches", {"rows": ROWS}, headers=headers)

    assert again.json == first.json
    assert (stored(Batch), stored(), looked) == (1, 3, [])


def test_no_portion_of_a_batch_holds_others_up(monkeypatch):
    monkeypatch.setattr(submitting, "PREPARED_AT_ONCE", 1_000)
    _, found = rows.of_json(
        [{**BRIEF, "instructions": "x" * n} for n in (400, 400, 400, 2_000, 1, 1)]
    )

    portions = list(submitting.portions(found))

    assert list(map(len, portions)) == [3, 1, 2]
    assert [row for portion in portions for row in portion] == found


@both_databases
def test_paused_nothing_starts_until_it_is_resumed(script, valkey):
    batch = submitted(script)
    make_due()

    paused = script.post(f"{batch}/pause").json

    assert (paused["paused"], paused["by_status"]["held"]) == (True, 3)
    assert valkey.client.zcard(keys.SCHEDULED) == 0
    job.write_draft(drafts()[0].id)
    assert {draft.status for draft in drafts()} == {"held"}
    resumed = script.post(f"{batch}/resume").json
    assert (resumed["paused"], resumed["by_status"]["pending"]) == (False, 3)
    assert valkey.client.zcard(keys.SCHEDULED) == 3


@both_databases
def test_what_is_on_hold_by_itself_stays_so_when_its_batch_goes_on(script):
    batch = submitted(script)
    script.post(f"/contents/{drafts()[1].content_id}/hold")
    assert script.post(f"{batch}/resume").json["by_status"]["held"] == 1

    script.post(f"{batch}/pause")
    script.post(f"{batch}/resume")

    assert [draft.status for draft in drafts()] == ["pending", "held", "pending"]
    # Held by hand after it went on by itself, too.
    script.post(f"{batch}/pause")
    script.post(f"/contents/{drafts()[0].content_id}/release")
    script.post(f"/contents/{drafts()[0].content_id}/hold")
    script.post(f"{batch}/resume")
    assert [draft.status for draft in drafts()] == ["held", "held", "pending"]


@both_databases
def test_what_was_paused_before_drafts_knew_it_goes_on(script):
    batch = submitted(script)
    script.post(f"{batch}/pause")
    db.session.execute(update(Draft).values(is_paused=False))
    migrations = ScriptDirectory(str(ROOT / "smartcontent" / "migrations"))

    db.session.execute(sql(migrations.get_revision("0035").module.HELD_BY_A_PAUSE))
    db.session.commit()

    assert script.post(f"{batch}/resume").json["by_status"]["pending"] == 3


def test_what_is_being_written_as_a_batch_is_paused_goes_on_in_another_attempt(
    script, ollama, monkeypatch
):
    batch = submitted(script)
    make_due()
    begun = drafts()[0].id

    def is_paused_and_told_to_end(attempt, answer):
        script.post(f"{batch}/pause")
        raise WorkerStopping

    with monkeypatch.context() as patch:
        patch.setattr(job.Attempt, "write", is_paused_and_told_to_end)
        job.write_draft(begun)
    job.write_draft(begun)

    assert [draft.status for draft in drafts()] == ["completed", "held", "held"]


@both_databases
def test_resumed_it_keeps_its_distances(script):
    batch = submitted(script, every_seconds=20)
    script.post(f"{batch}/pause")

    script.post(f"{batch}/resume")

    first, second, third = (draft.due_at for draft in drafts())
    assert (second - first).total_seconds() == (third - second).total_seconds() == 20


@both_databases
def test_cancelled_what_is_written_stays(script, ollama, valkey):
    batch = submitted(script, delay_seconds=0)
    ollama.says("A text.")
    job.write_draft(drafts()[0].id)

    cancelled = script.post(f"{batch}/cancel").json["by_status"]

    assert (cancelled["completed"], cancelled["cancelled"]) == (1, 2)
    assert valkey.client.zcard(keys.SCHEDULED) == 1  # of the one that this test wrote by hand
    assert script.post(f"{batch}/cancel").json["by_status"] == cancelled


@both_databases
def test_what_has_failed_is_tried_again_once(script, ollama):
    batch = submitted(script, delay_seconds=0)
    first = drafts()[0]
    db.session.execute(
        update(Draft)
        .where(Draft.id != first.id)
        .values(status=Status.FAILED, earlier_error="No model.")
    )
    db.session.commit()

    retried = script.post(f"{batch}/retry").json["by_status"]
    again = script.post(f"{batch}/retry").json["by_status"]

    assert retried == again
    assert (retried["pending"], retried["failed"]) == (3, 0)
    assert [(draft.number, draft.status) for draft in drafts()[3:]] == [(2, "pending")] * 2
    ollama.says("At last.")
    job.write_draft(drafts()[3].id)
    assert script.get(batch).json["by_status"]["completed"] == 1


def fail_all() -> None:
    db.session.execute(update(Draft).values(status=Status.FAILED, earlier_error="No model."))
    db.session.commit()


@both_databases
def test_what_fails_again_and_again_has_no_more_versions_than_are_kept(script, monkeypatch):
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 3)
    batch = submitted(script, delay_seconds=0)
    for _ in range(4):
        fail_all()
        script.post(f"{batch}/retry")

    by_content = {}
    for draft in drafts():
        by_content.setdefault(draft.content_id, []).append(draft.number)
    assert list(by_content.values()) == [[3, 4, 5]] * 3


@both_databases
def test_version_that_is_chosen_as_its_batch_is_tried_again_is_shown_and_found(
    script, ada, monkeypatch
):
    batch = submitted(script, delay_seconds=0)
    fail_all()
    db.session.execute(update(Draft).values(text="Half of a kettle."))
    db.session.commit()
    script.post(f"{batch}/retry")
    fail_all()
    chosen, find_failed = drafts()[0].content_id, acting._failed
    db.session.commit()

    def failed(batch: Batch) -> object:
        found = find_failed(batch)
        assert versions.make_current(db.session.get(Content, chosen), 1)
        return found

    monkeypatch.setattr(acting, "_failed", failed)

    script.post(f"{batch}/retry")

    listed = list_contents(ada.id, Filters(q="kettle")).items
    assert [(each.id, each.current_number) for each in listed] == [(chosen, 1)]


@both_databases
def test_batch_that_is_tried_again_is_found_by_its_briefs_though_no_tokens_are_made(
    script, ada, monkeypatch
):
    """Others wait for its transaction, and for the loop."""
    batch, words = submitted(script, delay_seconds=0), findable_by("Half of a kettle.")
    for draft in drafts()[:2]:
        Content.take_in(draft, words)
        draft.text = "Half of a kettle."
    db.session.commit()
    fail_all()
    made = Mock(side_effect=searchable)
    monkeypatch.setattr(search_index, "searchable", made)

    assert script.post(f"{batch}/retry").json["by_status"]["pending"] == 3

    assert made.call_count == 0
    assert reindexing.count_behind() == 2
    assert list(reindexing.catch_up()) == [2]
    found = [len(list_contents(ada.id, Filters(q=word)).items) for word in ("teapot", "kettle")]
    assert found == [3, 0]


@both_databases
def test_batch_that_may_not_be_tried_again_is_refused_before_anything_is_written(app, script):
    batch = submitted(script, delay_seconds=0)
    fail_all()
    app.config["SUBMISSIONS_PER_MINUTE"] = 1  # to try again is none
    app.config["UNFINISHED_PER_USER"] = 2
    asked = list[str]()
    listen = lambda _c, _cursor, sql, *_: asked.append(sql)  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)

    refused = script.post(f"{batch}/retry")

    event.remove(db.engine, "before_cursor_execute", listen)
    assert refused.status_code == 429
    assert "with the 3 of this batch" in refused.json["detail"]
    assert not [sql for sql in asked if sql.startswith(("INSERT INTO drafts", "UPDATE contents"))]
    assert len(drafts()) == 3
    app.config["UNFINISHED_PER_USER"] = 3
    assert script.post(f"{batch}/retry").json["by_status"]["pending"] == 3


def test_number_of_a_version_that_was_deleted_is_given_to_no_other(script):
    batch = submitted(script, delay_seconds=0)
    fail_all()
    script.post(f"{batch}/retry")
    fail_all()
    content = drafts()[0].content
    db.session.execute(update(Draft).values(text="Half a text."))
    db.session.commit()
    assert versions.make_current(content, 1)
    assert versions.remove(content, 2)

    script.post(f"{batch}/retry")

    numbers = [draft.number for draft in drafts() if draft.content_id == content.id]
    assert numbers == [1, 3]


def test_the_results_stand_beside_the_columns_and_no_cell_is_a_formula(script, ollama):
    batch = f"/batches/{upload(script, TABLE, delay_seconds='0').json['id']}"
    for draft, text in zip(drafts(), ("=HYPERLINK(A1)", "Red and **round**."), strict=True):
        ollama.says(text)
        job.write_draft(draft.id)

    table = script.get(f"{batch}/export?format=csv")
    book = script.get(f"{batch}/export?format=xlsx")
    files = script.get(f"{batch}/export?format=zip")

    headings, first, second = csv.reader(io.StringIO(table.text[1:]))
    assert headings[:5] == ["Product", "Texttyp", "Price", "Status", "Text"]
    assert first[:5] == [
        "Blue teapot",
        "Product description",
        "24",
        "Completed",
        "'=HYPERLINK(A1)",
    ]
    assert second[2] == "'=1+1"
    assert 'filename="teapots.csv"' in table.headers["Content-Disposition"]
    assert read_table(book.data).rows[0].cells[4] == "=HYPERLINK(A1)"
    with zipfile.ZipFile(io.BytesIO(book.data)) as parts:
        assert b"<f" not in parts.read("xl/worksheets/sheet1.xml")
    with zipfile.ZipFile(io.BytesIO(files.data)) as archive:
        assert archive.namelist() == ["0002 Blue teapot.md", "0003 Red teapot.md"]
        written = archive.read("0003 Red teapot.md").decode()
    assert written.startswith("---\n")
    assert written.endswith("Red and **round**.")
    assert script.get(f"{batch}/export?format=doc").status_code == 422


def test_somebody_elses_batch_is_not_there(script, bobs_script):
    batch = submitted(script)

    answers = [bobs_script.get(batch), bobs_script.get(f"{batch}/export?format=zip")]
    answers += [
        bobs_script.post(f"{batch}/{act}") for act in ("pause", "resume", "cancel", "retry")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert script.get(batch).json["by_status"]["pending"] == 3


def test_open_pages_hear_how_far_it_is(script, ollama, valkey, ada):
    listener = valkey.client.pubsub()
    listener.subscribe(events.channel(ada.id))
    batch = submitted(script, delay_seconds=0)
    ollama.says("A text.")

    job.write_draft(drafts()[0].id)

    valkey.client.publish(events.channel(ada.id), b"the end")
    frames = []
    while (data := listener.get_message(timeout=PATIENCE)["data"]) != b"the end":
        frames.append(data)
    heard = [d for n, d in events.parsed(b"".join(frames[1:])) if n == "batch"]
    assert [each["by_status"]["completed"] for each in heard] == [0, 1]
    assert heard[-1] == script.get(batch).json | {"eta_seconds": heard[-1]["eta_seconds"]}
    assert heard[-1]["eta_seconds"] is not None


@pytest.fixture
def offer(script) -> str:
    """The id of a template with two blanks, one of which has a usual value."""
    brief = {"content_type": "ad_copy", "topic": "{product}, now for {price}", "tone": "playful"}
    sent = {"name": "Offer", "brief": brief, "defaults": {"price": "24 euros"}}
    return script.post("/templates", sent).json["id"]


def test_rows_fill_the_blanks_of_a_template_in_one_voice(script, offer):
    voice = script.post("/voices", {"name": "Northwind"}).json["id"]
    rows = [{"product": "Cup"}, {"values": {"product": "Pot", "price": "5 euros"}, "tone": "warm"}]

    told = script.post("/batches", {"template_id": offer, "voice_id": voice, "rows": rows})

    assert (told.status_code, told.json["accepted"]) == (202, 2)
    pot, cup = script.get("/contents?sort=title").json["items"][::-1]
    assert (cup["topic"], cup["tone"]) == ("Cup, now for 24 euros", "playful")
    assert (pot["topic"], pot["tone"]) == ("Pot, now for 5 euros", "warm")
    assert pot["voice"] == {"id": voice, "name": "Northwind"}
    assert pot["content_type"] == "ad_copy"


def test_row_that_leaves_a_blank_is_a_problem_of_that_row(script, offer):
    rows = [{"product": "Cup"}, {"price": "5 euros"}, {"topic": "A spoon"}]

    told = script.post("/batches", {"template_id": offer, "rows": rows})

    assert told.status_code == 422
    assert [(each["row"], [*each["errors"]]) for each in told.json["problems"]] == [
        (2, ["product"]),
        (3, ["product"]),
    ]


def test_columns_are_the_blanks_of_a_template(script, offer):
    table = b"Product;Price;Tone\nCup;;warm\nPot;5 euros;\n"
    data = {"file": (io.BytesIO(table), "offers.csv"), "template_id": offer, "tone": "formal"}

    told = script.call("POST", "/batches", data=data)

    assert told.status_code == 202, told.text
    contents = script.get("/contents?sort=title").json["items"]
    assert [(each["topic"], each["tone"]) for each in contents] == [
        ("Cup, now for 24 euros", "warm"),
        ("Pot, now for 5 euros", "playful"),
    ]
    data = {"file": (io.BytesIO(table), "offers.csv"), "mapping": '{"Product": "{cup}"}'}
    wrong = script.call("POST", "/batches", data={**data, "template_id": offer})
    assert "{price}" in wrong.json["errors"]["mapping"][0]


def test_batch_with_a_template_or_voice_of_somebody_else_is_not_there(script, bobs_script, offer):
    body = {"template_id": offer, "rows": [{"product": "Cup"}]}
    voice = script.post("/voices", {"name": "Northwind"}).json["id"]

    assert bobs_script.post("/batches", body).status_code == 404
    assert bobs_script.post("/batches", {"rows": [BRIEF], "voice_id": voice}).status_code == 404
    assert bobs_script.post("/batches", {"rows": [BRIEF], "voice_id": "x"}).status_code == 422
