"""Saved views: a search with its filters kept under a name, renamed, changed, let go.

What a view was kept with may be unknown to this version, or gone: it is kept as it is, opened
without what is unknown, and whoever opens it is told.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from smartcontent.contents.filters import Narrowing, making_sense
from smartcontent.contents.locking import one_after_the_other
from smartcontent.fields import Fields, Text
from smartcontent.models import Batch, KeptVoice, SavedView, Series, Tag
from smartcontent.models.saved_view import NAME_LONGEST
from smartcontent.stores.sql import db
from smartcontent.texts.folding import as_sought

MOST = 50  # of one user

VIEW: Fields = {
    "name": Text(
        label="Name",
        most=NAME_LONGEST,
        missing="say how it is to be called",
        is_needed=True,
        example="Failed posts",
    ),
    "filters": Narrowing(
        label="Filters",
        is_needed=True,
        about="What the list is asked for, as its parameters are; at least one of them.",
        example={"status": "failed", "tag": "spring"},
    ),
}
# What of a view names something that may be gone, and whether the user has it still.
_NAMED: Mapping[str, Callable[[int, str], Any]] = {
    "tag": Tag.named,
    "voice": lambda user_id, its_id: KeptVoice.find(user_id, UUID(its_id)),
    "batch": lambda user_id, its_id: Batch.find(user_id, UUID(its_id)),
    "series": lambda user_id, its_id: Series.find(user_id, UUID(its_id)),
}


class CannotBeKept(ValueError):
    """There are too many, or one has the name, or it would show everything; for people."""


class Lost(NamedTuple):
    """A filter of a view that means nothing here, or names what `is_gone`."""

    name: str
    value: str
    is_gone: bool


def keep(user_id: int, name: str, filters: Mapping[str, str]) -> SavedView:
    """Keep what the list is asked for under a name.

    Raises:
        CannotBeKept: the user has as many as one may, or one of that name, or it asks for nothing.
    """
    one_after_the_other(user_id)  # or two at once would have one name
    view = SavedView(user_id=user_id)
    if len(SavedView.of(user_id)) >= MOST:
        db.session.rollback()
        raise CannotBeKept(f"You have {MOST} views: delete one that is not needed.")
    _take(view, {"name": name, "filters": filters})
    db.session.add(view)
    db.session.commit()
    return view


def change(view: SavedView, values: Mapping[str, Any]) -> None:
    """Give a view another name, or other filters, or both.

    Raises:
        CannotBeKept: another has that name, or it would ask for nothing.
    """
    one_after_the_other(view.user_id)
    _take(view, values)
    db.session.commit()


def remove(view: SavedView) -> None:
    """Let a view go; the contents that it shows stay as they are."""
    db.session.delete(view)
    db.session.commit()


def _take(view: SavedView, values: Mapping[str, Any]) -> None:
    if "name" in values:
        _rename(view, values["name"])
    if "filters" in values:
        view.filters = {name: text for name, text in values["filters"].items() if text}
    if not view.filters:
        db.session.rollback()
        raise CannotBeKept("Search or filter first: this view would show everything.")


def _rename(view: SavedView, name: str) -> None:
    sought = as_sought(name)
    for other in SavedView.of(view.user_id):
        if other.sought == sought and other.id != view.id:
            db.session.rollback()
            raise CannotBeKept(f"You have a view “{other.name}” already: choose another name.")
    view.name, view.sought = name, sought


def opened(view: SavedView) -> dict[str, str]:
    """What the list is to be asked for, without what nobody knows here."""
    return making_sense(view.filters)


def lost(view: SavedView) -> Iterator[Lost]:
    """What of a view is unknown here, or names what the user has no more."""
    known = opened(view)
    for name, value in view.filters.items():
        if name not in known:
            yield Lost(name, value, is_gone=False)
        elif name in _NAMED and not _NAMED[name](view.user_id, value):
            yield Lost(name, value, is_gone=True)
