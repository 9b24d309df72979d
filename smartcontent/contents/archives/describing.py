"""What an archive says of a person's things: plain values, as JSON has them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from smartcontent.contents.archives import CONTENTS
from smartcontent.contents.history import words
from smartcontent.contents.history.reading import Line
from smartcontent.exports.file_names import file_name
from smartcontent.models import Content, Draft, KeptTemplate, KeptVoice, SavedView, Series

_OF_DRAFT = (
    *("number", "origin", "status", "model", "model_digest", "options", "stats", "task", "wishes"),
    *("door", "stopped_by"),
    *("brief", "taken_out", "done_reason", "error_cause", "error_values", "reproduces"),
    *("sentiment_score", "sentiment_label", "created_at", "due_at", "finished_at"),
)
_LETTERS = 60  # of a title in a folder's name


def folder_of(content: Any) -> str:
    """The folder of a content: when it was submitted, what it is called, and which one it is."""
    title = file_name(content.title[:_LETTERS], "")
    return f"{CONTENTS}{content.created_at:%Y-%m-%d} {title} {content.id.hex}/"


def of_content(
    content: Content, numbers: Sequence[int], dismissed: Sequence[str], history: Sequence[Line]
) -> dict[str, Any]:
    """A content but for its versions, of which the numbers are said; with its history, to read.

    One that became the current one while others were written is not in it: then the last is.
    """
    current = content.current_number
    return {
        "id": str(content.id),
        "title": content.title,
        "brief": {**content.brief.typed, **_chosen(content)},
        "settings": content.settings,
        "tags": [tag.name for tag in content.tags],
        "favourite": content.favourite,
        "created_at": _iso(content.created_at),
        "deleted_at": _iso(content.deleted_at),
        "current": current if current in numbers else numbers[-1],
        "versions": list(numbers),
        "source": _source(content),
        "series": _of_series(content),
        "dismissed": list(dismissed),
        "history": [words.as_json(line) for line in history],
    }


def _chosen(content: Content) -> dict[str, Any]:
    voice = content.voice
    return {"voice": voice and voice.as_json(), "material": content.material}


def _source(content: Content) -> dict[str, Any] | None:
    if content.source_number is None:
        return None
    return {"id": _id(content.source_id), "number": content.source_number}


def _of_series(content: Content) -> dict[str, Any] | None:
    if content.series_id is None:
        return None
    due_at, missed = _iso(content.series_due_at), content.series_missed
    return {"id": _id(content.series_id), "due_at": due_at, "missed": missed}


def of_draft(draft: Draft) -> dict[str, Any]:
    """A version but for its text."""
    return {name: _plain(getattr(draft, name)) for name in _OF_DRAFT} | {
        "messages": draft.prompt,
        "error": draft.error,
    }


def of_voice(kept: KeptVoice) -> dict[str, Any]:
    """A voice of the user's own."""
    voice = {**kept.voice.as_json(), "id": str(kept.id)}
    return voice | {"created_at": _iso(kept.created_at)}


def of_template(kept: KeptTemplate) -> dict[str, Any]:
    """A template of the user's own."""
    return {
        "id": str(kept.id),
        "name": kept.name,
        "brief": kept.brief,
        "defaults": kept.defaults,
        "created_at": _iso(kept.created_at),
    }


def of_series(series: Series) -> dict[str, Any]:
    """A series, with its rule."""
    return {
        "id": str(series.id),
        "name": series.name,
        "fields": series.fields,
        "settings": series.settings,
        "voice": series.voice and series.voice.as_json(),
        "cron": series.cron,
        "timezone": series.timezone,
        "created_at": _iso(series.created_at),
    }


def of_view(view: SavedView) -> dict[str, Any]:
    """A saved view, with all that it was kept with."""
    its = {"id": str(view.id), "name": view.name, "filters": dict(view.filters)}
    return its | {"created_at": _iso(view.created_at)}


def _plain(value: Any) -> Any:
    return _iso(value) if hasattr(value, "isoformat") else value


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _id(its_id: UUID | None) -> str | None:
    return str(its_id) if its_id else None
