"""/api/v1/contents/ID/…: what can be done to a content's draft; each answers its new status."""

from collections.abc import Callable

from flask.typing import ResponseReturnValue

from smartcontent.contents import ending, versions, waiting
from smartcontent.models import Content, Draft
from smartcontent.web.api import schemas
from smartcontent.web.api.access import protected
from smartcontent.web.api.call import call
from smartcontent.web.api.idempotency import HEADER, KEY, key_of_request
from smartcontent.web.api.representation import progress
from smartcontent.web.problems import Problem

bp = protected("actions")


@bp.post("/contents/<uuid:content_id>/cancel")
@call(schemas.PROGRESS, refusals={409: "The draft has ended."})
def cancel(content: Content) -> ResponseReturnValue:
    """Stop a draft that waits or is being written; the text so far is kept."""
    if not ending.cancel_all(content):
        raise _conflict(content, "only one that waits or is being written can be cancelled")
    return progress(content.current)


@bp.post("/contents/<uuid:content_id>/start")
@call(schemas.PROGRESS, refusals={409: "The draft is past waiting."})
def start(content: Content) -> ResponseReturnValue:
    """Start a waiting draft now."""
    return _do(content, waiting.start_now, "only one that is pending or held can be started")


@bp.post("/contents/<uuid:content_id>/hold")
@call(schemas.PROGRESS, refusals={409: "Its time has come."})
def hold(content: Content) -> ResponseReturnValue:
    """Put a waiting draft on hold."""
    return _do(content, waiting.hold, "only one whose time has not come can be put on hold")


@bp.post("/contents/<uuid:content_id>/release")
@call(schemas.PROGRESS, refusals={409: "The draft is not on hold."})
def release(content: Content) -> ResponseReturnValue:
    """Let a held draft go on, with a whole delay of its own."""
    return _do(content, waiting.release, "only one that is on hold can be released")


@bp.post("/contents/<uuid:content_id>/retry")
@call(
    schemas.PROGRESS,
    headers={HEADER: KEY},
    refusals={
        409: "A draft is on its way.",
        429: "Too many texts within a minute, or too many unfinished drafts.",
    },
)
def retry(content: Content) -> ResponseReturnValue:
    """Write another draft, at once; sent again with its key, it is the one that there is."""
    draft = versions.retry(content, key_of_request())
    if draft is None:
        raise _conflict(content, "another can be written when it has ended")
    return progress(draft)


def _do(content: Content, change: Callable[[Draft], bool], rule: str) -> ResponseReturnValue:
    if not change(content.current):
        raise _conflict(content, rule)
    return progress(content.current)


def _conflict(content: Content, rule: str) -> Problem:
    return Problem(409, f"The draft is {content.current.status}: {rule}.")
