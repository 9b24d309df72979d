"""Rows as the JSON that scripts read; schemas.py says what each name means."""

from typing import Any
from uuid import UUID

from flask import current_app, url_for

from smartcontent.contents import as_json
from smartcontent.contents.bulk.deeds import Why
from smartcontent.fields import Fields
from smartcontent.models import BulkAct, Content, Draft
from smartcontent.models.moments import iso
from smartcontent.models.shared import Shared
from smartcontent.progress.outlook import outlook, seconds_until_start
from smartcontent.stores.sql import only_read_from_here
from smartcontent.web.api.access import user_id


def accepted(content: Content) -> dict[str, Any]:
    """The answer to a submission."""
    draft = content.current
    usual_delay = current_app.config["GENERATION_DELAY_SECONDS"]
    return {
        "id": str(content.id),
        "status": draft.status,
        "job_id": draft.job_id,
        "draft_id": draft.id,
        "scheduled_for": iso(draft.due_at),
        "delay_seconds": content.settings.get("delay_seconds", usual_delay),
        "links": _links(content.id),
    }


def asked(draft: Draft) -> dict[str, Any]:
    """The answer to a draft that was asked for."""
    return {
        "id": draft.id,
        "number": draft.number,
        "origin": draft.origin,
        "status": draft.status,
        "scheduled_for": iso(draft.due_at),
    }


def summary(content: Content) -> dict[str, Any]:
    """A content as it stands in the list: all but its drafts."""
    return as_json.summary(content) | {"links": _links(content.id)}


def whole(content: Content) -> dict[str, Any]:
    """A content with all its drafts, the first one first, without their texts.

    Whoever asks writes nothing afterwards.
    """
    only_read_from_here()
    return as_json.whole(content) | {"links": _links(content.id)}


def kept(one: Shared, fields: Fields) -> dict[str, Any]:
    """A voice or a template, of whoever's."""
    return {
        "id": str(one.id),
        **{name: getattr(one, name) for name in fields},
        "own": one.user_id == user_id(),
        "created_at": iso(one.created_at),
    }


def progress(draft: Draft) -> dict[str, Any]:
    """Where a draft is on its way; small enough to be asked for often.

    Whoever asks writes nothing afterwards.
    """
    only_read_from_here()
    seen = outlook(draft)
    return {
        "status": draft.status,
        "scheduled_for": iso(draft.due_at),
        "seconds_until_start": seconds_until_start(draft),
        "position": seen and seen.position,
        "eta_seconds": seen and seen.eta_seconds,
        "waiting_for": seen and seen.sentence,
        "started_at": iso(draft.started_at),
        "finished_at": iso(draft.finished_at),
    }


def bulk_act(act: BulkAct) -> dict[str, Any]:
    """How far an act on many is."""
    return {
        "id": str(act.id),
        "do": act.deed,
        "tag": act.tag or None,
        "total": act.total,
        "done": act.done,
        "changed": act.changed,
        "left": [{"detail": Why(why).sentence, "number": n} for why, n in act.left.items()],
        "undoes": act.undoes_id and str(act.undoes_id),
        "undone_at": iso(act.undone_at),
        "created_at": iso(act.created_at),
        "finished_at": iso(act.finished_at),
    }


def _links(content_id: UUID) -> dict[str, str]:
    # Paths without a host: behind a proxy we may not know the name people call us by.
    itself = url_for("api_contents.show", content_id=content_id)
    below = ("status", "cancel", "start", "hold", "release", "retry")
    return {
        "self": itself,
        **{name: f"{itself}/{name}" for name in below},
        "page": url_for("contents.show", content_id=content_id),
        "events": url_for("api_stream.events"),
    }
