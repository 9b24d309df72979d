"""Nobody who wants to write to SQLite waits while a request asks Redis."""

import sqlite3
from collections.abc import Iterator

import pytest
from conftest import BRIEF, PASSWORD, Visitor
from redis.connection import Connection

from smartcontent.contents import submitting
from smartcontent.models import ApiToken
from smartcontent.stores import keys
from smartcontent.stores.sql import db


@pytest.fixture
def refused(app, monkeypatch) -> Iterator[list[str]]:
    """Notes who could not write at a moment at which Redis was asked, and how often it was."""
    other = sqlite3.connect(db.engine.url.database, timeout=0, isolation_level=None)
    asks, found = Connection.send_packed_command, []

    def ask(connection: Connection, *args: object, **more: object) -> None:
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            found.append("")
        except sqlite3.OperationalError as error:
            found.append(str(error))
        asks(connection, *args, **more)

    monkeypatch.setattr(Connection, "send_packed_command", ask)
    yield found
    other.close()


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


def test_queues_are_looked_at_while_others_write(app, founder, refused):
    Visitor.signed_in(app, founder).post(f"/admin/rq/queue/{keys.QUEUE}/compact")

    assert held_nobody_up(refused)
