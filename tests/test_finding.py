"""Contents are found by title, brief and current text, as they are and whoever changed them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from threading import Event
from uuid import uuid4

import pytest
from api.conftest import BRIEF as BRIEF_SENT
from api.conftest import script_of
from conftest import BRIEF, both_databases
from patience import PATIENCE
from sqlalchemy import event, insert, select, text, update

from smartcontent.cli.migrating import make_findable
from smartcontent.contents import (
    ending,
    housekeeping,
    reindexing,
    submitting,
    tagging,
    versions,
    waiting,
)
from smartcontent.contents.housekeeping import Housekeeping
from smartcontent.contents.repurposing import made_from
from smartcontent.models import (
    ApiToken,
    Batch,
    Content,
    Draft,
    KeptVoice,
    Series,
    Status,
    listing,
    now,
    search_index,
)
from smartcontent.models.listing import Filters, Sort, count_contents, list_contents
from smartcontent.models.search_index import Words, brief_as_vector, text_as_vector
from smartcontent.ollama.errors import failure
from smartcontent.progress.estimates import estimate_for
from smartcontent.stores.sql import at_once, db
from smartcontent.texts.search.snippets import PART
from smartcontent.web.search_results import snippets_of
from smartcontent.writing import job, retrying
from smartcontent.writing.attempt import Attempt

HOSTILE = [
    "%", "_", '"', '""', '"""', "'", "''", ";", "--", "*", "te*", "*:*", "title:pot", "NEAR(a b)",
    "a NEAR/2 b", "AND", "OR", "NOT", "pot AND", "NOT pot", "(pot", "pot)", "{title} : pot", "^pot",
    "-pot", "- -pot", "-pot -kettle", '-"', "pot & !kettle", "a <-> b", "':*", "\\", "\\'", "@1",
    "pot\0", "\0", "\ud83d", "🫖", "\u0301", "x" * 10_000, "- " * 100, '"' * 200, "' OR 1=1 --",
]  # fmt: skip


def found(user, q: str, **more: object) -> list[str]:
    """The titles of what is found."""
    db.session.commit()
    return [content.title for content in list_contents(user.id, Filters(q=q, **more)).items]


def complete(content: Content, ollama, said: str) -> None:
    """Have the content's draft written."""
    ollama.says(said)
    waiting.start_now(content.current)
    job.write_draft(content.current.id)
    db.session.expire_all()


@both_databases
def test_whatever_changes_title_brief_or_text_changes_what_is_found(ada, content, ollama):
    assert found(ada, "teapot glass") == ["A teapot"]
    waiting.change_brief(content, type(BRIEF)(**(vars(BRIEF) | {"topic": "A jug"})), "Mine", {})
    assert (found(ada, "jug"), found(ada, "glass")) == (["Mine"], [])

    complete(content, ollama, "It is warm.")
    assert found(ada, "warm") == ["Mine"]
    tagging.keep(content, {"title": "Yours"})
    assert (found(ada, "yours warm"), found(ada, "mine")) == (["Yours"], [])

    versions.save_edit(content, "Yours", "It is cold.")
    assert (found(ada, "cold"), found(ada, "warm")) == (["Yours"], [])
    versions.make_current(content, 1)
    assert (found(ada, "cold"), found(ada, "warm")) == ([], ["Yours"])

    versions.retry(content)
    assert (found(ada, "warm"), found(ada, "yours")) == ([], ["Yours"])


@both_databases
def test_what_there_is_of_a_stopped_text_is_found(ada, due_draft):
    due_draft.claim(60)
    due_draft.write(due_draft.attempt, text="Half of a kettle")
    ending.cancel(due_draft)
    assert found(ada, "kettle") == ["A teapot"]


@both_databases
def test_text_that_the_next_attempt_begins_without_as_it_is_stopped_is_not_found(
    app, ada, due_draft, monkeypatch
):
    due_draft.text, due_draft.failures = "Half of a kettle", 1
    db.session.commit()

    def told_late(typed: str) -> str:
        monkeypatch.setattr(ending, "findable_by", search_index.findable_by)
        with app.app_context():
            assert db.session.get(Draft, due_draft.id).claim(60)
        return search_index.findable_by(typed)

    monkeypatch.setattr(ending, "findable_by", told_late)

    assert ending.cancel(due_draft)

    assert (due_draft.status, due_draft.text) == ("cancelled", "")
    assert found(ada, "kettle") == []
    assert not ending.cancel(due_draft)


@both_databases
def test_what_an_attempt_has_left_is_found_however_the_next_is_called_off(app, ada, as_ada):
    script = script_of(app, ada)
    rows = [{**BRIEF_SENT, "topic": topic} for topic in ("A pot", "A cup")]
    batch = script.post("/batches", {"rows": rows}).json
    submitting.submit(ada.id, BRIEF, "A jug")
    db.session.execute(update(Draft).values(text="Half of a kettle", failures=1))
    db.session.commit()
    assert found(ada, "kettle") == []

    script.post(f"/batches/{batch['id']}/cancel")
    as_ada.post(f"/contents/{list_contents(ada.id, Filters(q='jug')).items[0].id}/undo")

    assert sorted(found(ada, "kettle")) == ["A cup", "A pot"]
    assert found(ada, "kettle", trash=True) == ["A jug"]
    db.session.expire_all()
    assert set(db.session.scalars(select(Draft.status))) == {"cancelled"}


def test_what_there_is_of_a_failed_text_is_found(ada, due_draft):
    due_draft.claim(60)
    attempt = Attempt(due_draft)
    attempt._add("Half of a kettle")
    retrying.give_up_or_try_later(due_draft, attempt, failure("refused", {}))

    assert found(ada, "kettle") == ["A teapot"]


def test_deleted_is_found_in_the_trash_alone_and_erased_nowhere(ada, content):
    ending.discard(content)
    assert (found(ada, "teapot"), found(ada, "teapot", trash=True)) == ([], ["A teapot"])
    ending.restore(ada.id, content.id)
    assert found(ada, "teapot") == ["A teapot"]

    db.session.execute(text("DELETE FROM contents"))

    assert db.session.scalar(text("SELECT count(*) FROM found")) == 0


@both_databases
def test_what_was_never_taken_in_is_found_after_catching_up(ada, ollama):
    titles = [f"Kettle {number}" for number in range(3)]
    contents = [submitting.submit(ada.id, BRIEF, title) for title in titles]
    complete(contents[0], ollama, "東京タワーへ行く")
    db.session.execute(text("UPDATE findables SET words = NULL, behind = 1"))
    db.session.execute(text("UPDATE drafts SET words = NULL"))
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("DELETE FROM found"))
    assert (found(ada, "kettle"), reindexing.count_behind()) == ([], 3)

    assert sum(reindexing.catch_up()) == 3

    assert found(ada, "kettle") == titles[::-1]
    assert found(ada, "京タ") == ["Kettle 0"]
    db.session.expire_all()
    assert contents[0].current.words == 8
    assert reindexing.count_behind() == 0


@both_databases
def test_what_was_found_by_tokens_of_before_is_found_by_those_of_now(ada, ollama):
    content = submitting.submit(ada.id, BRIEF, "Our code")
    complete(content, ollama, "Written in C++, since ٢٠٢٤, by R&D")
    by = "text" if db.engine.dialect.name == "sqlite" else "words"
    table = "found" if by == "text" else "findables"
    db.session.execute(text(f"UPDATE {table} SET {by} = 'c r d'"))
    db.session.execute(text("UPDATE findables SET tokens_version = 1"))
    assert (found(ada, "c++"), reindexing.count_behind()) == ([], 1)

    assert list(reindexing.catch_up()) == [1]

    assert [found(ada, typed) for typed in ("c++", "2024", "R&D")] == [["Our code"]] * 3
    assert (found(ada, "c#"), reindexing.count_behind()) == ([], 0)


@both_databases
def test_what_is_saved_while_tokens_of_before_are_made_anew_is_found(ada, content, monkeypatch):
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", "Samovar")
    db.session.execute(text("UPDATE findables SET tokens_version = 1"))
    db.session.commit()
    take_in, saved = reindexing._take_in, list[Draft | None]()

    def take_in_late(*step: object) -> int:
        if not saved:
            saved.append(versions.save_edit(content, "A teapot", "Kettle"))
        return take_in(*step)

    monkeypatch.setattr(reindexing, "_take_in", take_in_late)

    assert list(reindexing.catch_up()) == [1]

    assert (found(ada, "kettle"), found(ada, "samovar")) == (["A teapot"], [])


@both_databases
def test_what_is_saved_while_it_gets_another_title_is_found(app, ada, content, monkeypatch):
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", "Samovar")
    its_id = content.id
    db.session.commit()

    def told_late(typed: str) -> str:
        monkeypatch.setattr(tagging, "findable_by", search_index.findable_by)
        with app.app_context():
            versions.save_edit(db.session.get(Content, its_id), "A teapot", "Kettle")
        return search_index.findable_by(typed)

    monkeypatch.setattr(tagging, "findable_by", told_late)

    script_of(app, ada).patch(f"/contents/{its_id}", {"title": "A pot"})

    db.session.expire_all()
    assert (found(ada, "kettle"), found(ada, "samovar")) == (["A pot"], [])
    assert list(reindexing.catch_up()) == [1]
    assert found(ada, "pot kettle") == ["A pot"]


@both_databases
def test_what_is_completed_while_it_gets_another_title_is_found(app, ada, content, monkeypatch):
    content.current.status = Status.GENERATING
    db.session.commit()
    text_before, its_draft = tagging._text_before, content.current.id

    def completed_then(here: Content) -> object:
        known = text_before(here)
        with app.app_context():
            words = search_index.findable_by("Kettle")
            draft = db.session.get(Draft, its_draft)
            draft.status, draft.text = Status.COMPLETED, "Kettle"
            search_index.make_findable(draft.content, words)
            db.session.commit()
        return known

    monkeypatch.setattr(tagging, "_text_before", completed_then)

    script_of(app, ada).patch(f"/contents/{content.id}", {"title": "A pot"})

    db.session.expire_all()
    assert found(ada, "kettle") == ["A pot"]


def test_what_is_behind_is_known_by_an_index_of_it(ada):
    with statements() as seen:
        reindexing.count_behind()

    (step,) = (step for each in seen for step in plan_of(*each))
    assert "INDEX ix_findables_behind" in step


@both_databases
def test_what_an_older_process_writes_is_taken_in(ada, content, monkeypatch):
    """Older ones write the column that they look through, and know of nothing else."""

    engine, told, topics = db.engine, search_index.as_told(), ["A mug"]

    def write(topic: str) -> None:
        with engine.begin() as older:
            older.execute(update(Content).values(topic=topic, search_text=topic))

    def made_while_another_writes(typed: str) -> str:
        if topics:
            write(topics.pop())
        return told(typed)

    write("A jug")
    assert found(ada, "jug") == []
    monkeypatch.setattr(reindexing, "as_told", lambda: made_while_another_writes)
    monkeypatch.setattr(reindexing, "FINAL", {content.current.status})
    db.session.commit()

    assert list(reindexing.catch_up()) == [1, 1]
    assert (found(ada, "mug"), found(ada, "jug")) == (["A teapot"], [])


@both_databases
@pytest.mark.parametrize("path", ["/list", "/api/v1/contents"])
def test_nothing_that_is_typed_is_an_error(ada, as_ada, content, path):
    _, secret = ApiToken.issue(ada, "script")
    headers = {"Authorization": f"Bearer {secret}"}
    for typed, sort in zip(HOSTILE, cycle(["", "relevance", "title"]), strict=False):
        asked = {"q": typed.encode(errors="surrogatepass"), "sort": sort}
        answer = as_ada.get(path, query_string=asked, headers=headers)
        assert answer.status_code in (200, 414, 422), typed


@both_databases
def test_only_what_is_unwanted_finds_all_else_and_nothing_finds_nothing(ada, bob):
    for title in ("Pot", "Kettle", "Pan"):
        submitting.submit(ada.id, BRIEF, title)
    submitting.submit(bob.id, BRIEF, "Bob's")

    assert found(ada, "-pot -kettle") == ["Pan"]
    assert found(ada, "teapot -pan") == ["Kettle", "Pot"]
    assert found(ada, "%") == found(ada, f"@{ada.id}") == found(ada, str(bob.id)) == []


@both_databases
def test_what_is_found_comes_page_by_page_in_each_order(ada, ollama):
    titles = [f"Number {number}" for number in range(5)]
    contents = [submitting.submit(ada.id, BRIEF, title) for title in titles]
    complete(contents[1], ollama, "number " * 9)
    ending.cancel(contents[3].current)
    versions.save_edit(contents[3], "Number and number: number", "number " * 30)

    def pages(sort: str) -> list[str]:
        shown, cursor = [], ""
        while cursor is not None:
            page = list_contents(ada.id, Filters(q="number", sort=sort), cursor, limit=2)
            shown += [content.title for content in page.items]
            cursor = page.next_cursor
            if len(shown) == 2:
                submitting.submit(ada.id, BRIEF, "Number, submitted meanwhile")
        db.session.execute(text("DELETE FROM contents WHERE title LIKE '%meanwhile'"))
        return shown

    titles[3] = "Number and number: number"
    assert pages(Sort.NEWEST) == titles[::-1]
    assert pages(Sort.OLDEST)[:5] == titles
    best = pages(Sort.RELEVANCE)
    assert best[0] == titles[3]
    assert sorted(best) == sorted(titles)


def test_snippets_show_where_it_was_found(content):
    far = "Nothing else. " * (PART // 5)
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", f"{far}A soufflé stands there. {far}")

    of_title, of_text, of_brief = snippets_of([content], '"a teapot" souffle -pan')[content.id]

    assert of_title == "[[A teapot]]"
    assert "A [[soufflé]] stands there." in of_text
    assert of_brief.startswith("[[A teapot]] of blue glass")
    assert snippets_of([content], "") == snippets_of([content], "-pan") == {}


@both_databases
def test_longest_text_of_different_characters_is_stored_and_found(ada, content):
    longest = "".join(map(chr, [*range(0x4E00, 0x9FFF), *range(0x20000, 0x2A000)])) * 2
    ending.cancel(content.current)
    versions.save_edit(content, "Long", longest[:200_000])

    assert found(ada, longest[100:102]) == ["Long"]


def test_tokens_for_postgresql_are_bounded():
    distinct = " ".join(f"{number:064x}" for number in range(20_000))

    assert len(text_as_vector(distinct).split()) < 13_000
    assert brief_as_vector(7, Words("a", "b a", "")) == "'a':1A,4B '@7':2,5 'b':3B"
    assert text_as_vector("a c a") == "'a':1,3 'c':2"
    assert len(text_as_vector("a b " * 10_000).split(",")) < 17_000, "no place is behind the last"


@both_databases
@pytest.mark.parametrize("few", [0, 2_000])
def test_filters_find_the_same_whether_few_or_many_have_it(ada, bob, monkeypatch, few):
    monkeypatch.setattr(listing, "FEW", few)
    for user in (ada, bob):
        for title in ("Pot", "Kettle", "Pan"):
            submitting.submit(user.id, BRIEF, f"{user.id} {title}")
    pan, kettle, pot = list_contents(ada.id, Filters()).items
    db.session.commit()
    ending.cancel(pot.current)
    ending.cancel(pan.current)
    versions.retry(pan)
    tagging.keep(pot, {"tags": ["Spring"], "favourite": True})
    tagging.keep(list_contents(bob.id, Filters()).items[0], {"tags": ["spring"]})
    ending.discard(kettle)

    def shown(**filters: object) -> list[Content]:
        return list_contents(ada.id, Filters(**filters)).items

    assert shown(status="cancelled") == shown(tag="SPRING") == shown(favourite=True) == [pot]
    assert shown(status="cancelled", tag="spring", q="pot") == [pot]
    assert shown(status="pending") == [pan]
    assert shown(status="cancelled", trash=True) == [kettle]
    assert shown(status="failed") == shown(tag="autumn") == shown(q="kettle") == []


# Each thing that a list may be asked for, and pairs of which neither leads to the order.
ASKED = [
    {}, {"status": "failed"}, {"content_type": "ad_copy"}, {"tag": "spring"}, {"favourite": True},
    {"model": "llama3.2"}, {"voice": str(uuid4())}, {"batch": str(uuid4())},
    {"series": str(uuid4())}, {"since": now()}, {"until": now()}, {"trash": True}, {"q": "pot"},
    {"status": "failed", "tag": "spring"}, {"q": "pot", "status": "failed"},
    {"q": "pot", "voice": str(uuid4())}, {"model": "llama3.2", "content_type": "ad_copy"},
]  # fmt: skip


@pytest.mark.parametrize("few", [1_000, -1], ids=["looked up", "walked to"])
def test_no_list_goes_through_all_that_there_is(ada, monkeypatch, few):
    monkeypatch.setattr(listing, "FEW", few)
    for asked in ASKED:
        for sort in Sort:
            with statements() as seen:
                list_contents(ada.id, Filters(**asked, sort=sort))
            steps = [step for each in seen for step in plan_of(*each)]
            assert not [step for step in steps if step.startswith(WHOLE)], (asked, sort)
            if few > 0 and asked.keys() - {"q"}:
                assert not [step for step in steps if ALL_OF_A_USER.search(step)], (asked, sort)


def test_how_many_drafts_have_a_status_is_counted_without_reading_one(ada):
    with statements() as seen:
        list_contents(ada.id, Filters(status="pending"))

    (count,) = (each for each in seen if "count(" in each[0])
    assert any("USING COVERING INDEX ix_drafts_user_id_status" in step for step in plan_of(*count))


def test_how_well_contents_fit_is_known_before_anything_else_is_asked_of_them(ada):
    """Else their tokens are carried along, megabytes of them."""
    with statements() as seen:
        list_contents(ada.id, Filters(q="teapot", sort="relevance"))

    (asked,) = (statement for statement, _ in seen if "OVER" in statement)
    inner, known, outer = asked.partition(") AS fitting")
    assert known
    assert ("found.text" in inner, "found.text" in outer) == (True, False)


WHOLE = ("SCAN contents", "SCAN drafts", "SCAN findables", "SCAN content_tags")
ALL_OF_A_USER = re.compile(r"ix_contents_(listed|titled|user_id_created_at) \(user_id=\?\)")


@pytest.mark.parametrize("few", [2_000, 0], ids=["looked up", "walked to"])
def test_of_what_is_searched_no_more_is_read_than_the_bound(ada, monkeypatch, few):
    """However many have the words: of few each is looked into, of many so many in order."""
    for number in range(30):
        content = submitting.submit(ada.id, BRIEF, f"Jug {number}")
        tagging.keep(content, {"favourite": number < 3})
    db.session.commit()
    read = []
    monkeypatch.setattr(listing, "FEW", few)
    monkeypatch.setattr(search_index, "LOOKED_INTO", 5)
    monkeypatch.setattr(listing, "LOOKED_INTO", 5)
    connection = db.session.connection().connection.driver_connection
    has_tokens = search_index.has_tokens
    connection.create_function(
        "has_tokens", 5, lambda *asked: read.append(asked) or has_tokens(*asked)
    )
    for sort in Sort:
        read.clear()
        list_contents(ada.id, Filters(q="jug", favourite=True, sort=sort))
        assert len(read) <= 5, sort
        if few or sort == Sort.TITLE:
            assert read, sort


def plan_of(statement: str, values: object) -> list[str]:
    connection = db.session.connection()
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]


@contextmanager
def statements() -> Iterator[list[tuple[str, object]]]:
    """What the database is asked meanwhile."""
    seen: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement: str, values: object, *_more: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


@both_databases
@pytest.mark.parametrize("near", [1, 500])
def test_search_finds_the_same_near_and_far(ada, bob, monkeypatch, near):
    monkeypatch.setattr(search_index, "NEAR", near)
    monkeypatch.setattr(search_index, "NEAR_OF_SQLITE", near)
    titles = [f"Kettle {number}" for number in range(5)]
    for title in titles:
        submitting.submit(ada.id, BRIEF, title)
        submitting.submit(bob.id, BRIEF, title)
    db.session.commit()

    for sort, expected in ((Sort.NEWEST, titles[::-1]), (Sort.OLDEST, titles)):
        shown, cursor = [], ""
        while cursor is not None:
            page = list_contents(ada.id, Filters(q="kettle", sort=sort), cursor, limit=2)
            shown += [content.title for content in page.items]
            cursor = page.next_cursor
        assert shown == expected


@both_databases
def test_what_many_have_is_found_among_the_newest_without_the_index_of_all(ada):
    for number in range(3):
        submitting.submit(ada.id, BRIEF, f"Kettle {number}")

    def asks_the_index(limit: int) -> bool:
        db.session.commit()
        with statements() as seen:
            list_contents(ada.id, Filters(q="kettle"), limit=limit)
        return any("AS matching" in asked or "MATCH" in asked for asked, _ in seen)

    assert not asks_the_index(limit=2)
    assert asks_the_index(limit=3)


@both_databases
def test_phrase_of_words_that_very_many_have_is_looked_for_in_so_many_at_a_time(
    ada, as_ada, monkeypatch
):
    monkeypatch.setattr(search_index, "LOOKED_INTO", 2)
    monkeypatch.setattr(listing, "LOOKED_INTO", 2)
    monkeypatch.setattr(search_index, "NEAR", 1)
    titles = ["Green jug", *(f"Jug {number}, green" for number in range(4))]
    for title in titles:
        submitting.submit(ada.id, BRIEF, title)

    def pages(sort: str) -> list[tuple[list[str], bool]]:
        shown, cursor = [], ""
        while cursor is not None:
            page = list_contents(ada.id, Filters(q='"green jug"', sort=sort), cursor)
            shown.append(([content.title for content in page.items], page.is_partial))
            cursor = page.next_cursor
        db.session.commit()
        return shown

    assert pages(Sort.NEWEST) == [([], True), ([], True), (["Green jug"], False)]
    assert pages(Sort.OLDEST) == [(["Green jug"], True), ([], True), ([], False)]
    assert pages(Sort.TITLE) == pages(Sort.RELEVANCE) == [([], True)]
    assert count_contents(ada.id, Filters(q='"green jug"')) == (0, False)
    assert count_contents(ada.id, Filters(q="green jug")) == (5, True)
    assert "Look through more</a>" in as_ada.get('/list?q="green jug"').text
    assert "sort by date" in as_ada.get('/list?q="green jug"&sort=title').text
    assert "Look through more" not in as_ada.get("/list?q=green jug").text


@both_databases
def test_what_many_have_each_is_looked_for_in_so_many_at_a_time(ada, as_ada, monkeypatch):
    monkeypatch.setattr(search_index, "LOOKED_INTO", 2)
    monkeypatch.setattr(search_index, "NEAR", 1)
    monkeypatch.setattr(listing, "LOOKED_INTO", 2)
    monkeypatch.setattr(listing, "FEW", 2)
    made = [submitting.submit(ada.id, BRIEF, f"Jug {number}") for number in range(6)]
    for content in made[:3]:
        tagging.keep(content, {"favourite": True})

    def pages(**asked) -> list[tuple[str, bool]]:
        shown, cursor = [], ""
        while cursor is not None:
            filters = Filters(favourite=True, content_type=BRIEF.content_type, **asked)
            page = list_contents(ada.id, filters, cursor)
            shown.append((" ".join(each.title[-1] for each in page.items), page.is_partial))
            cursor = page.next_cursor
        db.session.commit()
        return shown

    newest_first = [("", True), ("2", True), ("1 0", True), ("", False)]
    oldest_first = [("0 1", True), ("2", True), ("", True), ("", False)]
    for words in ("", "jug"):
        assert pages(q=words) == newest_first
        assert pages(q=words, sort=Sort.OLDEST) == pages(q=words, sort=Sort.TITLE) == oldest_first
    assert pages(q="jug", sort=Sort.RELEVANCE) == [("", True)]
    narrow = Filters(favourite=True, content_type=BRIEF.content_type)
    assert count_contents(ada.id, narrow) == (0, False)
    assert "Look through more</a>" in as_ada.get("/list?favourite=1&status=pending").text
    monkeypatch.setattr(listing, "FEW", 3)
    assert (pages(), count_contents(ada.id, narrow)) == ([("2 1 0", False)], (3, True))


def test_what_was_made_from_a_text_is_found_by_its_index_where_there_are_statistics(ada, content):
    """Of a library most of which was made from nothing."""
    row = {name: getattr(content, name) for name in (*BRIEF.typed, "title", "user_id", "settings")}
    db.session.execute(insert(Content), [{**row, "id": uuid4()} for _ in range(200)])
    db.session.execute(text("ANALYZE"))
    with statements() as seen:
        assert made_from(content) == []

    [(statement, values)] = seen
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "ix_contents_source_id" in plan[0][3]


def test_estimate_reads_no_texts(content):
    with statements() as seen:
        estimate_for(content, "llama3.2")

    assert [statement for statement, _ in seen if "drafts.words" in statement]
    assert not [statement for statement, _ in seen if "drafts.text" in statement]


def test_page_asks_no_more_often_for_many_cards_that_wait_than_for_few(ada, as_ada):
    def asked_with(drafts: int) -> int:
        for number in range(drafts):
            submitting.submit(ada.id, BRIEF, f"Jug {number}")
        db.session.commit()
        with statements() as seen:
            assert as_ada.get("/").status_code == 200
        return len(seen)

    asked_with(2)  # what a page asks but once a process
    assert asked_with(0) == asked_with(15)


@both_databases
def test_filling_that_was_killed_leaves_the_index_as_it_is_usually(ada, content):
    if db.engine.dialect.name == "sqlite":
        usual, kept = 4, "SELECT v FROM found_config WHERE k = 'automerge'"
    else:
        usual = ["gin_pending_list_limit=512"]
        kept = "SELECT reloptions FROM pg_class WHERE relname = 'ix_findables_words'"

    with search_index.taking_in_many():  # which the one that was killed has never left
        db.session.commit()
        make_findable()

        assert db.session.scalar(text(kept)) == usual
        db.session.commit()


@both_databases
def test_migrating_ends_by_making_findable_what_was_there_before(ada, content, capsys):
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("DELETE FROM found"))
    db.session.execute(text("UPDATE findables SET behind = 1"))
    db.session.commit()

    make_findable()
    make_findable()

    assert capsys.readouterr().err == "Made findable: 1 of 1 contents\n"
    assert found(ada, "teapot") == ["A teapot"]
    if db.engine.dialect.name == "postgresql":  # as before
        options = "SELECT reloptions FROM pg_class WHERE relname = 'ix_findables_words'"
        assert db.session.scalar(text(options)) == ["gin_pending_list_limit=512"]


@both_databases
def test_draft_that_is_due_meanwhile_is_claimed_between_two_steps(ada, due_draft, monkeypatch):
    for number in range(3):
        submitting.submit(ada.id, BRIEF, f"Kettle {number}")
    db.session.execute(text("UPDATE findables SET behind = 1"))
    db.session.commit()
    monkeypatch.setattr(reindexing, "AT_ONCE", 1)
    steps = reindexing.catch_up()
    next(steps)

    with at_once() as another:  # which waits for nobody
        claim = update(Draft).where(Draft.id == due_draft.id, Draft.status == "pending")
        assert another.execute(claim.values(status="generating")).rowcount == 1

    steps.close()  # interrupted
    assert reindexing.count_behind() == 3
    assert list(reindexing.catch_up()) == [1, 1, 1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("title", ["A teapot", "Another"])
def test_a_content_is_locked_before_what_it_is_found_by(ada, content, title):
    """In any order of two who change both, PostgreSQL would end one: they wait for each other."""
    ending.cancel(content.current)
    asked = list[str]()

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    versions.save_edit(content, title, "Tea.")
    versions.retry(content)
    event.remove(db.engine, "before_cursor_execute", note)

    indexed = [at for at, words in enumerate(asked) if words.startswith("UPDATE findables")]
    assert len(indexed) == 2
    assert all("FOR NO KEY UPDATE OF contents" in asked[at - 1] for at in indexed)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_tokens_of_the_next_are_made_while_postgresql_takes_in_these(ada, monkeypatch):
    for number in range(2):
        ending.cancel(submitting.submit(ada.id, BRIEF, f"Kettle {number}").current)
    db.session.execute(text("UPDATE findables SET behind = 1"))
    db.session.commit()
    is_taking_in, made = Event(), list[str]()

    def told(typed: str) -> str:
        made.append(typed)
        assert len(made) == 1 or is_taking_in.wait(PATIENCE)
        return ""

    def store(entries: list) -> None:
        is_taking_in.set()
        search_index.store(entries)

    monkeypatch.setattr(reindexing, "AT_ONCE", 1)
    monkeypatch.setattr(reindexing, "as_told", lambda: told)
    monkeypatch.setattr(reindexing, "store", store)

    assert list(reindexing.catch_up()) == [1, 1]


def test_scheduler_makes_findable_what_was_left_behind(app, ada, content, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(housekeeping, "LOOK_SECONDS", 0)
    db.session.execute(text("DELETE FROM found"))
    db.session.execute(text("UPDATE findables SET behind = 1"))
    db.session.commit()

    for _ in range(2):
        Housekeeping(app).turn()

    assert [r.message for r in caplog.records if "findable" in r.message] == [
        "made findable contents=1"
    ]
    assert found(ada, "teapot") == ["A teapot"]


@both_databases
def test_list_is_narrowed_to_a_voice_a_batch_a_series(ada, as_ada):
    pot, pan, kettle = (submitting.submit(ada.id, BRIEF, each) for each in ("Pot", "Pan", "Kettle"))
    voice = KeptVoice(user_id=ada.id, name="Northwind", description="Calm")
    batch = Batch(user_id=ada.id, name="pots.csv", submitted_at=now())
    series = Series(user_id=ada.id, name="Mondays", fields={}, cron="0 7 * * 1", timezone="UTC")
    db.session.add_all([voice, batch, series])
    db.session.flush()
    pot.voice, pan.batch_id, kettle.series_id = voice.voice, batch.id, series.id
    db.session.commit()

    def shown(**filters: str) -> list[str]:
        return [content.title for content in list_contents(ada.id, Filters(**filters)).items]

    assert shown(voice=str(voice.id)) == ["Pot"]
    assert shown(batch=str(batch.id)) == ["Pan"]
    assert shown(series=str(series.id), q="kettle") == ["Kettle"]
    assert shown(series=str(series.id), q="pot -teapot") == []
    page = as_ada.get(f"/?voice={voice.id}").text
    for name in ("Northwind", "pots.csv", "Mondays"):
        assert f">{name}</option>" in page
    assert "Pan</a>" not in page
    assert as_ada.get("/?batch=x").status_code == 200


# What is typed, and what it is to find: each in several encodings, scripts and spellings.
ALIKE = [
    ("soufflé", "souffl\u0065\u0301"), ("soufflé", "souﬄé"), ("souffle\u0301", "SOUFFLÉ"),
    ("crème brûlée", "cre\u0300me bru\u0302le\u0301e"), ("office", "oﬃce"), ("ﬁnest", "finest"),
    ("naïve", "naive"), ("Ångström", "A\u030angstro\u0308m"), ("strasse", "Straße"),
    ("東京", "私は東京へ行く"), ("한국", "대한민국과 한국어"), ("咖啡", "一杯咖啡。"),
    ('"blue glass"', "a blue glass jar"), ('"hand made"', "all hand made here"),
    ("kett", "a kettle"), ("warm ket", "a kettle, warm"), ("jar -lid", "a jar"),
]  # fmt: skip
UNLIKE = [
    ('"blue glass"', "glass, blue"), ('"hand made"', "made by hand"), ("東京", "京の東"),
    ("咖啡", "啡咖"), ("jar -lid", "a jar and its lid"), ("ettle", "a kettle"),
    ("ket warm", "kettle"),
]  # fmt: skip


@both_databases
def test_each_kind_of_what_is_typed_finds_what_is_meant(ada):
    brief = replace(BRIEF, topic="x", audience="", keywords=())
    for number, (_, title) in enumerate([*ALIKE, *UNLIKE]):
        submitting.submit(ada.id, brief, f"{title} @{number:03}")

    def finds(number: int, typed: str) -> bool:
        return any(title.endswith(f"@{number:03}") for title in found(ada, typed))

    for number, (typed, title) in enumerate(ALIKE):
        assert finds(number, typed), (typed, title)
    for number, (typed, title) in enumerate(UNLIKE, len(ALIKE)):
        assert not finds(number, typed), (typed, title)
