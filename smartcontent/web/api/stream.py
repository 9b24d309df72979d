"""GET /api/v1/events: the live stream of the user a token belongs to."""

from flask.typing import ResponseReturnValue

from smartcontent.live.open_page import Permit
from smartcontent.live.places import StreamRefused
from smartcontent.live.stream import REFUSED_HEADERS, streams
from smartcontent.models import ApiToken
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected, secret, user_id
from smartcontent.web.api.call import call
from smartcontent.web.problems import Problem

bp = protected("stream")


@bp.get("/events")
@call(
    schemas.EVENTS,
    media=["text/event-stream"],
    refusals={429: "Too many event streams are open.", 503: "The process serves no more of them."},
)
def events() -> ResponseReturnValue:
    """Follow all drafts live, until the token is revoked; docs/api.md tells of each event."""
    permit = Permit(ApiToken.digests_in_force, ApiToken.digest_of(secret()))
    try:
        return streams.answer(user_id(), permit)
    except StreamRefused as refused:
        raise Problem(refused.status, str(refused), headers=REFUSED_HEADERS) from refused
