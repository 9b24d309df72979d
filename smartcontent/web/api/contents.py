"""/api/v1/contents: submit a brief, list, read, follow, change and delete."""

from datetime import datetime
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from smartcontent.contents import as_json, ending, waiting
from smartcontent.models import Draft
from smartcontent.stores.sql import db
from smartcontent.web.api import representation
from smartcontent.web.api.access import own_content, protected, user_id
from smartcontent.web.api.body import json_object
from smartcontent.web.api.idempotency import submit_once
from smartcontent.web.api.query import list_asked_for
from smartcontent.web.api.submission import as_payload, submission_from
from smartcontent.web.problems import Problem

bp = protected("contents")


@bp.post("/contents")
def create() -> ResponseReturnValue:
    """Store a brief and schedule its first draft; the model is asked later, by a worker."""
    content, is_replay = submit_once(user_id(), submission_from(json_object()))
    headers = {"Location": url_for(".show", content_id=content.id)}
    if is_replay:
        headers["Idempotency-Replayed"] = "true"
    return representation.accepted(content), 202, headers


@bp.get("/contents")
def index() -> ResponseReturnValue:
    """A page of the user's contents, the newest first."""
    page = list_asked_for(user_id())
    items = [representation.summary(content) for content in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@bp.get("/contents/<uuid:content_id>")
def show(content_id: UUID) -> ResponseReturnValue:
    """One content with all its drafts, but no text other than the current one's."""
    return representation.whole(own_content(content_id))


@bp.get("/contents/<uuid:content_id>/drafts/<int(max=2147483647):number>")
def show_draft(content_id: UUID, number: int) -> ResponseReturnValue:
    """One draft with its text."""
    own = select(Draft).filter_by(content_id=own_content(content_id).id, number=number)
    return as_json.draft_whole(db.first_or_404(own))


@bp.get("/contents/<uuid:content_id>/status")
def status(content_id: UUID) -> ResponseReturnValue:
    """Where the current draft is on its way."""
    return representation.progress(own_content(content_id).current)


@bp.patch("/contents/<uuid:content_id>")
def change(content_id: UUID) -> ResponseReturnValue:
    """Change what was sent, and nothing else, before the draft's time has come."""
    content = own_content(content_id)
    sent = json_object()
    if "delay_seconds" in sent:
        sentence = "The due time stays when a brief changes; scheduled_for sets another."
        raise Problem(422, sentence, {"delay_seconds": [sentence]})
    due_at = _due_time(sent.pop("scheduled_for", None))
    changed = submission_from(as_payload(content) | sent)
    content.settings = changed.settings
    try:
        has_changed = waiting.change_brief(content, changed.brief, changed.title, due_at)
    except ValueError as error:
        raise _wrong_due_time(str(error)) from error
    if not has_changed:
        raise Problem(
            409,
            "A brief can be changed until its draft's time has come, no longer: "
            f"the draft is {content.current.status}.",
        )
    return representation.whole(content)


def _due_time(written: object) -> datetime | None:
    """The due time that was sent, ISO 8601 with a zone; None where none was."""
    if written is None:
        return None
    try:
        due_at = datetime.fromisoformat(str(written))
    except ValueError as error:
        raise _wrong_due_time("Write the time like 2026-12-24T08:00:00Z.") from error
    if due_at.tzinfo is None:
        raise _wrong_due_time("Write the time with its zone: 2026-12-24T08:00:00Z.")
    return due_at


def _wrong_due_time(sentence: str) -> Problem:
    return Problem(422, sentence, {"scheduled_for": [sentence]})


@bp.delete("/contents/<uuid:content_id>")
def delete(content_id: UUID) -> ResponseReturnValue:
    """Move to the trash; an unfinished draft is cancelled."""
    ending.discard(own_content(content_id))
    return "", 204
