"""/api/v1/contents: submit a brief, list, read, follow, change and delete."""

from dataclasses import replace
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from smartcontent.briefs.brief import TITLED_BRIEF
from smartcontent.briefs.submission import SUBMISSION, VOICE_ID, Submission
from smartcontent.briefs.wishes import WISHES
from smartcontent.contents import as_json, ending, tagging, waiting
from smartcontent.contents.filters import LISTING, filters_of
from smartcontent.fields import Fields, Moment, Never
from smartcontent.models import Content, Draft
from smartcontent.models.listing import list_contents
from smartcontent.stores.sql import db
from smartcontent.web.api import representation, schemas
from smartcontent.web.api.access import chosen_voice, protected, user_id
from smartcontent.web.api.body import json_object
from smartcontent.web.api.call import call
from smartcontent.web.api.idempotency import KEY, submit_once
from smartcontent.web.api.through_template import through_template
from smartcontent.web.problems import Problem
from smartcontent.web.search_results import snippets_of

bp = protected("contents")

CHANGES: Fields = {
    **TITLED_BRIEF,
    **WISHES,
    **tagging.KEPT,
    "voice_id": VOICE_ID,
    "delay_seconds": Never(
        label="Delay_seconds",
        because="The due time stays when a brief changes; scheduled_for sets another.",
    ),
    "scheduled_for": Moment(
        label="Scheduled_for",
        about="Another due time, from now to a year ahead.",
        example="2026-12-24T08:00:00Z",
    ),
}


SUBMITTED: Fields = {**SUBMISSION, "tags": tagging.TAGS}


@bp.post("/contents")
@call(
    schemas.ACCEPTED,
    202,
    body=SUBMITTED,
    completed=through_template,
    instead="template_id",
    headers={"Idempotency-Key": KEY},
    answered_headers={
        "Location": "The content's address.",
        "Idempotency-Replayed": "`true` where the key was used before: nothing new was made.",
    },
    refusals={
        404: "There is no such voice or template, or it is not for you.",
        429: "Too many texts within a minute, or too many unfinished drafts.",
    },
)
def create(sent: dict[str, Any]) -> ResponseReturnValue:
    """Store a brief and schedule its first draft; the model is asked later, by a worker."""
    asked = Submission.of(sent | {"voice": chosen_voice(sent)})
    if sent.get("template_id"):
        asked = replace(asked, sent=json_object())
    content, is_replay = submit_once(user_id(), asked)
    headers = {"Location": url_for(".show", content_id=content.id)}
    if is_replay:
        headers["Idempotency-Replayed"] = "true"
    return representation.accepted(content), 202, headers


@bp.get("/contents")
@call(schemas.PAGE, query=LISTING)
def index(asked: dict[str, Any]) -> ResponseReturnValue:
    """List the contents, the newest first unless asked otherwise.

    Those in the trash are listed by themselves.
    """
    limit, cursor = int(asked.pop("limit", "20")), asked.pop("cursor", "")
    try:
        page = list_contents(user_id(), filters_of(asked), cursor, limit)
    except ValueError as error:
        sentence = "cursor must be the next_cursor of the page before."
        raise Problem(422, sentence, {"cursor": [sentence]}) from error
    snippets = snippets_of(page.items, filters_of(asked).q)
    items = [
        representation.summary(content) | {"snippets": snippets.get(content.id, [])}
        for content in page.items
    ]
    return {"items": items, "next_cursor": page.next_cursor}


@bp.get("/contents/<uuid:content_id>")
@call(schemas.CONTENT)
def show(content: Content) -> ResponseReturnValue:
    """Read one content with all its drafts, but no text other than the current one's."""
    return representation.whole(content)


@bp.get("/contents/<uuid:content_id>/drafts/<int(max=2147483647):number>")
@call(schemas.DRAFT)
def show_draft(content: Content, number: int) -> ResponseReturnValue:
    """Read one draft with its text."""
    own = select(Draft).filter_by(content_id=content.id, number=number)
    return as_json.draft_whole(db.first_or_404(own))


@bp.get("/contents/<uuid:content_id>/status")
@call(schemas.PROGRESS)
def status(content: Content) -> ResponseReturnValue:
    """Say where the current draft is; small and cheap to ask."""
    return representation.progress(content.current)


@bp.patch("/contents/<uuid:content_id>")
@call(
    schemas.CONTENT,
    body=CHANGES,
    is_change=True,
    refusals={409: "The draft's time has come; nothing is changed."},
)
def change(content: Content, sent: dict[str, Any]) -> ResponseReturnValue:
    """Change what is sent, and nothing else; of a brief, before its draft's time has come.

    Title, tags and favourite change at any time. `null` gives a field its default back.
    """
    if sent.keys() <= tagging.KEPT.keys():
        tagging.keep(content, sent)
    else:
        _change_brief(content, sent)
    return representation.whole(content)


def _change_brief(content: Content, sent: dict[str, Any]) -> None:
    due_at = sent.pop("scheduled_for", None)
    if "voice_id" in sent:
        sent["voice"] = chosen_voice(sent)
    changed = Submission.of(_as_submitted(content) | sent)
    kept = {name: sent[name] for name in tagging.KEPT if name in sent}
    try:
        has_changed = waiting.change_brief(
            content, changed.brief, changed.title, changed.settings, due_at, kept
        )
    except ValueError as error:
        raise Problem(422, str(error), {"scheduled_for": [str(error)]}) from error
    if not has_changed:
        raise Problem(
            409,
            "A brief can be changed until its draft's time has come, no longer: "
            f"the draft is {content.current.status}.",
        )


def _as_submitted(content: Content) -> dict[str, Any]:
    """What would have made the content as it is now, a title left to us left out."""
    return vars(content.brief) | content.settings | {"title": content.own_title}


@bp.delete("/contents/<uuid:content_id>")
@call(None, 204)
def delete(content: Content) -> ResponseReturnValue:
    """Move a content to the trash; a draft on its way is cancelled."""
    ending.discard(content)
    return "", 204
