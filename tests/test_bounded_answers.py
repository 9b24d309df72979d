"""However much a user has, no answer grows with it: versions, snapshots."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from uuid import uuid4

import pytest
from api.conftest import BRIEF as BRIEF_SENT
from api.conftest import script_of
from conftest import BRIEF, NO_QUOTAS, both_databases
from costs import assert_takes_less, bytes_held
from sqlalchemy import event, insert, inspect, select, text, update

from smartcontent.briefs.task import PASSAGE_LONGEST, Deed, Passage, Task
from smartcontent.contents import checking, ending, refining, submitting, versions
from smartcontent.contents.as_json import whole
from smartcontent.contents.batches import export
from smartcontent.contents.quotas import OverQuota
from smartcontent.live.stream import SNAPSHOT_WAITING, snapshot
from smartcontent.models import Content, Draft, Origin, Status, now
from smartcontent.models.listing import Filters, list_contents, newest
from smartcontent.models.search_index import make_findable
from smartcontent.progress import readiness
from smartcontent.progress.readiness import Readiness, Stage
from smartcontent.stores.sql import db
from smartcontent.texts.quality.card import Asked
from smartcontent.web.refining import BESIDE_LONGEST, beside, made_how
from smartcontent.writing import job
from smartcontent.writing.attempt import Attempt


def with_versions(content, count: int, text: str = "Tea."):
    """The content with so many edited versions, the last one current."""
    draft = content.current
    draft.status, draft.text, draft.finished_at = Status.COMPLETED, text, now()
    row = {"user_id": content.user_id, "content_id": content.id, "origin": Origin.EDITED,
           "status": Status.COMPLETED, "text": text, "created_at": now()}  # fmt: skip
    db.session.execute(insert(Draft), [{**row, "number": n} for n in range(2, count + 1)])
    content.current_number = count
    db.session.commit()
    db.session.expire_all()
    return content


@both_databases
def test_lists_of_versions_read_no_passages(content):
    longest = PASSAGE_LONGEST
    task = Task(Deed.REFINE, 1, "warmer", passage=Passage(0, longest, '"' * longest, "", "", 0))
    db.session.execute(update(Draft).values(task=task.as_json()))
    with_versions(content, 100)
    db.session.execute(update(Draft).values(task=task.as_json()))
    db.session.commit()

    for read in (content.versions, lambda: whole(content)):
        read()  # what is made once is made
        db.session.expire_all()
        assert bytes_held(read) < 40 * longest

    assert made_how(content.versions()[-1]) == "version 1, a passage: warmer"
    assert whole(content)["drafts"][0]["refine"] == "warmer"


def statements(work: Callable[[], object]) -> list[str]:
    """What the work asks the database."""
    asked: list[str] = []
    listen = lambda _c, _cursor, sql, *_: asked.append(sql)  # noqa: E731
    db.session.commit()
    db.session.expunge_all()
    event.listen(db.engine, "before_cursor_execute", listen)
    work()
    event.remove(db.engine, "before_cursor_execute", listen)
    return asked


def questions(work: Callable[[], object]) -> int:
    """How often the work asks the database."""
    return len(statements(work))


def rows_read(work: Callable[[], object]) -> list[int]:
    """How many rows PostgreSQL looks at in each scan of a table or an index."""
    asked: list[tuple[str, object]] = []
    listen = lambda _c, _cursor, sql, given, *_: asked.append((sql, given))  # noqa: E731
    db.session.commit()
    event.listen(db.engine, "before_cursor_execute", listen)
    work()
    event.remove(db.engine, "before_cursor_execute", listen)
    db.session.commit()
    with closing(db.engine.raw_connection()) as connection:
        explain = "EXPLAIN (ANALYZE, FORMAT JSON) "
        plans = [
            connection.driver_connection.execute(explain + sql, given).fetchone()[0][0]["Plan"]
            for sql, given in asked
            if sql.startswith("SELECT")
        ]
        connection.rollback()
    return [rows for plan in plans for rows in _rows_of(plan)]


def _rows_of(plan: dict) -> Iterator[int]:
    if "Scan" in plan["Node Type"]:
        seen = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield seen * plan["Actual Loops"]
    for part in plan.get("Plans", ()):
        yield from _rows_of(part)


def columns_read(work: Callable[[], object], whose: str = "") -> set[str]:
    """Which columns of drafts are read, by statements that have this condition."""
    read = (
        sql.partition(" FROM ")[0]
        for sql in statements(work)
        if sql.startswith("SELECT") and whose in sql
    )
    return {name for sql in read for name in re.findall(r"\bdrafts(?:_\d+)?\.(\w+)", sql)}


def numbers(content) -> list[int]:
    query = db.select(Draft.number).filter_by(content_id=content.id).order_by(Draft.number)
    return list(db.session.scalars(query))


@both_databases
def test_two_hundred_versions_are_kept_and_the_oldest_makes_room(content):
    with_versions(content, versions.VERSIONS_KEPT)

    assert versions.version_to_go(content) == 1
    versions.save_edit(content, "Teapots", "By hand.")

    assert numbers(content) == list(range(2, versions.VERSIONS_KEPT + 2))
    assert (content.current.number, content.current.text) == (201, "By hand.")


@both_databases
@pytest.mark.parametrize(
    "path", ["/", "/list", "/list?q=tea", "/contents/{id}/history", "/contents/{id}/card"]
)
def test_no_page_reads_the_prompts_of_what_it_lists(as_ada, content, path):
    for each in (content, *(submitting.submit(content.user_id, BRIEF, f"T {n}") for n in "ab")):
        with_versions(each, 3)

    page = path.format(id=content.id)
    read = columns_read(lambda: as_ada.get(page))

    assert read
    assert not read & {"prompt", "taken_out"}


@both_databases
def test_page_reads_no_texts_of_what_was_made_from_its_own(as_ada, content):
    made = submitting.submit(content.user_id, BRIEF, "A teapot (German)")
    made.source_id, made.source_number = content.id, 1
    with_versions(made, 3)
    with_versions(content, 3)

    page = f"/contents/{content.id}"
    read = columns_read(lambda: as_ada.get(page), whose="contents.source_id = ")

    assert "status" in read
    assert not read & {"text", "prompt", "taken_out"}


@both_databases
def test_file_of_a_batch_reads_what_is_in_it_alone(app, ada):
    script = script_of(app, ada)
    batch = script.post("/batches", {"rows": [BRIEF_SENT] * 2}).json["id"]

    read = columns_read(lambda: script.get(f"/batches/{batch}/export?format=csv"))

    assert "text" in read
    assert not read & {"prompt", "taken_out", "brief", "options", "stats"}


def test_others_go_on_while_a_file_of_a_batch_is_read(app, ada, monkeypatch):
    """In the midst of SQLite's statement, between some rows and the next."""
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    script, done = script_of(app, ada), []
    batch = script.post("/batches", {"rows": [BRIEF_SENT] * 8}).json["id"]
    db.session.expunge_all()
    connection = db.session.connection().connection.driver_connection
    connection.set_progress_handler(lambda: done.append("|"), 10)
    row = lambda *_: done.append("row")  # noqa: E731
    event.listen(Content, "load", row)

    assert script.get(f"/batches/{batch}/export?format=csv").status_code == 200

    event.remove(Content, "load", row)
    connection.set_progress_handler(None, 0)
    at_once = [some.count("row") for some in "".join(done).split("|")]
    assert (sum(at_once), max(at_once)) == (8, 2)


@both_databases
def test_version_without_a_text_goes_before_any_that_has_one(content):
    with_versions(content, versions.VERSIONS_KEPT)
    db.session.query(Draft).filter_by(content_id=content.id, number=7).update(
        {"text": "", "status": Status.FAILED}
    )
    db.session.commit()

    assert versions.version_to_go(content) == 7
    versions.retry(content)

    assert numbers(content) == [n for n in range(1, versions.VERSIONS_KEPT + 2) if n != 7]


@pytest.mark.parametrize("unfinished_most", [0, 9])
def test_what_makes_room_is_looked_for_once_and_stays_where_its_follower_is_refused(
    app, as_ada, content, monkeypatch, unfinished_most
):
    """Nobody else writes to SQLite meanwhile."""
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 3)
    with_versions(content, 3)
    path = f"/contents/{content.id}/retry"
    as_ada.get("/")  # what is made once is made
    app.config["UNFINISHED_PER_USER"] = unfinished_most

    asked = statements(lambda: as_ada.post(path))

    assert sum("SELECT shares.draft_id" in sql for sql in asked) == 1
    let_go = [sql for sql in asked if sql.startswith("DELETE FROM drafts")]
    assert len(let_go) == (unfinished_most > 0)
    assert numbers(content) == ([2, 3, 4] if unfinished_most else [1, 2, 3])


def test_what_makes_room_is_found_without_a_look_at_texts(content):
    with_versions(content, versions.VERSIONS_KEPT, "x" * 500_000)

    assert_takes_less(0.005, lambda: versions.version_to_go(content))


@both_databases
def test_what_is_more_than_is_kept_goes_at_the_next_version(content):
    with_versions(content, versions.VERSIONS_KEPT + 30)

    versions.save_edit(content, "Teapots", "By hand.")

    assert len(numbers(content)) == versions.VERSIONS_KEPT


@both_databases
def test_no_more_versions_are_on_their_way_than_are_kept(content, monkeypatch):
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 4)
    with_versions(content, 2)
    shorter = Task(Deed.REFINE, 2, "shorter")
    for _ in range(3):
        refining.ask_for(content, shorter)

    with pytest.raises(OverQuota, match="wait until some are done, or stop some"):
        refining.ask_for(content, shorter)

    assert numbers(content) == [2, 3, 4, 5]
    versions.save_edit(content, "Teapots", "By hand.")
    assert content.current.text == "By hand."


def test_page_says_which_version_makes_room_before_and_after(as_ada, content):
    with_versions(content, versions.VERSIONS_KEPT - 1)
    path = f"/contents/{content.id}"
    assert "takes the place" not in as_ada.get(f"{path}/text").text
    as_ada.post(f"{path}/text", {"title": "Mine", "text": "By hand."})

    page = as_ada.get(f"{path}/text").text
    assert "takes the place of version 1." in page
    as_ada.post(f"{path}/text", {"title": "Mine", "text": "Again."})

    assert "Version 1 made room: 200 are kept." in as_ada.get(path).text


def test_page_of_many_versions_asks_the_database_no_more_often_than_that_of_three(as_ada, content):
    path = f"/contents/{content.id}"
    with_versions(content, 3)
    row = {"user_id": content.user_id, "content_id": content.id, "status": Status.COMPLETED,
           "text": "Tea."}  # fmt: skip
    as_ada.get(path)  # what is drawn of its text is kept
    few = questions(lambda: as_ada.get(path))
    db.session.execute(insert(Draft), [{**row, "number": n} for n in range(4, 24)])
    db.session.execute(update(Content).values(current_number=23))

    assert questions(lambda: as_ada.get(path)) == few


def test_content_of_two_hundred_long_versions_is_told_without_their_texts(content):
    with_versions(content, versions.VERSIONS_KEPT, "x" * 100_000)

    told = whole(content)

    assert [draft["number"] for draft in told["drafts"]] == numbers(content)
    assert len(json.dumps(told)) < 200_000


@pytest.fixture
def many(app, ada):
    """Contents of Ada's, each pending, the first one due first."""
    app.config.update(NO_QUOTAS)
    made = [submitting.submit(ada.id, BRIEF, f"Pot {n}", delay_seconds=600 + n) for n in range(150)]
    db.session.commit()
    return made


@both_databases
def test_snapshot_has_the_next_that_are_due_and_those_a_page_shows(ada, many):
    first, last = many[:SNAPSHOT_WAITING], many[-20:]

    told = snapshot(ada.id)

    shown = [draft["draft_id"] for draft in told["drafts"]]
    assert shown == [content.current.id for content in (*first, *last)]
    assert told["unfinished"] == 150
    assert told["contents"] == [str(content.id) for content in reversed(last)]


@both_databases
def test_snapshot_has_what_is_being_written_however_many_wait_or_are_on_hold(ada, many):
    for content in many[: SNAPSHOT_WAITING + 5]:
        content.current.status, content.current.due_at = Status.HELD, None
    writing = many[110].current
    writing.status, writing.attempt, writing.text = Status.GENERATING, 1, "Tea is"
    db.session.commit()

    told = snapshot(ada.id)["drafts"]

    [found] = [draft for draft in told if draft["status"] == "generating"]
    assert (found["draft_id"], found["text"], found["offset"]) == (writing.id, "Tea is", 6)
    assert [draft["status"] for draft in told[:40]].count("held") == 0


def test_snapshot_of_many_drafts_of_one_content_has_no_more_of_them(ada, content):
    row = {"user_id": ada.id, "content_id": content.id, "origin": Origin.REFINED,
           "status": Status.HELD, "created_at": now()}  # fmt: skip
    more = range(2, 3 * SNAPSHOT_WAITING)
    db.session.execute(insert(Draft), [{**row, "number": number} for number in more])
    db.session.commit()

    assert len(snapshot(ada.id)["drafts"]) == SNAPSHOT_WAITING


def test_snapshot_asks_the_database_a_fixed_number_of_questions(app, ada, many):
    with_all = questions(lambda: snapshot(ada.id))
    for content in many[1:]:
        ending.discard(db.session.merge(content))

    assert with_all == questions(lambda: snapshot(ada.id))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("asked", ["snapshot", "last choices"])
def test_page_that_opens_has_few_rows_read_of_many(ada, asked):
    """PostgreSQL takes a query that finds a few for one that finds many, and reads the table."""
    ids = [uuid4() for _ in range(4000)]
    content = {"user_id": ada.id, "title": "Tea", **asdict(BRIEF), "created_at": now()}
    content["_voice"] = content.pop("voice")
    content["_material"] = content.pop("material")
    content |= {"keywords": list(BRIEF.keywords)}
    draft = {"user_id": ada.id, "status": Status.COMPLETED, "text": "Tea.", "number": 1,
             "created_at": now()}  # fmt: skip
    db.session.execute(
        insert(Content),
        [
            {**content, "id": each, "created_at": now() + timedelta(minutes=place)}
            for place, each in enumerate(ids)
        ],
    )
    db.session.execute(insert(Draft), [{**draft, "content_id": each} for each in ids])
    db.session.execute(text("ANALYZE"))
    db.session.commit()

    work = {
        "snapshot": lambda: snapshot(ada.id),
        "last choices": lambda: Content.last_chosen(ada.id),
    }[asked]

    assert max(rows_read(work)) < 1000


def test_snapshot_tells_what_was_found_of_the_models_and_of_no_other(ada, content):
    other = submitting.submit(ada.id, BRIEF, "Pot", {"model": "tiny"})
    readiness.tell(Readiness("llama3.2", Stage.READY, "there"))
    readiness.tell(Readiness("mistral", Stage.MISSING, "not_downloaded", {"model": "mistral"}))

    told = snapshot(ada.id)

    assert told["readiness"] == [
        {
            "model": "llama3.2",
            "stage": "ready",
            "sentence": "All is ready: Ollama has llama3.2, and a worker is there.",
            "progress": None,
        }
    ]
    assert told["contents"] == [str(other.id), str(content.id)]


def test_snapshot_without_redis_tells_what_the_database_knows(ada, content, valkey, monkeypatch):
    monkeypatch.setattr(readiness, "redis", _away)

    assert snapshot(ada.id)["readiness"] == []


def _away():
    raise readiness.redis_py.ConnectionError


def test_deleted_content_leaves_the_snapshot_and_comes_back_with_it(ada, content):
    ending.discard(content)
    assert (snapshot(ada.id)["contents"], newest(ada.id)) == ([], [])

    ending.restore(ada.id, content.id)

    assert snapshot(ada.id)["contents"] == [str(content.id)]


def test_search_for_what_nearly_matches_everywhere_takes_a_moment(ada, many):
    for content in many[:10]:
        make_findable(content, "a " * 50_000 + "c b")
    db.session.commit()
    filters = Filters(q='"' + "a " * 9 + 'b"')

    assert_takes_less(2, lambda: list_contents(ada.id, filters))  # it takes some tenths
    assert list_contents(ada.id, filters).items == []


def test_text_is_gathered_piece_by_piece_without_a_copy_of_the_whole(due_draft):
    due_draft.claim(60)
    attempt = Attempt(due_draft)

    for _ in range(1000):
        attempt._add("Tea. ")

    assert attempt.text == "Tea. " * 1000


@both_databases
def test_submitting_reads_nothing_that_it_has_written(ada):
    submitted = []

    # Two rows, what they are found by, and whether the account may: no round trip beside these.
    assert questions(lambda: submitted.append(submitting.submit(1, BRIEF, "A teapot"))) <= 8
    assert questions(lambda: submitted[0].current.status) == 0


@pytest.mark.parametrize("compare", [checking.changes, checking.sentences])
def test_what_comes_of_long_texts_is_not_kept_in_memory(compare):
    """What is kept is the same thing the second time."""
    short, long = ("Tea is warm.", "It is."), ("Tea is warm. " * 5_000, "It is. " * 10_000)

    assert compare(*short) is compare(*short)
    assert compare(*long) == compare(*long)
    assert compare(*long) is not compare(*long)


def test_of_a_long_text_no_more_is_kept_than_its_quality_card_looks_at():
    asked, seen = Asked("A teapot"), "Tea is warm. " * 10_000

    assert checking.quality(f"{seen}It is.", asked) is checking.quality(f"{seen}Is it?", asked)


@both_databases
def test_no_text_is_read_behind_the_first_that_a_page_has_no_room_for_beside_its_own(content):
    with_versions(content, 5, "x" * (BESIDE_LONGEST * 2 // 3))
    db.session.execute(update(Draft).values(origin=Origin.GENERATED))
    content.current_number = 1
    db.session.commit()
    db.session.expunge_all()
    content = db.session.get(Content, content.id)

    made = content.versions()
    shown, more = beside(content, made)

    assert ([draft.number for draft in shown], more) == ([5], 3)
    assert [draft.number for draft in made if "text" not in inspect(draft).unloaded] == [5, 4, 1]


@both_databases
def test_version_that_another_is_made_of_makes_room_for_none(as_ada, due_draft, ollama):
    ollama.says("Tea is hot.")
    job.write_draft(due_draft.id)
    content = due_draft.content
    db.session.refresh(content)
    for number in range(2, versions.VERSIONS_KEPT):
        assert versions.save_edit(content, "Tea", f"Text {number}.")

    page = f"/contents/{content.id}"
    as_ada.post(f"{page}/versions/1/reproduce")  # fits still, and is on its way
    assert versions.save_edit(content, "Tea", "One more.")
    sent = {"how": "shorter", "number": 3}
    answer = as_ada.post(f"{page}/refine", sent, follow_redirects=True)

    assert "stands beside the text. Version 4 made room: 200 are kept." in answer.text
    kept = set(db.session.scalars(select(Draft.number).filter_by(content_id=content.id)))
    assert kept == set(range(1, 203)) - {2, 4}


def as_texts(content) -> None:
    """All its versions completed, as models write them."""
    mine = update(Draft).filter_by(content_id=content.id)
    db.session.execute(mine.values(status=Status.COMPLETED, text="Tea.", finished_at=now()))
    db.session.commit()


@both_databases
def test_message_names_the_version_that_went_also_where_it_is_sent_twice(as_ada, content):
    with_versions(content, versions.VERSIONS_KEPT - 1)
    refining.ask_for(content, Task(Deed.REFINE, 1, "shorter"))
    as_texts(content)
    page = f"/contents/{content.id}"

    for form in ({"key": str(uuid4())},) * 2:
        said = as_ada.post(f"{page}/versions/200/another", form, follow_redirects=True).text
        assert re.findall(r"Versions? .{1,20} made room", said) == ["Version 2 made room"]
        assert numbers(content) == [1, *range(3, 202)]
        as_texts(content)

    for form in ({"key": str(uuid4()), "variants": "2"},) * 2:
        said = as_ada.post(f"{page}/variants", form, follow_redirects=True).text
        assert re.findall(r"Versions? .{1,20} made room", said) == ["Versions 1 and 3 made room"]


@both_databases
def test_rewrite_that_failed_is_there_still_where_it_is_asked_for_once_more(as_ada, content):
    with_versions(content, 2)
    for _ in range(refining.REWRITES_KEPT):
        refining.ask_for(content, Task(Deed.REFINE, 1, "shorter"))
    as_texts(content)
    another, sent = f"/contents/{content.id}/versions/3/another", {"key": str(uuid4())}
    as_ada.post(another, sent)
    failed = update(Draft).filter_by(content_id=content.id, number=8)
    db.session.execute(failed.values(status=Status.FAILED))
    db.session.commit()

    assert as_ada.post(another, sent).status_code == 303
    assert 8 in numbers(content)
