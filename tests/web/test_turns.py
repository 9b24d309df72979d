"""Who asks for very much at once waits for oneself: for turns, and in front of SQLite's lock."""

import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from types import SimpleNamespace

import pytest
from api.conftest import script_of
from conftest import wait_until
from patience import PATIENCE

from smartcontent.models import User
from smartcontent.stores import sql
from smartcontent.stores.sql import db
from smartcontent.web import turns


def test_many_requests_of_one_user_hold_up_that_user_alone(app, ada, bob, as_ada, monkeypatch):
    adas, bobs = script_of(app, ada), script_of(app, bob)
    begun: Queue[int] = Queue()
    go_on, at_once = threading.Event(), Counter[str]()
    view = app.view_functions["api_tags.index"]

    def slow() -> object:
        at_once["now"] += 1
        at_once["most"] = max(at_once["most"], at_once["now"])
        begun.put(1)
        assert go_on.wait(PATIENCE)
        at_once["now"] -= 1
        return view()

    monkeypatch.setitem(app.view_functions, "api_tags.index", slow)
    asked = turns.AT_ONCE + 3
    with ThreadPoolExecutor(asked) as pool:
        client = app.test_client
        answers = [
            pool.submit(client().get, "/api/v1/tags", headers=adas._headers) for _ in range(asked)
        ]
        for _ in range(turns.AT_ONCE):
            begun.get(timeout=PATIENCE)
        assert bobs.get("/contents").status_code == 200
        assert as_ada.get("/").status_code == 200  # a page of hers waits for no script of hers
        go_on.set()
        assert {answer.result(PATIENCE).status_code for answer in answers} == {200}

    assert at_once["most"] == turns.AT_ONCE
    as_ada.get("/api/v1/contents", headers=adas._headers)  # with a session's cookie and a token
    assert not turns._of


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_those_who_want_to_write_the_first_in_line_alone_asks_for_the_lock(
    app, ada, monkeypatch
):
    """Each that asks again and again has a chance: ten of one process would have ten."""
    arrived, asked = Counter[str](), set[int]()

    class Line:
        def __init__(self) -> None:
            self._lock = threading.Lock()
            self.release = self._lock.release

        def acquire(self, timeout: float) -> bool:
            arrived["all"] += 1
            return self._lock.acquire(timeout=timeout)

    def sleep(seconds: float) -> None:
        asked.add(threading.get_ident())
        threading.Event().wait(seconds)

    def write(name: str) -> None:
        with app.app_context():
            db.session.get(User, ada.id).email = name
            db.session.commit()

    db.session.commit()
    monkeypatch.setattr(sql, "_line", Line())
    monkeypatch.setattr(sql, "LINE_SECONDS", PATIENCE)
    clock = SimpleNamespace(sleep=sleep, monotonic=sql.time.monotonic)
    monkeypatch.setattr(sql, "time", clock)
    other = sqlite3.connect(db.engine.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(5) as pool:
        written = [pool.submit(write, f"{number}@example.org") for number in range(5)]
        wait_until(lambda: arrived["all"] == 5 and asked)
        number_asking = len(asked)
        other.execute("ROLLBACK")
        for each in written:
            each.result(PATIENCE)
    other.close()

    assert number_asking == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_is_stuck_in_front_keeps_nobody_from_writing(app, ada, monkeypatch):
    monkeypatch.setattr(sql, "LINE_SECONDS", 0.01)
    stuck = threading.Lock()
    monkeypatch.setattr(sql, "_line", stuck)
    db.session.commit()

    with stuck:
        ada.email = "new@example.org"
        db.session.commit()

    assert not stuck.locked()
