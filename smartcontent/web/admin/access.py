"""Who gets into the administrators' pages, rq-dashboard included."""

from flask import request
from werkzeug.exceptions import Forbidden

from smartcontent.web.auth import admin_required

_READS = {"GET", "HEAD", "OPTIONS"}


@admin_required
def let_in() -> None:
    """Refuse all but administrators, and what another site makes their browser send."""
    # A net behind the CSRF token; browsers send this header over HTTPS and to localhost.
    sent_by = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method not in _READS and sent_by not in ("same-origin", "none"):
        raise Forbidden
