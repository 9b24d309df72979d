"""Tags themselves: renamed, merged into another, taken off all that has them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from smartcontent.contents.locking import held_there, one_after_the_other
from smartcontent.models import Tag, What, history
from smartcontent.models.tag import content_tags
from smartcontent.stores.sql import db
from smartcontent.texts.folding import as_sought

AT_ONCE = 500


class AlreadyThere(Exception):
    """There is another tag of this name, with which it would be merged."""

    def __init__(self, other: Tag) -> None:
        super().__init__(
            f"There is a tag {other.name} already: both become one, which cannot be undone."
        )
        self.other = other


def rename(tag: Tag, name: str, is_merge: bool = False) -> Tag:
    """Give a tag another name, or with `is_merge` have it become the tag that has this name.

    Raises:
        AlreadyThere: another has the name, and they are not to be merged.
    """
    one_after_the_other(tag.user_id)  # or a tag of this name could be made meanwhile
    named = select(Tag).where(Tag.user_id == tag.user_id, Tag.sought == as_sought(name))
    other = db.session.scalar(named.where(Tag.id != tag.id))
    if other is None:
        return _renamed(tag, name, is_merge)
    if not is_merge:
        raise AlreadyThere(other)
    _clear(tag, other)
    return other


def _renamed(tag: Tag, name: str, is_merge: bool) -> Tag:
    tag.name, tag.sought = name, as_sought(name)
    try:
        db.session.commit()
    except IntegrityError:  # another was made at the same moment
        db.session.rollback()
        return rename(tag, name, is_merge)
    return tag


def remove(tag: Tag) -> None:
    """Take a tag off all contents, in steps in which others go on; then it is gone."""
    _clear(tag)


def _clear(tag: Tag, other: Tag | None = None) -> None:
    """What is tagged meanwhile may keep its tag: two tags that are merged into each other at once
    would give each other the same contents for ever.
    """
    with_it = select(func.count()).select_from(content_tags).where(content_tags.c.tag_id == tag.id)
    steps = (db.session.scalar(with_it) or 0) // AT_ONCE + 2  # the last one deletes the tag
    for _ in range(steps):
        if not _clear_some(tag, other):
            break
    db.session.expire_all()


def _clear_some(tag: Tag, other: Tag | None) -> bool:
    """Some contents of the tag, with the other in its place; or the tag itself where none has it.

    Nobody else may tag meanwhile; who is interrupted has done some, and the rest the next time.
    """
    one_after_the_other(tag.user_id)
    some = _some_of(tag)
    if some:
        ids = held_there(some)
        _give(other, ids)
        its = (content_tags.c.tag_id == tag.id, content_tags.c.content_id.in_(ids))
        db.session.execute(delete(content_tags).where(*its))
        history.note_all(ids, What.UNTAGGED, tags=[tag.name])
    else:
        db.session.execute(delete(Tag).where(Tag.id == tag.id))
    db.session.commit()
    return bool(some)


def _give(tag: Tag | None, ids: Sequence[UUID]) -> None:
    """Give a tag to those of some contents that do not have it."""
    if tag is None:
        return
    its = content_tags.c.content_id
    has_it = select(its).where(content_tags.c.tag_id == tag.id, its.in_(ids))
    there = set(db.session.scalars(has_it))
    if new := [each for each in ids if each not in there]:
        rows = [{"content_id": each, "tag_id": tag.id} for each in new]
        db.session.execute(insert(content_tags), rows)
        history.note_all(new, What.TAGGED, tags=[tag.name])


def _some_of(tag: Tag) -> list[UUID]:
    some = select(content_tags.c.content_id).where(content_tags.c.tag_id == tag.id)
    return list(db.session.scalars(some.limit(AT_ONCE)))
