"""What is typed into the editor of a text, kept until it is saved or discarded.

One of each content. Every page that types knows it by a stamp, which changes each time it is kept:
two pages that type at once are noticed, and neither overwrites the other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from smartcontent.models import Content, UnsavedEdit, now
from smartcontent.stores.sql import db


@dataclass(frozen=True)
class Typed:
    """What stands in an editor, and the number of the draft that it was typed into."""

    title: str
    text: str
    base: int


def unsaved(content: Content) -> UnsavedEdit | None:
    """What was typed and not saved; None where it is what the content says."""
    kept = db.session.get(UnsavedEdit, content.id)
    return None if kept is None or _is_saved(content, kept) else kept


def keep(content: Content, typed: Typed, stamp: str, seen: Collection[str]) -> UnsavedEdit | None:
    """Keep what is typed, with a new stamp, in place of what was kept with one that was seen.

    Answers what was typed elsewhere meanwhile, which stays; None where there is nothing such.
    """
    values = {**vars(typed), "stamp": stamp, "kept_at": now()}
    if _replaced(content, typed, values, {*seen, stamp}) or _added(content, typed, values):
        db.session.commit()
        return None
    db.session.rollback()
    return db.session.get(UnsavedEdit, content.id)


def discard(content: Content, seen: Collection[str]) -> bool:
    """Forget what was typed, as far as it was seen; False where something else is kept by now."""
    of_it = UnsavedEdit.content_id == content.id
    db.session.execute(delete(UnsavedEdit).where(of_it, UnsavedEdit.stamp.in_(seen)))
    db.session.commit()
    return unsaved(content) is None


def _replaced(content: Content, typed: Typed, values: dict[str, Any], seen: set[str]) -> bool:
    # Typed and taken back, it says what is saved: no page is shown it, nor knows its stamp.
    is_taken_back = _says(content.title, content.current.text)
    is_known = or_(UnsavedEdit.stamp.in_(seen), _says(typed.title, typed.text), is_taken_back)
    replaced = (
        update(UnsavedEdit)
        .where(UnsavedEdit.content_id == content.id, is_known)
        .values(values)
        .returning(UnsavedEdit.content_id)
    )
    return db.session.execute(replaced).first() is not None


def _says(title: str, text: str) -> ColumnElement[bool]:
    return and_(UnsavedEdit.title == title, UnsavedEdit.text == text)


def _added(content: Content, typed: Typed, values: dict[str, Any]) -> bool:
    """Whether there was nothing to be replaced; what is saved already is not kept."""
    if _is_saved(content, typed):
        return True
    try:
        db.session.execute(insert(UnsavedEdit).values(content_id=content.id, **values))
    except IntegrityError:  # another page types, too
        return False
    return True


def _is_saved(content: Content, typed: Typed | UnsavedEdit) -> bool:
    return typed.title == content.title and typed.text == content.current.text
