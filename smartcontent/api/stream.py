"""GET /api/v1/events: the live stream of the user a token belongs to."""

from flask.typing import ResponseReturnValue

from smartcontent.api.access import protected, secret, user_id
from smartcontent.models import ApiToken
from smartcontent.problems import Problem
from smartcontent.stream import event_stream, too_many_streams

bp = protected("stream")


@bp.get("/events")
def events() -> ResponseReturnValue:
    """The user's events, until the token is revoked."""
    if too_many_streams(user_id()):
        raise Problem(
            429, "Too many event streams are open: close one.", headers={"Retry-After": "30"}
        )
    sent = secret()
    return event_stream(user_id(), lambda: ApiToken.with_secret(sent) is not None)
