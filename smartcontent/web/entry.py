"""What every request that changes something is asked, before its page is: who, what, from where."""

from flask import Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from smartcontent.bodies import read_body
from smartcontent.extensions import csrf, login, only_read
from smartcontent.problems import wants_problem

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Where somebody without a session may send a form to.
FOR_STRANGERS = {"auth.sign_in", "auth.sign_up", "auth.welcome"}
# An address and two passwords, whatever they are written in.
STRANGERS_BYTES = 16 * 1024
# Taking a form apart takes as long as it has fields and parts; ours have a dozen, and no parts.
MOST_FIELDS = 100


def init_app(app: Flask) -> None:
    app.before_request(_check)


def _check() -> ResponseReturnValue | None:
    """Ask who it is before the body is read, and for the token of one of our pages afterwards.

    The API, which knows people by another kind of token, asks by itself.
    """
    if request.method in SAFE or request.endpoint is None or wants_problem():
        return None
    if request.endpoint in FOR_STRANGERS:
        request.max_content_length = STRANGERS_BYTES
    elif not _is_known():
        flash(login.login_message)
        return redirect(url_for("auth.sign_in"))
    read_body()
    _refuse_other_forms()
    csrf.protect(apply_exemptions=True)
    return None


def _refuse_other_forms() -> None:
    """Refuse what no page of ours sends, before it is taken apart."""
    if request.mimetype == "multipart/form-data":
        raise UnsupportedMediaType
    if request.get_data().count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge


def _is_known() -> bool:
    only_read()
    return bool(current_user.is_authenticated)
