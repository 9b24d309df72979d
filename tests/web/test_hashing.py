"""Password hashes take a while on purpose: nobody else waits for them."""

import sqlite3
import threading
from contextlib import closing

import pytest
from conftest import PASSWORD, Visitor, both_databases, wait_until
from patience import PATIENCE
from sqlalchemy import create_engine, text

from smartcontent.models import accounts
from smartcontent.stores.sql import db
from smartcontent.web import threads
from smartcontent.web.threads import slowly

NEW = {"password": "a long new password", "password_again": "a long new password"}


class Watched:
    """The hasher, which looks at the database from outside each time it is asked for something."""

    def __init__(self, url: str) -> None:
        self._hasher = accounts._hasher
        self._engine = create_engine(url, connect_args={"timeout": 0} if "sqlite" in url else {})
        self.saw: list[str] = []

    def hash(self, password: str) -> str:
        self._look()
        return self._hasher.hash(password)

    def verify(self, *given: str) -> bool:
        self._look()
        return self._hasher.verify(*given)

    def _look(self) -> None:
        if self._engine.name == "postgresql":
            with self._engine.connect() as connection:
                held = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in trans%'"
                self.saw.append("locked" if connection.scalar(text(held)) else "free")
            return
        with closing(self._engine.raw_connection()) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
                self.saw.append("free")
            except sqlite3.OperationalError as error:
                self.saw.append(str(error))


@pytest.fixture
def watched(database_url, app, monkeypatch) -> Watched:
    watched = Watched(database_url)
    monkeypatch.setattr(accounts, "_hasher", watched)
    yield watched
    watched._engine.dispose()


@both_databases
def test_no_transaction_waits_for_a_hash(app, watched, flask, ada):
    app.config["SIGNUP"] = "open"
    as_ada = Visitor(app)

    assert as_ada.sign_in(ada).status_code == 303
    wrong = {"email": ada.email, "password": "not the password"}
    assert Visitor(app).post("/sign-in", wrong).status_code == 422
    assert Visitor(app).post("/sign-in", wrong | {"email": "x@y.org"}).status_code == 422
    eve = {"email": "eve@example.org", **NEW}
    assert Visitor(app).post("/sign-up", eve).status_code == 303
    change = {"password_now": PASSWORD, **NEW}
    assert as_ada.post("/account/password", change).status_code == 303
    password = {"input": "a long new password\n"}
    assert not flask("users", "create", "a@b.org", "--password-stdin", **password).exit_code
    assert not flask("users", "reset-password", ada.email, "--password-stdin", **password).exit_code

    assert watched.saw == ["free"] * len(watched.saw)
    assert len(watched.saw) >= 8


@both_databases
def test_no_transaction_waits_for_the_hash_of_the_first_account(app, watched):
    visitor = Visitor(app)

    assert visitor.post("/welcome", {"email": "ada@example.org", **NEW}).status_code == 303

    assert watched.saw == ["free"]


def test_address_that_is_taken_costs_no_hash(app, watched, ada):
    app.config["SIGNUP"] = "open"

    answer = Visitor(app).post("/sign-up", {"email": ada.email, **NEW})

    assert answer.headers["Location"].endswith("/sign-in")
    assert watched.saw == []


def test_few_hashes_are_made_at_once(app):
    """Ten ask at once; each waits until the test lets it go on."""
    running: list[int] = []
    most: list[int] = []
    go_on = threading.Event()

    def work() -> None:
        running.append(1)
        most.append(len(running))
        go_on.wait(PATIENCE)
        running.pop()

    def ask() -> None:
        with app.app_context():
            threads.in_turn(work)
            db.session.remove()

    allowed = threads._AT_ONCE
    asking = [threading.Thread(target=ask) for _ in range(10)]
    for thread in asking:
        thread.start()
    wait_until(lambda: len(running) == allowed)
    go_on.set()
    for thread in asking:
        thread.join()

    assert len(most) == 10
    assert max(most) <= allowed


def test_what_a_thread_raises_is_told_to_whoever_waits_and_printed_nowhere(monkeypatch, capfd):
    monkeypatch.setattr("smartcontent.web.threads.is_module_patched", lambda _name: True)

    with pytest.raises(ValueError, match="forged"):
        slowly(int, "1\n2026-11-27 forged")

    assert capfd.readouterr().err == ""
