"""Contents and drafts as the JSON that API and command line have in common."""

from typing import Any

from smartcontent.models import Content, Draft
from smartcontent.models.draft import iso


def summary(content: Content) -> dict[str, Any]:
    """A content as it stands in a list: all but its drafts."""
    draft = content.current
    settings = {name: content.settings.get(name) for name in ("model", "temperature", "seed")}
    return {
        "id": str(content.id),
        "title": content.title,
        **vars(content.brief),
        **settings,
        "created_at": iso(content.created_at),
        "status": draft.status,
        "scheduled_for": iso(draft.due_at),
        "text": draft.text,
    }


def whole(content: Content) -> dict[str, Any]:
    """A content with all its drafts, the first one first."""
    return {**summary(content), "drafts": [_draft(draft) for draft in content.drafts]}


def _draft(draft: Draft) -> dict[str, Any]:
    names = ("id", "number", "origin", "status", "text", "error", "model", "stats")
    return {
        **{name: getattr(draft, name) for name in names},
        "scheduled_for": iso(draft.due_at),
        "started_at": iso(draft.started_at),
        "finished_at": iso(draft.finished_at),
    }
