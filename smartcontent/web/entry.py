"""What every request is asked, before its page is: who, what, from where."""

import re

from flask import Flask, current_app, g, redirect, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    RequestURITooLarge,
    UnsupportedMediaType,
)

from smartcontent.extensions import csrf
from smartcontent.models.share import REASON_LONGEST
from smartcontent.stores.sql import only_read
from smartcontent.tables.table import LARGEST
from smartcontent.texts.by_sentence import REWRITES_MOST
from smartcontent.web.auth import say_signed_out
from smartcontent.web.bodies import ARCHIVE_LARGEST, FOR_ARCHIVES, read_body
from smartcontent.web.contents import list_address
from smartcontent.web.problems import wants_problem
from smartcontent.web.safety import LONGEST_QUERY, page_here
from smartcontent.web.threads import few_at_once

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# No answer of ours says when something was changed, and at some moments Werkzeug's reading breaks.
MOMENTS = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")
LETTER_BYTES = 12  # that a form writes a letter in, at most
# An address and two passwords, or two names, whatever they are written in.
STRANGERS_BYTES = 16 * 1024
REVIEW_BYTES = STRANGERS_BYTES + LETTER_BYTES * REASON_LONGEST
# Where somebody without a session may send a form to, and how large a one.
FOR_STRANGERS = {
    **dict.fromkeys(("auth.sign_in", "auth.sign_up", "auth.welcome"), STRANGERS_BYTES),
    "sharing.review": REVIEW_BYTES,
}
# Who may send a table, in a file of 2 MB: a form without files is taken apart on the loop.
FOR_TABLES = {"api_batches.create", "batches.upload"}
# Who may send a text of 100,000 letters.
FOR_TEXTS = {
    *("versions.edit", "versions.keep", "versions.discard"),
    *("preview.text", "preview.limits", "api_drafts.create"),
}
TEXT_BYTES = LETTER_BYTES * 100_000
AT_ONCE = 16 * 1024  # bytes of a form, taken apart while others wait
ROUND_IT = 64 * 1024  # bytes around a file or a text
TABLES_PARTS = 30
# Taking a form apart takes as long as it has fields and parts; ours have a dozen, and no parts.
MOST_FIELDS = 100
# But for the sentences of a suggestion that are ticked.
FIELDS_OF = {"refining.accept": MOST_FIELDS + REWRITES_MOST}
# A character as browsers write it in a form. Python takes ten times as long over what is no UTF-8,
# or has a % that stands for nothing.
_NEXT = "%[89AB][0-9A-F]"
_CHARACTER = "|".join(
    (
        "[ -$&-~]",
        "%[0-7][0-9A-F]",
        f"%(?:C[2-9A-F]|D[0-9A-F]){_NEXT}",
        f"%(?:E0%[AB][0-9A-F]|E[1-9A-CEF]{_NEXT}|ED%[89][0-9A-F]){_NEXT}",
        f"%(?:F0%[9AB][0-9A-F]|F[1-3]{_NEXT}|F4%8[0-9A-F]){_NEXT}{_NEXT}",
    )
)
# No group is captured: with a possessive quantifier Python 3.11 breaks at some that are.
_FORM = re.compile(rf"(?:{_CHARACTER})*+".encode(), re.IGNORECASE)


def init_app(app: Flask) -> None:
    app.before_request(_forget_moments)
    app.before_request(_check)


def _forget_moments() -> None:
    for name in MOMENTS:
        request.environ.pop(name, None)


def _check() -> ResponseReturnValue | None:
    """Refuse what would take long to read; ask who it is before the body of a request that
    changes something is read, and for the token of one of our pages afterwards.

    The API, which knows people by another kind of token, asks by itself.
    """
    if len(request.query_string) > LONGEST_QUERY:
        raise RequestURITooLarge
    if request.method in SAFE:
        if request.content_length or "Transfer-Encoding" in request.headers:
            request.max_content_length = 0  # none of it is read, whoever looks for a form
        return None
    _take_what_is_large()
    if request.endpoint is None or wants_problem():
        return None
    if request.endpoint in FOR_STRANGERS:
        request.max_content_length = FOR_STRANGERS[request.endpoint]
    elif not _is_known():
        if request.endpoint == "auth.sign_out" and _sends_cookie():
            say_signed_out()
        next_page = page_here() or list_address()
        return redirect(url_for("auth.sign_in", next=next_page), 303)
    read_body()
    # It may have come a minute later: a new password, say, has ended the session since.
    g.pop("_login_user", None)
    _refuse_other_forms()
    _take_apart()
    g.form_is_read = True
    csrf.protect(apply_exemptions=True)
    return None


def _take_what_is_large() -> None:
    tables = FOR_TABLES if request.mimetype != "application/x-www-form-urlencoded" else set()
    if request.endpoint in tables | FOR_ARCHIVES:
        request.max_form_parts = TABLES_PARTS
    if request.endpoint in FOR_ARCHIVES:
        request.max_content_length = ARCHIVE_LARGEST + ROUND_IT
    elif request.endpoint in tables | FOR_TEXTS:
        largest = LARGEST if request.endpoint in tables else TEXT_BYTES
        request.max_content_length = request.max_form_memory_size = largest + ROUND_IT


def _take_apart() -> None:
    """Read the form, one with a long text beside the event loop; the request keeps what it has."""
    if request.endpoint in FOR_TEXTS and len(request.get_data()) > AT_ONCE:
        few_at_once(getattr, request_ctx.request, "form")
    assert request.form is not None  # looked for, it is read


def _refuse_other_forms() -> None:
    """Refuse what no page of ours sends, before it is taken apart."""
    if request.mimetype == "multipart/form-data":
        if request.endpoint in FOR_TABLES | FOR_ARCHIVES:
            return
        raise UnsupportedMediaType
    if request.get_data().count(b"&") >= FIELDS_OF.get(request.endpoint or "", MOST_FIELDS):
        raise RequestEntityTooLarge
    if not _FORM.fullmatch(request.get_data()):
        raise BadRequest


def _sends_cookie() -> bool:
    """Whether it comes from a page of ours: what another site sends has no cookie of ours with it,
    and would be given one, in the place of that of a session which goes on."""
    return current_app.session_interface.get_cookie_name(current_app) in request.cookies


def _is_known() -> bool:
    only_read()
    return bool(current_user.is_authenticated)
