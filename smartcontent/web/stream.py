"""The live stream of a signed-in user's pages, and the clock they count down by."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import current_user

from smartcontent.models import now
from smartcontent.models.draft import iso
from smartcontent.open_page import Permit
from smartcontent.places import StreamRefused
from smartcontent.stream import REFUSED_HEADERS, streams
from smartcontent.web import sessions

bp = Blueprint("stream", __name__)


@bp.get("/events")
def events() -> ResponseReturnValue:
    """The user's events; the channel is chosen from the session, never by the browser."""
    if not current_user.is_authenticated:
        return "", 401
    permit = Permit(sessions.that_go_on, sessions.permit_key())
    try:
        return streams.answer(current_user.id, permit)
    except StreamRefused as refused:
        return "", refused.status, REFUSED_HEADERS


@bp.get("/time")
def time() -> ResponseReturnValue:
    """The server's time; with the time the answer took, a page learns how far its clock is off."""
    return {"server_time": iso(now())}
