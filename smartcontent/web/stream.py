"""The live stream of a signed-in user's pages, and the clock they count down by."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from smartcontent.live import stream
from smartcontent.live.open_page import Permit
from smartcontent.live.places import StreamRefused
from smartcontent.live.stream import REFUSED_HEADERS, streams
from smartcontent.models import now
from smartcontent.models.moments import iso
from smartcontent.web import sessions

bp = Blueprint("stream", __name__)


@bp.get("/events")
def events() -> ResponseReturnValue:
    """The user's events; the channel is chosen from the session, never by the browser."""
    if not _is_for_this_page():
        return "", 401
    permit = Permit(sessions.that_go_on, sessions.permit_key())
    try:
        return streams.answer(current_user.id, permit)
    except StreamRefused as refused:
        return "", refused.status, REFUSED_HEADERS


@bp.get("/snapshot")
def snapshot() -> ResponseReturnValue:
    """What a stream would begin with, for a page that none comes to."""
    if not _is_for_this_page():
        return "", 401
    return stream.snapshot(current_user.id)


def _is_for_this_page() -> bool:
    """Whether the session is of the user the page was made for, where it says for whom.

    People who use one browser after one another leave pages behind: these hear nothing of the next.
    """
    if not current_user.is_authenticated:
        return False
    return request.args.get("user", str(current_user.id)) == str(current_user.id)


@bp.get("/time")
def time() -> ResponseReturnValue:
    """The server's time; with the time the answer took, a page learns how far its clock is off."""
    return {"server_time": iso(now())}
