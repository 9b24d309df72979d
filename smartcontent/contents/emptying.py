"""The trash is emptied: what has lain in it for as long as the setting says goes for good.

A few contents at a time, in a transaction of its own that locks nothing else: nobody waits for
longer than a moment, what is taken out of the trash meanwhile stays, and whoever is interrupted has
lost one step. Any number of processes may do it at once.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, func, select

from smartcontent.contents.ending import cancel_each
from smartcontent.contents.locking import one_after_the_other
from smartcontent.contents.tagging import forget_unused
from smartcontent.models import UNFINISHED, Content, Draft, now
from smartcontent.models.tag import content_tags
from smartcontent.stores.sql import db, only_read

AT_ONCE = 10
# Of all of them together: SQLite gives back a long text page by page, 64 MB in half a second.
VERSIONS_AT_ONCE = 25


def goes_at(deleted_at: datetime) -> datetime | None:
    """When what went to the trash at a moment goes for good; None: never."""
    days: int = current_app.config["TRASH_DAYS"]
    return deleted_at + timedelta(days=days) if days else None


def empty() -> Iterator[int]:
    """Erase what has been in the trash for long enough; says after each step how much it was."""
    days: int = current_app.config["TRASH_DAYS"]
    if not days:
        return
    until = now() - timedelta(days=days)
    left = set[UUID]()  # to whoever has them in hand
    while ids := _over(until, left):
        if number := _erase(ids, until):
            yield number
        else:
            left.update(ids)


def _over(until: datetime, left: Collection[UUID]) -> Sequence[UUID]:
    only_read()
    versions = select(func.count()).where(Draft.content_id == Content.id).scalar_subquery()
    old = select(Content.id, versions).where(Content.deleted_at <= until, Content.id.not_in(left))
    first = db.session.execute(old.order_by(Content.deleted_at).limit(AT_ONCE)).all()
    together = accumulate(number for _, number in first)
    few = sum(number <= VERSIONS_AT_ONCE for number in together)
    ids = [content_id for content_id, _ in first[: max(few, 1)]]
    # Somebody may have asked for another draft just as it went to the trash.
    unfinished = select(Draft.id).where(Draft.content_id.in_(ids), Draft.status.in_(UNFINISHED))
    drafts = db.session.scalars(unfinished).all()
    db.session.commit()
    cancel_each(drafts)
    return ids


def _erase(ids: Sequence[UUID], until: datetime) -> int:
    here = select(Content.id).where(Content.id.in_(ids), Content.deleted_at <= until)
    # What another has in hand is left to it.
    taken = db.session.scalars(here.with_for_update(skip_locked=True)).all()
    of_them = select(content_tags.c.tag_id).where(content_tags.c.content_id.in_(taken)).distinct()
    tags = db.session.scalars(of_them).all()
    owners = db.session.scalars(
        # Whatever belongs to the row goes with it, by its foreign keys.
        delete(Content).where(Content.id.in_(taken)).returning(Content.user_id),
        execution_options={"synchronize_session": False},
    ).all()
    db.session.commit()
    for user_id in set(owners):
        one_after_the_other(user_id)
        forget_unused(user_id, tags)
        db.session.commit()
    return len(owners)
