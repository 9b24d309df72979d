"""Every error as a page that says what happened and what to do next; as JSON for a script."""

import logging
import re
from collections.abc import Iterable

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, NoResultFound, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    ServiceUnavailable,
    TooManyRequests,
)

from smartcontent import logs
from smartcontent.contents.keys import KeyUsed
from smartcontent.extensions import login
from smartcontent.recurrence.rules import ZoneError
from smartcontent.stores.sql import db
from smartcontent.web import problems
from smartcontent.web.base import LABELS

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
GONE_MEANWHILE = "Something that this is about was deleted meanwhile: look again."

# Title and advice for the people who meet them.
_SENTENCES = {
    400: ("That request made no sense to us", "Go back, reload the page and try again."),
    403: ("That is not yours to open", "Sign in with an account that may, or go back."),
    404: ("There is nothing here", "It may have been deleted, or the address has a typo."),
    405: ("That cannot be done here", "Go back to the dashboard and use its buttons."),
    408: ("That took too long to arrive", "Check your connection and send it again."),
    409: ("That came too late", "Reload the page to see how it stands now."),
    413: ("That is too much at once", "Send at most {most}: shorten the text and try again."),
    414: ("That address is too long", "Search for less, or go back to the dashboard."),
    429: ("That was too often", "Wait a minute, then try again."),
    500: ("Something broke on our side", "It has been logged. Try again; your texts are safe."),
    503: ("The database does not answer", "Wait a moment and try again; nothing was lost."),
}

# Fields for words of one's own, beside blanks, by their names without a number; what else is typed
# is short (an address, a rule, a number), or a secret.
_WRITTEN = {
    *("topic", "audience", "keywords", "instructions", "title", "text"),
    *("name", "description", "always", "never", "prefer", "samples"),  # of a voice, and other names
    *("template_name", "instruction", "add", "tag", "pasted", "reason"),
}


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ClientDisconnected, lambda _error: ("", 400))  # nobody reads it
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(NoConnection, _database_away)  # all were in use for too long
    for error in (ObjectDeletedError, StaleDataError, NoResultFound, IntegrityError):
        app.register_error_handler(error, _gone_meanwhile)
    app.register_error_handler(ZoneError, _zone_unknown)
    app.register_error_handler(KeyUsed, _key_used)


def answer(
    status: int, advice: str | None = None, headers: Iterable[tuple[str, str]] = ()
) -> ResponseReturnValue:
    """The error as a page."""
    title, usual_advice = _SENTENCES.get(status, _SENTENCES[400])
    page = render_template(
        "error.html",
        status=status,
        title=title,
        advice=advice or usual_advice.format(most=problems.most_taken()),
        request_id=logs.request_id(),
        typed=_typed(),
    )
    return page, status, [*headers]


def _typed() -> list[tuple[str, str]]:
    """What was written into the form that is refused, to be given back, with its label."""
    if "form_is_read" not in g:
        return []
    sent = request.form.items()
    return [(label, text) for name, text in sent if text and (label := _label(name))]


def _label(name: str) -> str:
    """What pages call a field for words of one's own; nothing for another one."""
    kind, *rest = re.split("[:-]", name, maxsplit=1)
    if kind == "blank":
        return "".join(rest)
    return LABELS.get(kind, kind) if kind in _WRITTEN else ""


def _too_often(error: TooManyRequests) -> ResponseReturnValue:
    """The refusal with its own sentence, and when to come again."""
    return answer(429, error.description, [("Retry-After", str(error.retry_after))])


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    code = error.code or 500
    if 300 <= code < 400:
        return error
    if problems.wants_problem():
        return problems.answer(error)
    return _too_often(error) if isinstance(error, TooManyRequests) else answer(code)


def _csrf(error: CSRFError) -> ResponseReturnValue:
    log.warning("refused a form, %s %s: %s", request.method, request.endpoint, error.description)
    advice = (
        "Your session has changed since the page was opened: reload the page, then send it again."
    )
    return answer(400, advice)


def _gone_meanwhile(error: SQLAlchemyError) -> ResponseReturnValue:
    """Of two at once, one has deleted what the other is about; nothing of the other is stored."""
    if isinstance(error, IntegrityError) and not _misses_a_row(error):
        raise error
    log.warning("gone meanwhile: %s", type(error).__name__)
    db.session.rollback()
    if problems.wants_problem():
        return problems.answer(problems.Problem(409, GONE_MEANWHILE))
    return answer(409)


def _misses_a_row(error: IntegrityError) -> bool:
    """Whether a row refers to one that is not there; each database says so in its own way."""
    return "foreign key constraint" in str(error.orig).lower()


def _zone_unknown(error: ZoneError) -> ResponseReturnValue:
    """Of a series that was begun where time zones had other names."""
    if problems.wants_problem():
        return problems.answer(problems.Problem(409, str(error)))
    return answer(409, f"{error} Edit the series and choose another.")


def _key_used(error: KeyUsed) -> ResponseReturnValue:
    if not problems.wants_problem():  # a form's key counts together with what the form holds
        return answer(409, "Something else was asked for by this form before: open its page anew.")
    return problems.answer(problems.Problem(422, str(error), {"Idempotency-Key": [str(error)]}))


def _database_away(error: SQLAlchemyError) -> ResponseReturnValue:
    log.error("database does not answer: %s", getattr(error, "orig", error))
    if problems.wants_problem():
        return problems.answer(ServiceUnavailable(retry_after=RETRY_SECONDS))
    db.session.rollback()  # nothing of it is looked into while the page is drawn
    # The page would ask the database who is signed in.
    g._login_user = login.anonymous_user()
    return answer(503)
