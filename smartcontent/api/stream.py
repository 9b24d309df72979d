"""GET /api/v1/events: the live stream of the user a token belongs to."""

from flask.typing import ResponseReturnValue

from smartcontent.api.access import protected, secret, user_id
from smartcontent.models import ApiToken
from smartcontent.open_page import Permit
from smartcontent.problems import Problem
from smartcontent.stream import REFUSED, REFUSED_HEADERS, streams

bp = protected("stream")


@bp.get("/events")
def events() -> ResponseReturnValue:
    """The user's events, until the token is revoked."""
    if status := streams.refusal(user_id()):
        raise Problem(status, REFUSED[status], headers=REFUSED_HEADERS)
    return streams.answer(
        user_id(), Permit(ApiToken.digests_in_force, ApiToken.digest_of(secret()))
    )
