"""The log: a line an event, which nobody can forge, with the number of the request behind it.

A request has a number, which its answer carries (`X-Request-ID`) and its error page shows. A draft
keeps the number of the request that asked for it, so that the worker's lines have it, too.
"""

import logging
import re
from urllib.parse import quote
from uuid import uuid4

from flask import (
    Flask,
    Response,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
)

from smartcontent.log_lines import printable

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

security = logging.getLogger("smartcontent.security")
security.setLevel(logging.INFO)  # in a command, too, where all else is silent


class LineFormatter(logging.Formatter):
    """One line an event: what others chose (an address, a header) ends no line and colours none.

    What opens something by itself is left out of addresses.
    """

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        number = getattr(record, "request_id", None) or request_id()
        line = self.formatMessage(record) + (f" request={number}" if number else "")
        # Below the line and indented, so that no line of it is taken for an event.
        below = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n".join([printable(line), *(f"  {printable(line)}" for line in below)])


def init_app(app: Flask) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    app.before_request(_number_request)
    app.after_request(_tell_number)


def request_id() -> str | None:
    """The number of the request that is answered, or that asked for what is being done."""
    return g.get("request_id") if has_app_context() else None


def work_for(number: str | None) -> None:
    """Log what follows under the number of the request that asked for it."""
    g.request_id = number


def note(deed: str, user_id: int | str | None = None) -> None:
    """Log what concerns an account: whose, or by whom; from which address, or by a command."""
    address = request.remote_addr if has_request_context() else "command"
    security.info("%s user=%s address=%s", deed, user_id or "unknown", address)


def _number_request() -> None:
    sent = request.headers.get("X-Request-ID", "") if current_app.config["TRUSTED_PROXIES"] else ""
    g.request_id = sent if REQUEST_ID.fullmatch(sent) else uuid4().hex


def _tell_number(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if response.status_code == 429:
        wait = response.headers.get("Retry-After")
        note(
            f"Too often method={request.method} path={quote(request.path)} wait={wait}", _user_id()
        )
    return response


def _user_id() -> int | str | None:
    # Not by the user: the database may be away.
    signed_in, _, _ = session.get("_user_id", "").partition(".")
    return g.get("api_user_id") or signed_in or None
