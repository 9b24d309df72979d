"""/api/v1/contents/ID/…: what can be done to a content's draft; each answers its new status."""

from collections.abc import Callable
from uuid import UUID

from flask.typing import ResponseReturnValue

from smartcontent.contents import ending, versions, waiting
from smartcontent.models import Content, Draft
from smartcontent.web.api.access import own_content, protected
from smartcontent.web.api.representation import progress
from smartcontent.web.problems import Problem

bp = protected("actions")


@bp.post("/contents/<uuid:content_id>/cancel")
def cancel(content_id: UUID) -> ResponseReturnValue:
    """Stop a draft that waits or is being written; the text so far is kept."""
    content = own_content(content_id)
    if not ending.cancel_all(content):
        raise _conflict(content, "only one that waits or is being written can be cancelled")
    return progress(content.current)


@bp.post("/contents/<uuid:content_id>/start")
def start(content_id: UUID) -> ResponseReturnValue:
    """Start a waiting draft now."""
    return _do(content_id, waiting.start_now, "only one that is pending or held can be started")


@bp.post("/contents/<uuid:content_id>/hold")
def hold(content_id: UUID) -> ResponseReturnValue:
    """Put a waiting draft on hold."""
    return _do(content_id, waiting.hold, "only one whose time has not come can be put on hold")


@bp.post("/contents/<uuid:content_id>/release")
def release(content_id: UUID) -> ResponseReturnValue:
    """Let a held draft go on, with a whole delay of its own."""
    return _do(content_id, waiting.release, "only one that is on hold can be released")


@bp.post("/contents/<uuid:content_id>/retry")
def retry(content_id: UUID) -> ResponseReturnValue:
    """Write another draft, at once."""
    content = own_content(content_id)
    if not versions.retry(content):
        raise _conflict(content, "another can be written when it has ended")
    return progress(content.current)


def _do(content_id: UUID, change: Callable[[Draft], bool], rule: str) -> ResponseReturnValue:
    content = own_content(content_id)
    if not change(content.current):
        raise _conflict(content, rule)
    return progress(content.current)


def _conflict(content: Content, rule: str) -> Problem:
    return Problem(409, f"The draft is {content.current.status}: {rule}.")
