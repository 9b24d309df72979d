"""Who asks for very much at once waits for oneself: for turns, and in front of SQLite's lock."""

import io
import socket
import sqlite3
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from time import monotonic
from types import SimpleNamespace

import gevent
import pytest
from api.conftest import script_of
from conftest import BRIEF, Visitor, wait_until
from flask import g
from gevent import GreenletExit
from patience import PATIENCE
from sqlalchemy import update
from sqlalchemy.exc import TimeoutError as NoConnection
from test_lines import waiting
from werkzeug.test import EnvironBuilder, TestResponse

from smartcontent.contents import ending, refining, submitting
from smartcontent.models import ApiToken, Content, Draft, Status, User, now
from smartcontent.progress import readiness
from smartcontent.stores import sql
from smartcontent.stores.sql import db
from smartcontent.texts.search.query import Query
from smartcontent.texts.search.snippets import Part
from smartcontent.web import account, auth, batches, rendering, search_results, threads, turns
from smartcontent.web.connections import Connection
from smartcontent.web.lines import Line


@pytest.fixture(autouse=True)
def nobody_is_sent_away_for_a_slow_machine(monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", PATIENCE)


def number_waiting() -> int:
    """How many requests stand in the lines, which come and go meanwhile."""
    return sum(len(line.waiting) for line in list(turns._of.values()))


class AtOnce:
    """How many are within it, at the most."""

    def __init__(self) -> None:
        self._changing, self._now, self.most = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        with self._changing:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._changing:
            self._now -= 1


def test_many_requests_of_one_user_hold_up_that_user_alone(app, ada, bob, as_ada, monkeypatch):
    adas, bobs = script_of(app, ada), script_of(app, bob)
    begun: Queue[int] = Queue()
    go_on, at_once = threading.Event(), AtOnce()
    view = app.view_functions["api_tags.index"]

    def slow() -> object:
        with at_once:
            begun.put(1)
            assert go_on.wait(PATIENCE)
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

    assert at_once.most == turns.AT_ONCE
    as_ada.get("/api/v1/contents", headers=adas._headers)  # with a session's cookie and a token
    assert not turns._of


@pytest.mark.parametrize("path", ["account/archive", "contents/export"])
@pytest.mark.parametrize("taken", [None, 0, 1])
def test_a_download_has_a_turn_until_it_is_taken_or_its_client_has_gone(
    app, ada, content, path, taken
):
    headers = script_of(app, ada)._headers
    asked = EnvironBuilder(f"/api/v1/{path}", headers=headers).get_environ()

    answer = app(asked, lambda *_: None)
    pieces = [piece for piece, _ in zip(answer, range(taken or 0), strict=False)]
    assert len(pieces) == (taken or 0)
    assert [line.at_work for line in turns._of.values()] == [1]
    if taken is None:
        assert list(answer)
    answer.close()

    assert not turns._of
    assert app.test_client().head(f"/api/v1/{path}", headers=headers).status_code == 200
    assert not turns._of


def test_long_work_of_one_user_is_refused_where_too_much_of_it_waits(
    app, ada, bob, due_draft, monkeypatch
):
    line = Line(1)
    monkeypatch.setattr(threads, "_few", line)
    due_draft.move(Status.CANCELLED, text="Tea is warm. " * 500)
    page, browser = f"/contents/{due_draft.content_id}", Visitor.signed_in(app, ada)

    def wait_in_line() -> None:
        with line.turn(str(ada.id)):
            pass

    with line.turn("somebody"), ThreadPoolExecutor(threads.WAITING_MOST) as pool:
        waiting = [pool.submit(wait_in_line) for _ in range(threads.WAITING_MOST)]
        wait_until(lambda: line.waiting(str(ada.id)) == threads.WAITING_MOST)

        answer = browser.get(page)

        assert (answer.status_code, answer.text) == (429, turns.TOO_MANY)
        assert line.waiting(str(bob.id)) == 0
        line._leave("somebody")
        for each in waiting:
            each.result(PATIENCE)
        line._stand("somebody")
    assert browser.get(page).status_code == 200


def test_a_file_that_is_begun_waits_where_too_much_of_the_same_user_does(
    app, ada, content, monkeypatch
):
    line = Line(1)
    monkeypatch.setattr(threads, "_files", line)
    ending.cancel(content.current)
    browsers = [Visitor.signed_in(app, ada) for _ in range(2)]
    archive = browsers[0].get("/account/data/archive.zip").data
    form = {"csrf_token": browsers[1].token(), "file": (io.BytesIO(archive), "archive.zip")}

    def wait_in_line() -> None:
        with line.turn(str(ada.id)):
            pass

    with ThreadPoolExecutor(threads.WAITING_MOST + 2) as pool:
        with line.turn("somebody"):
            for _ in range(threads.WAITING_MOST):
                pool.submit(wait_in_line)
            wait_until(lambda: waiting(line) == threads.WAITING_MOST)
            begun = [
                pool.submit(browsers[0].get, "/account/data/archive.zip"),
                pool.submit(browsers[1].client.post, "/account/data", data=form),
            ]
            wait_until(lambda: waiting(line) == threads.WAITING_MOST + 2)
        zipped, taken = (each.result(PATIENCE) for each in begun)

    assert zipfile.ZipFile(io.BytesIO(zipped.data)).testzip() is None
    assert taken.status_code == 303


@pytest.mark.parametrize("who", ["owner", "stranger", "known device"])
def test_passwords_are_hashed_users_by_turns(app, ada, bob, as_ada, thieves, monkeypatch, who):
    """Whoever tries very many at once has others wait for one."""
    line, order, go_on = Line(1), list[str](), threading.Event()

    def check(_hash: str | None, password: str) -> bool:
        assert go_on.wait(PATIENCE)
        order.append(password)
        return False

    known = Visitor(app)
    known.sign_in(bob)
    known.post("/sign-out")
    for module in (account, auth):
        monkeypatch.setattr(module, "check_password", check)
    monkeypatch.setattr(threads, "_hashes", line)
    many, sent = thieves[: turns.AT_ONCE], {"email": ada.email, "password": "a try"}
    hers = {"password": "hers"}
    visitor, path, form, address = {
        "owner": (as_ada, "/account/tokens", {"name": "script"} | hers, "127.0.0.1"),
        "stranger": (Visitor(app), "/sign-in", sent | hers, "192.0.2.7"),
        "known device": (known, "/sign-in", sent | hers, "127.0.0.1"),
    }[who]
    visitor.token()
    others = {"environ_overrides": {"REMOTE_ADDR": address}}
    with ThreadPoolExecutor(len(many) + 1) as pool:
        tries = [pool.submit(thief.post, "/sign-in", sent) for thief in many]
        wait_until(lambda: waiting(line) == len(many) - 1)
        tries.append(pool.submit(visitor.post, path, form, **others))
        wait_until(lambda: waiting(line) == len(many))
        go_on.set()
        assert {each.result(PATIENCE).status_code for each in tries} == {422}

    assert order == ["a try", "hers", *["a try"] * (len(many) - 1)]


def test_passages_are_sought_one_portion_at_a_time(app, ada, due_draft, monkeypatch):
    token, at_once = {"headers": script_of(app, ada)._headers}, AtOnce()
    look = search_results.best_part

    def counted(text: str, asked: Query) -> Part | None:
        with at_once:
            threading.Event().wait(0.01)
        return look(text, asked)

    monkeypatch.setattr(search_results, "best_part", counted)
    pages = [Visitor.signed_in(app, ada) for _ in range(turns.AT_ONCE)]
    with ThreadPoolExecutor(2 * turns.AT_ONCE) as pool:
        answers = [pool.submit(page.get, "/list?q=teapot") for page in pages]
        asked = "/api/v1/contents?q=teapot"
        answers += [pool.submit(app.test_client().get, asked, **token) for _ in pages]
        assert {answer.result(PATIENCE).status_code for answer in answers} == {200}

    assert at_once.most == 1


LONG_TEXT = "/contents/preview/text", {"text": "Tea is warm. " * 500}


@pytest.mark.parametrize("what", ["file", "text"])
def test_a_search_waits_for_no_file_and_no_long_text_nor_does_such_a_text_for_a_file(
    app, ada, bob, monkeypatch, what
):
    lines = {"file": Line(1), "text": Line(1)}
    monkeypatch.setattr(threads, "_files", lines["file"])
    monkeypatch.setattr(threads, "_few", lines["text"])
    monkeypatch.setattr(search_results, "AT_ONCE", 1)  # each content is a portion
    begun, go_on = Queue[int](), threading.Event()
    module, name, *asked = {
        "file": (batches, "read_table", "/batches", {"pasted": "Topic\nTea"}),
        "text": (rendering, "to_html", *LONG_TEXT),
    }[what]
    work = getattr(module, name)

    def slow(*args: object) -> object:
        begun.put(1)
        assert go_on.wait(PATIENCE)
        return work(*args)

    monkeypatch.setattr(module, name, slow)
    for number in range(3):
        submitting.submit(bob.id, BRIEF, f"Teapot {number}")
    adas = [Visitor.signed_in(app, ada) for _ in range(2)]
    bobs = Visitor.signed_in(app, bob)
    with ThreadPoolExecutor(3) as pool:
        long = [pool.submit(visitor.post, *asked) for visitor in adas]
        begun.get(timeout=PATIENCE)
        wait_until(lambda: waiting(lines[what]) == 1)
        try:
            found = pool.submit(bobs.get, "/list?q=teapot").result(PATIENCE)
            assert found.text.count("<mark>Teapot</mark>") >= 3
            if what == "file":
                assert pool.submit(bobs.post, *LONG_TEXT).result(PATIENCE).status_code == 200
        finally:
            go_on.set()
        assert {each.result(PATIENCE).status_code for each in long} <= {200, 303}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_of_those_who_want_to_write_the_first_in_line_alone_asks_for_the_lock(
    app, ada, monkeypatch
):
    """Each that asks again and again has a chance: ten of one process would have ten."""
    arrived, asked = Queue[int](), set[int]()

    class Line:
        def __init__(self) -> None:
            self._lock = threading.Lock()
            self.release = self._lock.release

        def acquire(self, timeout: float) -> bool:
            arrived.put(1)
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
        wait_until(lambda: arrived.qsize() == 5 and asked)
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


@pytest.fixture
def held(app) -> Iterator[Callable[..., list[Future]]]:
    """Asks many at once for what is not answered until the test has ended."""
    go_on, begun = threading.Event(), Queue[int]()
    views = dict(app.view_functions)

    def slow() -> str:
        begun.put(1)
        assert go_on.wait(PATIENCE)
        return ""

    with ThreadPoolExecutor(turns.AT_ONCE + 2) as pool:

        def hold(endpoint: str, ask: Callable[[], object], waiting: int = 0) -> list[Future]:
            app.view_functions[endpoint] = slow
            asked = [pool.submit(ask) for _ in range(turns.AT_ONCE + waiting)]
            for _ in range(turns.AT_ONCE):
                begun.get(timeout=PATIENCE)
            wait_until(lambda: number_waiting() == waiting)
            return asked

        hold.go_on = go_on.set
        yield hold
        go_on.set()
    app.view_functions.update(views)


@pytest.mark.parametrize("who", ["page", "script", "stranger"])
def test_more_than_may_wait_are_refused_at_once(app, ada, held, monkeypatch, who):
    monkeypatch.setattr(turns, "WAITING_MOST", 2)
    token = {"Authorization": f"Bearer {ApiToken.issue(ada, 'a script')[1]}"}
    endpoint, path = {
        "page": ("contents.index", "/"),
        "script": ("api_tags.index", "/api/v1/tags"),
        "stranger": ("auth.sign_in", "/sign-in"),
    }[who]

    def ask() -> TestResponse:
        visitor = Visitor.signed_in(app, ada) if who == "page" else Visitor(app)
        return visitor.get(path, headers=token if who == "script" else {})

    asked = held(endpoint, ask, waiting=2)
    refused = ask()

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many requests of yours came at once" in refused.text
    assert app.test_client().get("/healthz").status_code == 200
    assert not any(each.done() for each in asked)


def test_who_has_waited_for_too_long_is_refused_and_takes_no_turn(app, held, monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.01)

    def ask() -> TestResponse:
        return app.test_client().get("/sign-in")

    held("auth.sign_in", ask)

    assert [ask().status_code for _ in range(2)] == [429, 429]
    [line] = turns._of.values()
    assert (line.at_work, len(line.waiting)) == (turns.AT_ONCE, 0)


def test_what_waits_is_not_begun_once_its_client_has_gone(app, held):
    ours, theirs = socket.socketpair()
    connection = Connection(ours, "192.0.2.7", PATIENCE, set(), lambda *_: None)
    by_it = {"gunicorn.socket": connection}
    held("auth.sign_in", lambda: app.test_client().get("/sign-in"))

    with ThreadPoolExecutor(1) as pool:
        last = pool.submit(app.test_client().get, "/sign-in", environ_overrides=by_it)
        wait_until(number_waiting)
        theirs.close()
        held.go_on()
        with pytest.raises(GreenletExit):
            last.result(PATIENCE)
    connection.close()


@pytest.fixture
def taken(monkeypatch) -> list[str]:
    """Whose turns were taken."""
    taken, take = [], turns.take
    monkeypatch.setattr(turns, "take", lambda whose: take(taken.append(whose) or whose))
    return taken


@pytest.fixture
def thieves(app, ada, as_ada) -> list[Visitor]:
    """Some with a copy each of another session of Ada's, all of which have ended."""
    thieves = []
    for _ in range(turns.AT_ONCE + 2):
        thieves.append(thief := Visitor.signed_in(app, ada))
        thief.token()
        as_ada.post("/sign-out")
        as_ada.sign_in(ada)
        db.session.refresh(ada)
    as_ada.get("/")  # else the last one is believed for a minute
    return thieves


def test_session_that_has_ended_takes_no_turn_of_its_owners(ada, as_ada, thieves, taken):
    as_ada.get("/")

    assert taken[-1] == f"user {ada.id} by pages"
    thieves[-1].get("/sign-in")
    assert taken[-1] == "network 127.0.0.1"
    thieves[-1].get("/api/v1/tags")
    assert taken[-1] == "network 127.0.0.1"
    assert not {whose.partition(" ")[0] for whose in taken} - {"network", "user"}


def test_sessions_that_have_ended_have_the_turns_of_their_network_together(as_ada, thieves, held):
    ended = iter(thieves)

    held("auth.sign_in", lambda: next(ended).get("/sign-in"), waiting=2)

    assert as_ada.get("/").status_code == 200


def test_session_is_asked_for_once_a_minute_to_know_whose_turn_it_is(
    app, as_ada, taken, monkeypatch
):
    """Each page asks once more who it is, in any case."""
    asked = Counter[str]()
    look = User.from_session
    monkeypatch.setattr(User, "from_session", lambda its_id: look(asked.update("1") or its_id))
    as_ada.get("/")

    def looks() -> int:
        asked.clear()
        assert as_ada.get("/").status_code == 200
        return asked.total()

    assert looks() == 1
    monkeypatch.setattr(turns, "monotonic", lambda: monotonic() + 61)
    taken.clear()
    assert [looks(), looks()] == [2, 1]
    assert [whose.partition(" ")[0] for whose in taken] == ["network", "user", "user"]
    assert taken[0] == "network 127.0.0.1 by session"


def test_loop_goes_round_before_a_request_that_waits_for_nothing_is_worked_at(app, monkeypatch):
    """Else all those of a line would be worked at in one round, and nobody new be heard."""
    at_work = []

    def view() -> str:
        [line] = turns._of.values()
        at_work.append(line.at_work)
        return ""

    monkeypatch.setitem(app.view_functions, "auth.sign_in", view)
    ask = app.test_client().get
    asked = [gevent.spawn(ask, "/sign-in") for _ in range(turns.AT_ONCE)]
    gevent.joinall(asked, timeout=PATIENCE, raise_error=True)

    assert at_work[0] == turns.AT_ONCE


def test_requests_with_a_token_wait_for_no_others_of_their_network(app, ada, held):
    secret = ApiToken.issue(ada, "a script")[1]
    script, unknown = ({"Authorization": f"Bearer {known}"} for known in (secret, "unknown"))
    ask = app.test_client().get
    assert ask("/api/v1/tags", headers=script).status_code == 200
    held("auth.sign_in", lambda: app.test_client().get("/sign-in"))

    assert ask("/api/v1/tags", headers=script).status_code == 200

    db.session.execute(update(ApiToken).values(revoked_at=now()))
    db.session.commit()
    assert ask("/api/v1/tags", headers=script).status_code == 401
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(ask, "/api/v1/tags", headers=sent) for sent in (script, unknown)]
        wait_until(lambda: number_waiting() == len(others))
        held.go_on()
        assert [other.result(PATIENCE).status_code for other in others] == [401, 401]


def test_of_very_many_tokens_those_used_last_are_known(monkeypatch):
    monkeypatch.setattr(turns, "KNOWN_MOST", 2)
    monkeypatch.setattr(turns, "_of_token", {})
    for digest in ("first", "second", "first", "third"):
        turns.know_token(digest, "user 1 by token")

    assert list(turns._of_token) == ["first", "third"]


def test_token_is_believed_for_a_minute_and_nothing_but_a_bearer_s(app, ada, taken, monkeypatch):
    """It may be revoked meanwhile, and what is asked with it need not look."""
    secret = ApiToken.issue(ada, "a script")[1]

    def first_of(scheme: str) -> str:
        taken.clear()
        app.test_client().get("/api/v1/tags", headers={"Authorization": f"{scheme} {secret}"})
        return taken[0]

    network, own = "network 127.0.0.1", f"user {ada.id} by token"
    assert [first_of("Bearer"), first_of("Bearer"), first_of("Other")] == [network, own, network]
    monkeypatch.setattr(turns, "monotonic", lambda: monotonic() + 61)
    assert first_of("Bearer") == network


def test_no_connection_left_is_said_as_the_database_not_answering(app, as_ada, monkeypatch):
    def none_left() -> str:
        raise NoConnection

    monkeypatch.setitem(app.view_functions, "contents.index", none_left)

    answer = as_ada.get("/")

    assert answer.status_code == 503
    assert "The database does not answer" in answer.text


def of_four(user: User) -> Content:
    """A content whose page shows four long texts, and says what of one is to be mended."""
    content = submitting.submit(user.id, BRIEF, "Teapot")
    done = {"status": Status.COMPLETED, "text": "Tea is warm. " * 100, "finished_at": now()}
    db.session.execute(update(Draft).values(done))
    db.session.commit()
    db.session.expire_all()
    refining.ask_for_variants(content, 4)
    db.session.execute(update(Draft).values(done))
    db.session.commit()
    return content


def test_a_page_waits_once_however_many_texts_it_shows(app, ada, bob, monkeypatch):
    content, line = of_four(bob), Line(1)
    monkeypatch.setattr(threads, "_few", line)
    monkeypatch.setattr(threads, "KEPT_SECONDS", PATIENCE)
    begun, go_on, work = Queue[int](), threading.Semaphore(0), rendering.to_html

    def slow(text: str) -> str:
        if "Ada" in text:
            begun.put(1)
            assert go_on.acquire(timeout=PATIENCE)
        return work(text)

    monkeypatch.setattr(rendering, "to_html", slow)
    path, typed = "/contents/preview/text", {"text": "Ada's tea is warm. " * 100}
    adas = [Visitor.signed_in(app, ada) for _ in range(3)]
    bobs = Visitor.signed_in(app, bob)
    with ThreadPoolExecutor(4) as pool:
        long = [pool.submit(visitor.post, path, typed) for visitor in adas]
        begun.get(timeout=PATIENCE)
        page = pool.submit(bobs.get, f"/contents/{content.id}")
        wait_until(lambda: waiting(line) == 3)
        go_on.release()
        try:
            shown = page.result(PATIENCE)
        finally:
            go_on.release(len(adas))
        assert {each.result(PATIENCE).status_code for each in long} == {200}

    assert shown.text.count("Tea is warm. Tea is warm.") >= 4
    assert line._free == 1


def test_a_page_that_has_its_turn_for_long_lets_others_go_first(app, bob, monkeypatch):
    content, line, turns_had = of_four(bob), Line(1), list[int]()
    stand = line._stand
    monkeypatch.setattr(line, "_stand", lambda whose: (turns_had.append(1), stand(whose)))
    monkeypatch.setattr(threads, "_few", line)
    monkeypatch.setattr(threads, "KEPT_SECONDS", 0)

    Visitor.signed_in(app, bob).get(f"/contents/{content.id}")

    assert len(turns_had) >= 4
    assert line._free == 1


def test_a_page_that_waits_for_redis_keeps_nobody_from_a_turn(app, ada, bob, monkeypatch):
    content, line, path = of_four(bob), Line(1), "/contents/preview/text"
    monkeypatch.setattr(threads, "_few", line)
    asked, answered, had_turn = threading.Event(), threading.Event(), []

    def slow() -> list[str]:
        had_turn.append("turn" in g)
        asked.set()
        answered.wait(PATIENCE)
        return []

    monkeypatch.setattr(readiness, "noted_models", slow)
    adas, bobs = Visitor.signed_in(app, ada), Visitor.signed_in(app, bob)
    with ThreadPoolExecutor(2) as pool:
        page = pool.submit(bobs.get, f"/contents/{content.id}")
        assert asked.wait(PATIENCE)
        long = pool.submit(adas.post, path, {"text": "Ada's tea is warm. " * 100})
        try:
            assert long.result(PATIENCE / 2).status_code == 200
            assert not page.done()
        finally:
            answered.set()
        assert page.result(PATIENCE).status_code == 200

    assert had_turn == [True]
    assert line._free == 1
