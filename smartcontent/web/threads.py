"""Work that would hold up the event loop: done beside it, or with pauses."""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from threading import Lock, Timer
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from gevent import get_hub
from gevent.monkey import is_module_patched
from gevent.threadpool import ThreadPool
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from smartcontent.stores.sql import WRITES, db
from smartcontent.web.lines import Line
from smartcontent.web.turns import AT_ONCE, asker, refuse

# Of SQLite's virtual machine: some rows, each with a search through a long text.
STEPS_AT_ONCE = 100
HOLD_SECONDS = 0.01
# Of a transaction that writes. At each of its pauses all that read have a share of their own, while
# others who write wait, workers with drafts that are due included: of few pauses it is few shares.
WRITER_HOLDS_SECONDS = 0.05
# Half of the cores are left to pages. A hash is made without Python's lock; all else in the lines
# needs it, so that two at once would take twice as long, and the loop wait for both.
_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
_hashes = Line(_AT_ONCE)  # who signs in waits for no long text
_few = Line(1)
# Short, and many of one search: none waits for a long text or a file.
_portions = Line(1)
# A page of a dozen texts keeps its turn until it is drawn, or has had it for so long: it would wait
# for somebody else's long text before each.
KEPT_SECONDS = 0.3
# More than one user's requests in work come to, by pages and by tokens, or those of a network's
# strangers. Each may have megabytes in memory.
WAITING_MOST = 3 * AT_ONCE
_files = Line(1)  # made, or read, for seconds; and pages wait for no file
_archives = Line(1)
HASHING_NICE = 10  # below the event loop, where cores are few


def slowly(work: Callable[..., Any], *args: object) -> Any:
    """Do in a thread what would stall every open stream: a password's hash, a long text."""
    if not is_module_patched("threading"):
        return work(*args)
    result, error = get_hub().threadpool.apply(_tried, (work, args))
    if error:
        raise error
    return result


def _tried(work: Callable[..., Any], args: tuple[object, ...]) -> tuple[Any, Exception | None]:
    """What came of it, or what it raised: gevent prints what a thread of its own raises, past our
    log, with whatever a user's file has in its names."""
    try:
        return work(*args), None
    except Exception as error:
        return None, error


def few_at_once(work: Callable[..., Any], *args: object) -> Any:
    """Do slowly what takes much memory meanwhile: few at once, the others wait.

    No transaction waits with them: on SQLite it could be the one writer's, and PostgreSQL ends one
    that is idle for seconds.
    """
    db.session.commit()
    return in_line(work, *args)


def in_line(work: Callable[..., Any], *args: object) -> Any:
    """The same for whoever has seen to it that no transaction waits.

    Raises:
        Problem, or HTTPException with an answer: too much of the same user waits already (429).
    """
    with _turn_of_the_page() if _is_page() else _turn_in(_few):
        return slowly(work, *args)


def _is_page() -> bool:
    """What writes may wait for others in between, and a stream has no end."""
    return has_request_context() and request.method in ("GET", "HEAD") and not g.get("is_drawn")


@contextmanager
def _turn_of_the_page() -> Iterator[None]:
    if "turn" not in g or g.turn.is_over:  # no greenlet switches between this and its work
        g.turn = _KeptTurn()
    with g.turn.at_work():
        yield


class _KeptTurn:
    """A page's turn: kept while it is at work, and between two texts for KEPT_SECONDS in all."""

    def __init__(self) -> None:
        self.is_over = False
        self._turn = ExitStack()
        self._turn.enter_context(_turn_in(_few))
        self._at_work = Lock()
        self._since = time.monotonic()
        # It may wait for Redis or the database next, and for as long as these please.
        self._timer = Timer(KEPT_SECONDS, self.leave)
        self._timer.daemon = True
        self._timer.start()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        try:
            with self._at_work:
                yield
        finally:
            if time.monotonic() - self._since >= KEPT_SECONDS:
                self.leave()

    def leave(self) -> None:
        """Let others have it, once it is not at work."""
        with self._at_work:
            self.is_over = True
            self._turn.close()
        self._timer.cancel()


def _leave() -> None:
    """Let others have the turn that the page still has, if it has one."""
    turn: _KeptTurn | None = g.pop("turn", None)
    if turn:
        turn.leave()


def _leave_drawn(response: Response) -> Response:
    g.is_drawn = True
    _leave()
    return response


def init_app(app: Flask) -> None:
    """Have a page that is drawn, or has failed, keep no turn."""
    app.after_request(_leave_drawn)
    app.teardown_request(lambda _error: _leave())


@contextmanager
def _turn_in(line: Line, *, is_begun: bool = False) -> Iterator[None]:
    if has_request_context():
        _leave()  # who waits in one line holds up no other
    if line.waiting(whose := asker()) >= WAITING_MOST and not is_begun:
        refuse()
    with line.turn(whose):
        yield


def in_portions(
    work: Callable[..., list[Any]], common: object, portions: Iterable[Sequence[Any]]
) -> list[Any]:
    """Do the work of all portions, each of which is short: whoever waits with one goes first
    between two.

    Raises:
        Problem, or HTTPException with an answer: too much of the same user waits already (429).
    """
    done: list[Any] = []
    for portion in portions:
        db.session.commit()
        with _turn_in(_portions, is_begun=bool(done)):
            done += slowly(work, common, portion)
    return done


@contextmanager
def turn_for_a_file(*, is_begun: bool = False) -> Iterator[None]:
    """Wait, while no transaction does, until few others make or read files: what one holds is in
    memory. One that is begun waits however many do: it would be cut off.

    Raises:
        Problem, or HTTPException with an answer: too many of the same user's wait already (429).
    """
    db.session.commit()
    with _turn_in(_files, is_begun=is_begun):
        yield


def few_files_at_once(work: Callable[..., Any], *args: object, is_begun: bool = False) -> Any:
    """Do slowly what makes or reads a file, or a part of one that is begun.

    Raises:
        Problem, or HTTPException with an answer: too many of the same user's wait already (429).
    """
    with turn_for_a_file(is_begun=is_begun):
        return slowly(work, *args)


@contextmanager
def turn_for_an_archive() -> Iterator[None]:
    """Wait, while no transaction does, until no other archive is taken in: its list of files and
    one of its contents are in memory, hundreds of megabytes at the worst.

    Raises:
        Problem, or HTTPException with an answer: too many of the same user's wait already (429).
    """
    db.session.commit()
    with _turn_in(_archives):
        yield


def in_turn(hash_or_check: Callable[..., Any], *args: object) -> Any:
    """Do the work of a password's hash: slowly, few at once, and while no transaction waits.

    It takes 30 ms of a core and 19 MB on purpose, in which nobody else could write to SQLite.

    Raises:
        Problem, or HTTPException with an answer: too many of the same user's wait already (429).
    """
    db.session.commit()
    with _turn_in(_hashes):
        if is_module_patched("threading"):
            return _hashing().apply(_behind_the_loop, (hash_or_check, *args))
        return hash_or_check(*args)


@cache
def _hashing() -> ThreadPool:
    """Threads of their own, whose priority cannot be raised again."""
    return ThreadPool(_AT_ONCE)


def _behind_the_loop(work: Callable[..., Any], *args: object) -> Any:
    """Only what works without Python's lock: the loop waits for who has it and is behind."""
    if sys.platform == "linux":  # where 0 is this thread, not the process
        nice = max(HASHING_NICE, os.getpriority(os.PRIO_PROCESS, 0))  # nobody may raise it
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    return work(*args)


@event.listens_for(Engine, "connect")
def _pause_in_statements(connection: object, record: ConnectionPoolEntry) -> None:
    if isinstance(connection, sqlite3.Connection) and is_module_patched("time"):
        pause = partial(_let_others_go_on, record.info)
        connection.set_progress_handler(pause, STEPS_AT_ONCE)


def _let_others_go_on(connection: Mapping[str, Any]) -> None:
    """Pause in mid statement: SQLite runs in the one thread that serves everybody.

    A search of many long texts takes seconds; PostgreSQL's are waited for, and hold nobody up.
    """
    held_seconds = time.time() - get_hub().loop.now()
    if held_seconds >= (WRITER_HOLDS_SECONDS if connection.get(WRITES) else HOLD_SECONDS):
        time.sleep(0.0001)  # after 0 gevent would not look whose time or data has come
