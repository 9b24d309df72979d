"""GET /api/v1/events: the live stream of the user a token belongs to."""

from flask.typing import ResponseReturnValue

from smartcontent.live.open_page import Permit
from smartcontent.live.places import StreamRefused
from smartcontent.live.stream import REFUSED_HEADERS, streams
from smartcontent.models import ApiToken
from smartcontent.web.api.access import protected, secret, user_id
from smartcontent.web.problems import Problem

bp = protected("stream")


@bp.get("/events")
def events() -> ResponseReturnValue:
    """The user's events, until the token is revoked."""
    permit = Permit(ApiToken.digests_in_force, ApiToken.digest_of(secret()))
    try:
        return streams.answer(user_id(), permit)
    except StreamRefused as refused:
        raise Problem(refused.status, str(refused), headers=REFUSED_HEADERS) from refused
