"""GET /events: the live stream of a signed-in user's pages."""

from flask import Blueprint, session
from flask.typing import ResponseReturnValue
from flask_login import current_user

from smartcontent.models import User
from smartcontent.stream import event_stream, too_many_streams

bp = Blueprint("stream", __name__)


@bp.get("/events")
def events() -> ResponseReturnValue:
    """The user's events; the channel is chosen from the session, never by the browser."""
    if not current_user.is_authenticated:
        return "", 401
    if too_many_streams(current_user.id):
        return "", 429, {"Retry-After": "30"}
    session_id = session["_user_id"]

    def session_goes_on() -> bool:
        user = User.from_session(session_id)
        return user is not None and user.is_enabled

    return event_stream(current_user.id, session_goes_on)
