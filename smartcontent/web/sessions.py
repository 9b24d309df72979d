"""How long a session lasts: 12 hours without a visit, or 30 days in all where it is to stay."""

import time

from flask import Flask, request, session
from flask_login import login_user

from smartcontent.models import User

IDLE_SECONDS = 12 * 3600
LONGEST_SECONDS = 30 * 86400
# The cookie is not sent anew with every answer.
NOTED_EVERY_SECONDS = 300
# What an open page asks by itself is no visit: all that is asked of these, and what its scripts say
# so of, where somebody may ask for the same.
_BY_ITSELF = {"stream.events", "stream.snapshot", "stream.time", "static"}
_SAYS_SO = "By-Itself"


def init_app(app: Flask) -> None:
    app.config["PERMANENT_SESSION_LIFETIME"] = LONGEST_SECONDS
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.before_request(_end_or_go_on)


def start(user: User, stays: bool = False) -> None:
    """Sign a visitor in; `stays` keeps the session when the browser closes."""
    session.clear()  # nothing a visitor was given before signing in lives on
    login_user(user)
    session.permanent = stays
    session["began"] = session["seen"] = int(time.time())


def permit_key() -> str:
    """What an open page listens by: the session, and when it ends."""
    return f"{session['_user_id']}@{_ends_at()}"


def that_go_on(keys: set[str]) -> set[str]:
    """Those of the permits' keys whose sessions have not ended."""
    by_session = {key: key.partition("@")[0] for key in keys if _end_of(key) > time.time()}
    going_on = User.sessions_that_go_on(set(by_session.values()))
    return {key for key, session_id in by_session.items() if session_id in going_on}


def _end_of(key: str) -> int:
    return int(key.partition("@")[2])


def _ends_at() -> int:
    longest: int = session.get("began", 0) + LONGEST_SECONDS
    if session.permanent:
        return longest
    return min(longest, session.get("seen", 0) + IDLE_SECONDS)


def _end_or_go_on() -> None:
    if "_user_id" not in session:
        return
    moment = int(time.time())
    if _ends_at() <= moment:
        session.clear()
    elif moment - session["seen"] >= NOTED_EVERY_SECONDS and not _is_by_itself():
        session["seen"] = moment


def _is_by_itself() -> bool:
    return request.endpoint in _BY_ITSELF or _SAYS_SO in request.headers
