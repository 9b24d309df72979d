"""Kept for oneself or shared with everybody, to be chosen for briefs: voices and templates."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError

from smartcontent.contents.locking import one_after_the_other
from smartcontent.models.shared import Shared
from smartcontent.stores.sql import db

KEPT_MOST = 100  # of one kind, by one user

Kept = TypeVar("Kept", bound=Shared)


class TooMany(Exception):
    """The user has as many as one may; the message is for people."""


def add(kept: Kept) -> Kept:
    """Keep it; of a form that is sent again, answer what it has made.

    Raises:
        TooMany: the user has as many as one may.
    """
    kind, owner, key = type(kept), kept.user_id, kept.idempotency_key
    one_after_the_other(owner)
    db.session.add(kept)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        if key is None:
            raise
        return db.session.scalars(select(kind).filter_by(user_id=owner, idempotency_key=key)).one()
    if kind.number_of(owner) > KEPT_MOST:
        db.session.rollback()
        raise TooMany(f"You have {KEPT_MOST} of them: delete one first.")
    db.session.commit()
    return kept


def change(kept: Shared, values: Mapping[str, Any]) -> None:
    """Change what is given; what was made with it stays as it is."""
    if values:
        db.session.execute(update(type(kept)).where(_is(kept)).values(**values))
    db.session.commit()


def remove(kept: Shared) -> None:
    """Delete it for good; what was made with it stays as it is."""
    db.session.execute(delete(type(kept)).where(_is(kept)))
    db.session.commit()


def _is(kept: Shared) -> ColumnElement[bool]:
    return type(kept).id == kept.id
