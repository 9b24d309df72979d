"""Turns: so many requests of one user are worked at in this process at a time; others wait.

Whoever sends a hundred at once would else have all connections to the database, and SQLite's one
lock, and everybody would wait behind them.
"""

from threading import BoundedSemaphore

from flask import Flask, request, session

from smartcontent.stores.sql import db

# What pages ask waits for no script of the same user's.
AT_ONCE = 4
WAIT_SECONDS = 30  # and then it goes on: four archives may take minutes


class _Turns:
    """Those of one user; they are forgotten when nobody has one or waits for one."""

    def __init__(self) -> None:
        self.free = BoundedSemaphore(AT_ONCE)
        self.wanted = 0


_of_users: dict[str, _Turns] = {}
_WANTED, _TAKEN = "smartcontent.turn_of", "smartcontent.has_turn"  # in a request's environment


def init_app(app: Flask) -> None:
    """Take a turn for each request of who is signed in, once its body is there."""
    app.before_request(_take_for_page)
    app.teardown_request(_give_back)


def take(user: str) -> None:
    """Have a turn until the answer is made; no transaction waits for it meanwhile."""
    _give_back(None)  # that of a session, where a token came with it
    turns = _of_users.setdefault(user, _Turns())
    turns.wanted += 1
    request.environ[_WANTED] = user
    has_turn = turns.free.acquire(blocking=False)
    if not has_turn:
        db.session.commit()
        has_turn = turns.free.acquire(timeout=WAIT_SECONDS)
    request.environ[_TAKEN] = has_turn


def _take_for_page() -> None:
    signed_in, _, _ = session.get("_user_id", "").partition(".")
    if signed_in and request.endpoint != "static":
        take(f"{signed_in} by page")


def _give_back(_error: BaseException | None) -> None:
    user = request.environ.pop(_WANTED, None)
    if user is None:
        return
    turns = _of_users[user]
    if request.environ.pop(_TAKEN, False):  # its client may have gone while it waited
        turns.free.release()
    turns.wanted -= 1
    if not turns.wanted:
        del _of_users[user]
