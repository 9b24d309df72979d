"""Nobody who wants to write to SQLite waits while Redis is asked, a text worked at, or read."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from api.conftest import BRIEF as BRIEF_SENT
from conftest import BRIEF, PASSWORD, Visitor
from redis.connection import Connection
from sqlalchemy import event, text

from smartcontent import beside, exports
from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.cli import printing
from smartcontent.contents import submitting, tagging, versions
from smartcontent.contents.archives import export, taking_in
from smartcontent.exports.packing import Packing
from smartcontent.models import ApiToken, Content, Status
from smartcontent.models.listing import list_contents
from smartcontent.progress import batches
from smartcontent.stores import keys
from smartcontent.stores.sql import db
from smartcontent.web import templating, threads

MUCH_WORK = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000000)"
    " SELECT count(*) FROM n"
)
TEMPLATE, BLANKS = next((each, built_in.blanks) for each, built_in in BUILT_IN.items())


@pytest.fixture
def tried(app) -> Iterator[tuple[Callable[[], None], list[str]]]:
    """Has another try to write at a moment, and notes what refused it; "" where nothing did."""
    other = sqlite3.connect(db.engine.url.database, timeout=0, isolation_level=None)
    found: list[str] = []

    def try_to_write() -> None:
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            found.append("")
        except sqlite3.OperationalError as error:
            found.append(str(error))

    yield try_to_write, found
    other.close()


@pytest.fixture
def refused(tried, monkeypatch) -> list[str]:
    """Notes who could not write at a moment at which Redis was asked, and how often it was."""
    try_to_write, found = tried
    asks = Connection.send_packed_command

    def ask(connection: Connection, *args: object, **more: object) -> None:
        try_to_write()
        asks(connection, *args, **more)

    monkeypatch.setattr(Connection, "send_packed_command", ask)
    return found


@pytest.fixture
def refused_beside(tried, monkeypatch) -> list[str]:
    """The same at a moment at which the work of a text is done, be the text as short as it may."""
    try_to_write, found = tried

    def way(work: Callable[..., object], *args: object) -> object:
        try_to_write()
        return work(*args)

    monkeypatch.setattr(beside, "AT_ONCE", -1)
    monkeypatch.setattr(beside, "_way", [way])
    return found


@pytest.fixture
def completed(due_draft) -> Content:
    due_draft.status, due_draft.text = Status.COMPLETED, "It is warm."
    db.session.commit()
    return due_draft.content


def held_nobody_up(refused: list[str]) -> bool:
    found = refused.copy()
    refused.clear()
    return found != [] and not any(found)


def test_guesses_are_counted_while_others_write(visitor, as_ada, ada, refused):
    new = {"password": "a new one, long enough", "password_again": "a new one, long enough"}
    for who, path, fields in (
        (visitor, "/sign-in", {"email": ada.email, "password": "not the password"}),
        (visitor, "/sign-in", {"email": ada.email, "password": PASSWORD}),
        (as_ada, "/account/tokens", {"name": "a script", "password": "not the password"}),
        (as_ada, "/contents/preview", {"topic": "A teapot"}),
        (as_ada, "/contents/preview/limits", {"text": "A teapot"}),
        (as_ada, "/account/password", {"password_now": PASSWORD, **new}),
    ):
        who.post(path, fields)
        assert held_nobody_up(refused), (path, fields)


def test_page_that_refuses_a_form_is_drawn_while_others_write(as_ada, refused):
    answer = as_ada.post("/contents", {"topic": ""})

    assert answer.status_code == 422
    assert held_nobody_up(refused)


def test_what_came_of_an_act_is_told_while_others_write(app, ada, refused):
    content = submitting.submit(ada.id, BRIEF, "Tea")
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}
    refused.clear()

    for deed in ("cancel", "retry", "start"):
        app.test_client().post(f"/api/v1/contents/{content.id}/{deed}", headers=token)
        assert held_nobody_up(refused), deed


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/contents/{}", {"favourite": True}), ("/tags", {"tag": "tea", "name": "Tea"})],
)
def test_what_was_changed_is_counted_and_told_while_others_write(app, ada, tried, path, sent):
    content = submitting.submit(ada.id, BRIEF, "Tea", tags=["tea"])
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}
    try_to_write, found = tried
    path = f"/api/v1{path.format(content.id)}"

    def look(*_: object) -> None:
        try_to_write()

    event.listen(db.engine, "before_cursor_execute", look)
    app.test_client().patch(path, json=sent, headers=token)
    event.remove(db.engine, "before_cursor_execute", look)

    assert "database is locked" in found  # as it was changed
    assert found[-1] == ""


def test_queues_are_looked_at_while_others_write(app, founder, refused):
    Visitor.signed_in(app, founder).post(f"/admin/rq/queue/{keys.QUEUE}/compact")

    assert held_nobody_up(refused)


def test_text_is_worked_at_while_others_write(app, ada, completed, refused_beside):
    versions.save_edit(completed, "Tea", "It is cold.")
    address = f"/api/v1/contents/{completed.id}"
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}
    refused_beside.clear()

    for method, path, sent, status in (
        ("PATCH", "", {"title": "A pot"}, 200),
        ("PUT", "/current", {"number": 1}, 200),
        ("POST", "/drafts", {"text": "It is warm."}, 201),
    ):
        answer = app.test_client().open(address + path, method=method, json=sent, headers=token)
        assert (answer.status_code, method) == (status, method)
        assert held_nobody_up(refused_beside), method


def test_nothing_is_made_of_the_text_of_which_the_brief_may_not_change(
    app, ada, completed, refused_beside
):
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}
    sent = {"title": "A pot", "tone": "formal"}
    refused_beside.clear()

    answer = app.test_client().patch(f"/api/v1/contents/{completed.id}", json=sent, headers=token)

    assert answer.status_code == 409
    assert refused_beside == []


def test_what_a_command_prints_is_read_while_others_write(
    flask, ada, completed, tried, monkeypatch
):
    try_to_write, refused = tried
    echo, its_id = printing.click.echo, str(completed.id)
    versions.save_edit(completed, "Tea", "It is cold.")
    tagging.keep(completed, {"tags": ["tea"]})
    ApiToken.issue(ada, "a script")

    def read_slowly(*said: object, **how: object) -> None:
        try_to_write()
        assert not db.session().in_transaction()  # PostgreSQL ends one that is idle for seconds
        echo(*said, **how)

    monkeypatch.setattr(printing.click, "echo", read_slowly)
    for command in (
        f"contents list {ada.email}",
        f"contents show {its_id}",
        f"contents show {its_id} --json",
        f"contents history {its_id}",
        f"contents diff {its_id} 1 2",
        "users list",
        f"tokens list {ada.email}",
        f"tags list {ada.email}",
    ):
        db.session.commit()
        db.session.expunge_all()
        assert flask(*command.split()).exit_code == 0, command
        assert held_nobody_up(refused), command


def test_command_that_only_reads_lets_others_write(flask, ada, completed, tried, monkeypatch):
    try_to_write, refused = tried
    commands = import_module("smartcontent.cli.contents")
    lists = commands.list_contents

    def search(*asked: object, **how: object) -> object:
        page = lists(*asked, **how)
        try_to_write()
        return page

    monkeypatch.setattr(commands, "list_contents", search)

    assert "A teapot" in flask("contents", "list", ada.email).output
    assert held_nobody_up(refused)


def test_file_of_a_text_is_made_while_others_write(flask, completed, tried, monkeypatch):
    try_to_write, refused = tried
    its_id = str(completed.id)
    db.session.expunge_all()
    monkeypatch.setitem(exports.FORMATS, "md", Mock(write=lambda _: try_to_write() or b"Tea"))

    assert flask("contents", "export", its_id).output == "Tea"
    assert held_nobody_up(refused)


def test_archive_is_looked_through_while_others_write(
    flask, ada, bob, completed, tried, tmp_path, monkeypatch
):
    try_to_write, refused = tried
    packing, file = Packing(), tmp_path / "all.zip"
    file.write_bytes(b"".join([*map(packing.add, export.steps(ada.id)), packing.end()]))
    checks = taking_in._check_tags

    def look_through(*archived: object) -> None:
        try_to_write()
        checks(*archived)

    monkeypatch.setattr(taking_in, "_check_tags", look_through)

    assert "contents: 1\n" in flask("users", "import", bob.email, str(file)).output
    assert held_nobody_up(refused)


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/batches", {}, 422),
        ("/contents?q=teapot", {"topic": ""}, 422),
        (f"/templates/{TEMPLATE}", {}, 422),
        (f"/templates/{TEMPLATE}?q=teapot", {f"blank:{name}": "Tea" for name in BLANKS}, 200),
        ("/calendar/feed", {}, 200),
        ("/calendar/move/{content.id}", {"at": "2020-01-01T00:00"}, 422),
        ("/tags/{tag.id}", {"name": ""}, 422),
        ("/tags/{tag.id}", {"name": "pot"}, 409),
        ("/account/tokens", {"name": "", "password": ""}, 422),
    ],
)
def test_page_that_answers_a_form_is_put_together_while_others_write(
    as_ada, content, tried, monkeypatch, path, sent, status
):
    try_to_write, refused = tried
    tagging.keep(content, {"tags": ["pot", "tea"]})
    tag = next(each for each in content.tags if each.name == "tea")
    from_here = templating.only_read_from_here

    def drawn() -> None:
        try_to_write()
        from_here()

    def listed(*asked: object) -> object:
        page = list_contents(*asked)
        try_to_write()
        return page

    monkeypatch.setattr(templating, "only_read_from_here", drawn)
    monkeypatch.setattr(import_module("smartcontent.web.contents"), "list_contents", listed)

    answer = as_ada.post(path.format(content=content, tag=tag), sent)

    assert answer.status_code == status
    assert held_nobody_up(refused)


def test_how_a_batch_stands_is_told_while_others_write(app, ada, tried, monkeypatch):
    try_to_write, refused = tried
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}
    script = app.test_client()
    rows = {"rows": [BRIEF_SENT]}
    made = script.post("/api/v1/batches", json=rows, headers=token).json["id"]
    monkeypatch.setattr(batches, "_usual_seconds", lambda _: 1.0)
    monkeypatch.setattr(batches, "workers", lambda: try_to_write() or 1)

    for deed in ("pause", "resume"):
        answer = script.post(f"/api/v1/batches/{made}/{deed}", headers=token)
        assert answer.status_code == 200
    assert held_nobody_up(refused)


def test_who_writes_makes_few_pauses_for_others_while_the_lock_is_held(app, monkeypatch):
    """At each pause every statement that reads goes on for a while, and others who write wait."""
    pauses = list[float]()  # when each ended, in seconds that this thread has worked

    def pause(_seconds: float) -> None:
        pauses.append(time.thread_time())

    def of_one(*, only_reads: bool) -> int:
        pauses[:] = [time.thread_time()]
        options = {"only_reads": only_reads}
        db.session.connection(execution_options=options).execute(text(MUCH_WORK))
        db.session.rollback()
        return len(pauses) - 1

    monkeypatch.setattr(threads, "is_module_patched", lambda _name: True)
    hub = SimpleNamespace(loop=SimpleNamespace(now=lambda: pauses[-1]))
    monkeypatch.setattr(threads, "time", SimpleNamespace(time=time.thread_time, sleep=pause))
    monkeypatch.setattr(threads, "get_hub", lambda: hub)
    db.engine.dispose()  # connections from now on pause

    reading, writing = of_one(only_reads=True), of_one(only_reads=False)

    db.engine.dispose()
    assert 0 < 2 * writing < reading
