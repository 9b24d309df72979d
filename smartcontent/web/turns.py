"""Turns: so many requests of one user are worked at in this process at a time; some others wait.

Whoever sends a thousand at once would else have all connections to the database, SQLite's one lock
and the processor, and everybody would wait behind them. Those who are not signed in have the turns
of the account that their browser knows, or else of the network they come from. So has a session or
a token that has ended: there may be any number.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock
from time import monotonic
from typing import NoReturn

from flask import Flask, Response, abort, g, has_request_context, request, session
from gevent import GreenletExit

from smartcontent.models import User
from smartcontent.models.accounts import digest_of
from smartcontent.stores.sql import db, reading
from smartcontent.web.connections import Connection, let_others_go_on
from smartcontent.web.guesses import account_known_here
from smartcontent.web.limiter import network
from smartcontent.web.problems import Problem, wants_problem

# What pages ask waits for no script of the same user's.
AT_ONCE = 4
WAITING_MOST = 200
WAIT_SECONDS = 30
# What a page is made of, what time it is, and whether we live: asked many times at once, each for
# next to nothing.
FREE = {"static", "stream.time", "health.healthz"}
# Waits for seconds where Redis or Ollama is silent, and is to be answered whatever else is wanted.
READINESS = "health.readyz"
TOO_MANY = "Too many requests of yours came at once: wait until some are answered, then try again."
RETRY_SECONDS = 5
KNOWN_MOST = 10_000  # of sessions, and of tokens
KNOWN_SECONDS = 60


class _Line:
    """The requests of one user or network: how many are worked at, and those that wait, in order.

    It is forgotten when none is worked at: then none waits either.
    """

    def __init__(self) -> None:
        self.at_work = 0
        self.waiting: deque[Lock] = deque()


_of: dict[str, _Line] = {}
# What was found, and until when that is believed; it may end meanwhile. By the digest of a token:
# whose line its requests join. By a user's ID: the session, as one that is new ends all others.
_of_token: dict[str, tuple[str, float]] = {}
_session_of: dict[str, tuple[str, float]] = {}
_changing = Lock()  # never held for longer than a few steps
_TURN = "smartcontent.turn"  # in a request's environment: whose it is, and what it waits by


def init_app(app: Flask) -> None:
    """Take a turn for each request, before anything is done for it."""
    app.before_request(_take_first)
    app.teardown_request(lambda _error: _give_back())


def take(whose: str) -> None:
    """Have a turn until the answer is made, instead of that which the request may have.

    Raises:
        Problem, or HTTPException with an answer: too many wait already, or it came too late (429).
        GreenletExit: the client has gone meanwhile.
    """
    if request.environ.get(_TURN, (None, None))[0] == whose:
        return
    _give_back()
    turn = Lock()
    with _changing:
        line = _of.setdefault(whose, _Line())
        if len(line.waiting) >= WAITING_MOST:
            refuse()
        request.environ[_TURN] = whose, turn
        has_to_wait = line.at_work >= AT_ONCE
        if has_to_wait:
            turn.acquire()
            line.waiting.append(turn)
        else:
            line.at_work += 1
    if has_to_wait:
        _wait_for(turn)
    # Else those of one line whose work waits for nothing would all be worked at in one round.
    let_others_go_on()


def know_token(digest: str, whose: str) -> None:
    """Have the next requests with this token wait among their own, not with their network."""
    _believe(_of_token, digest, whose)


def _believe(known: dict[str, tuple[str, float]], key: str, value: str) -> None:
    with _changing:
        known.pop(key, None)  # so that those used last stand last
        if len(known) >= KNOWN_MOST:
            del known[next(iter(known))]
        known[key] = value, monotonic() + KNOWN_SECONDS


def forget_token(digest: str) -> None:
    """Have them wait with their network again: the token is not valid, or no longer."""
    with _changing:
        _of_token.pop(digest, None)


def asker() -> str:
    """Who asks, by a page or a token: a user's ID, else the account that the browser knows, else
    the network; empty for work that no request has asked for."""
    if not has_request_context():
        return ""
    return str(g.get("api_user_id") or g.get("page_user_id") or account_known_here() or network())


@contextmanager
def given_back() -> Iterator[None]:
    """Let others have the turn while the client is waited for."""
    whose, _ = request.environ.get(_TURN, (None, None))
    _give_back()
    yield
    if whose:
        take(whose)


def kept_for(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Keep a turn until the last piece of the request's answer is taken, or its client has gone:
    its own would be given back before the first is made. It is another, as pages wait for no file.
    """
    whose, _ = request.environ.get(_TURN, (None, None))
    if whose:
        take(f"{whose} for files")
    kept = _kept_for(pieces, request.environ.pop(_TURN, None))
    next(kept)  # what has not begun would not give back what it has when it is closed
    return kept


def _kept_for(pieces: Iterator[bytes], had: tuple[str, Lock] | None) -> Iterator[bytes]:
    try:
        yield b""
        yield from pieces
    finally:
        _leave(had)


def _take_first() -> None:
    if request.endpoint in FREE:
        return
    if request.endpoint == READINESS:
        take(f"{_of_network()} about readiness")
        return
    # The API knows people by their tokens alone.
    known = _by_token() if wants_problem() else _by_session() or _by_device()
    take(known or _of_network())


def _of_network() -> str:
    return f"network {network()}"


def _by_token() -> str | None:
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        return None
    whose, until = _of_token.get(digest_of(sent.token), (None, 0.0))
    return whose if monotonic() < until else None


def _by_session() -> str | None:
    session_id = session.get("_user_id", "")
    user_id, _, _ = session_id.partition(".")
    if not session_id or not _goes_on(user_id, session_id):
        return None
    g.page_user_id = user_id
    return f"user {user_id} by pages"


def _goes_on(user_id: str, session_id: str) -> bool:
    known, until = _session_of.get(user_id, ("", 0.0))
    if known == session_id and monotonic() < until:
        return True
    # With a turn for the question: not behind whatever the strangers of the network want.
    take(f"{_of_network()} by session")
    with reading():
        user = User.from_session(session_id)
    if user is None or not user.is_active:
        return False
    _believe(_session_of, user_id, session_id)
    return True


def _by_device() -> str | None:
    # Who comes back signs in, whatever strangers of the same network want.
    account = account_known_here()
    return f"device of {account}" if account else None


def _wait_for(turn: Lock) -> None:
    db.session.commit()  # no transaction waits meanwhile
    served_by = request.environ.get("gunicorn.socket")
    connection = served_by if isinstance(served_by, Connection) else None
    with connection.in_line() if connection else nullcontext():
        has_come = turn.acquire(timeout=WAIT_SECONDS)
    if not has_come:
        refuse()
    if connection and request.method in ("GET", "HEAD") and connection.has_gone():
        raise GreenletExit  # nobody reads an answer: gunicorn ends without one


def refuse() -> NoReturn:
    """As cheaply as may be: without a page, which would ask who it is."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    if wants_problem():
        raise Problem(429, TOO_MANY, headers=headers)
    abort(Response(TOO_MANY, 429, headers, content_type="text/plain; charset=utf-8"))


def _give_back() -> None:
    _leave(request.environ.pop(_TURN, None))


def _leave(had: tuple[str, Lock] | None) -> None:
    if had is None:
        return
    whose, turn = had
    with _changing:
        line = _of[whose]
        if turn in line.waiting:  # its client has gone, or it has waited for too long
            line.waiting.remove(turn)
        elif line.waiting:
            line.waiting.popleft().release()
        else:
            line.at_work -= 1
        if not line.at_work:
            del _of[whose]
