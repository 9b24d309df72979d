"""In which order acts wait for each other, where they would undo or end one another.

A content is locked before what belongs to it, as who erases it does, and many in the order of their
ids: of two who lock in two orders PostgreSQL ends one.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from smartcontent.models import Content, User
from smartcontent.stores.sql import db, is_postgresql


def one_after_the_other(user_id: int) -> None:
    """Let others of the same user wait until this transaction ends: what is counted stays so."""
    if is_postgresql():  # on SQLite whoever writes is alone anyway
        db.session.execute(select(User.id).filter_by(id=user_id).with_for_update(key_share=True))


def held_there(ids: Sequence[UUID], to_change: bool = False) -> Sequence[UUID]:
    """Those of some contents that are there, which nobody erases until this transaction ends.

    Nor changes, where they are held `to_change`. Call it before rows of theirs are deleted: a line
    of history would ask for the content after.
    """
    if not is_postgresql():
        return ids
    held = select(Content.id).where(Content.id.in_(ids)).order_by(Content.id)
    return db.session.scalars(held.with_for_update(read=not to_change, key_share=True)).all()
