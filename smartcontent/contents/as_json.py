"""Contents and drafts as the JSON that API and command line have in common."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import load_only

from smartcontent.briefs.voice import Voice
from smartcontent.contents.repurposing import source_of
from smartcontent.models import Content, Draft
from smartcontent.models.draft import FAILURE
from smartcontent.models.moments import iso
from smartcontent.stores.sql import db

_AS_THEY_ARE = (
    *("id", "number", "origin", "status", "words", "error", "model", "stats", "reproduces"),
    *("read_ahead_ms", "saved_ms"),
    "wishes",
)
_MOMENTS = ("due_at", "started_at", "finished_at")


def summary(content: Content) -> dict[str, Any]:
    """A content as it stands in a list: all but its drafts."""
    draft = content.current
    settings = {name: content.settings.get(name) for name in ("model", "temperature", "seed")}
    return {
        "id": str(content.id),
        "title": content.title,
        **content.brief.typed,
        "voice": voice(content.voice),
        "source": _source(content),
        **settings,
        "tags": [tag.name for tag in content.tags],
        "favourite": content.favourite,
        "created_at": iso(content.created_at),
        "status": draft.status,
        "scheduled_for": iso(draft.due_at),
        "text": draft.text,
    }


def voice(chosen: Voice | None) -> dict[str, str] | None:
    """The voice of a brief, by the name it had when it was chosen."""
    return {"id": chosen.id, "name": chosen.name} if chosen else None


def whole(content: Content) -> dict[str, Any]:
    """A content with all its drafts, the first one first, without their texts."""
    query = select(Draft).where(Draft.content_id == content.id).order_by(Draft.number)
    stored = (getattr(Draft, name) for name in (*_AS_THEY_ARE, *_MOMENTS) if name != "error")
    columns = load_only(*stored, *FAILURE, Draft.made)
    source = source_of(content)
    return {
        **summary(content),
        "made_from_older_text": source is not None and source.is_older,
        "drafts": [_listed(d) for d in db.session.scalars(query.options(columns))],
    }


def _source(content: Content) -> dict[str, Any] | None:
    if content.source_number is None:
        return None
    return {"id": content.source_id and str(content.source_id), "number": content.source_number}


def draft_whole(draft: Draft) -> dict[str, Any]:
    """One draft with its text, and what was sent to Ollama for it."""
    return {
        **_listed(draft),
        "text": draft.text,
        "taken_out": draft.taken_out,
        "options": draft.options,
        "model_digest": draft.model_digest,
        "brief": draft.brief,
        "messages": draft.prompt,
    }


def _listed(draft: Draft) -> dict[str, Any]:
    return {
        **{name: getattr(draft, name) for name in _AS_THEY_ARE},
        "made_from": draft.made["number"],
        "refine": draft.made["how"],
        "scheduled_for": iso(draft.due_at),
        "started_at": iso(draft.started_at),
        "finished_at": iso(draft.finished_at),
    }
