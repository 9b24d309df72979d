"""What every request that changes something is asked, before its page is: who, what, from where."""

from flask import Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from smartcontent.bodies import read_body
from smartcontent.extensions import csrf, login, only_read
from smartcontent.problems import wants_problem

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Where somebody without a session may send a form to.
FOR_STRANGERS = {"auth.sign_in", "auth.sign_up", "auth.welcome"}


def init_app(app: Flask) -> None:
    app.before_request(_check)


def _check() -> ResponseReturnValue | None:
    """Ask who it is before the body is read, and for the token of one of our pages afterwards.

    The API, which knows people by another kind of token, asks by itself.
    """
    if request.method in SAFE or request.endpoint is None or wants_problem():
        return None
    if request.endpoint not in FOR_STRANGERS and not _is_known():
        flash(login.login_message)
        return redirect(url_for("auth.sign_in"))
    read_body()
    csrf.protect(apply_exemptions=True)
    return None


def _is_known() -> bool:
    only_read()
    return bool(current_user.is_authenticated)
