"""What a user keeps for oneself or shares with everybody: others see it, its owner changes it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ForeignKey, String, UniqueConstraint, false, func, or_, select
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import db

NAME_LONGEST = 80
LISTED_MOST = 200


class Shared:
    """The columns of such a table, and who sees which rows."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LONGEST))
    shared: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # Of the form that made it: sent again, it makes nothing new.
    idempotency_key: Mapped[str | None] = mapped_column(String(255))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[UniqueConstraint]:
        return (UniqueConstraint("user_id", "idempotency_key"),)

    @classmethod
    def _seen_by(cls, user_id: int) -> ColumnElement[bool]:
        return or_(cls.user_id == user_id, cls.shared)

    @classmethod
    def find(cls, user_id: int, its_id: UUID) -> Self | None:
        """One that the user sees; None also where it is somebody else's and not shared."""
        return db.session.scalar(select(cls).where(cls.id == its_id, cls._seen_by(user_id)))

    @classmethod
    def find_to_change(cls, user_id: int, its_id: UUID) -> Self | None:
        """One of the user's own, and nobody else changes it until this transaction ends."""
        own = select(cls).filter_by(user_id=user_id, id=its_id).with_for_update()
        return db.session.scalar(own, execution_options={"populate_existing": True})

    @classmethod
    def listed(cls, user_id: int) -> Sequence[Self]:
        """All that the user sees, by name; where there are very many, one's own come first."""
        own_first = (cls.user_id != user_id, func.lower(cls.name), cls.created_at)
        query = select(cls).where(cls._seen_by(user_id)).order_by(*own_first).limit(LISTED_MOST)
        return sorted(db.session.scalars(query), key=lambda each: each.name.casefold())

    @classmethod
    def names(cls, user_id: int) -> Sequence[tuple[UUID, str]]:
        """The ids and names of all that the user sees."""
        query = select(cls.id, cls.name).where(cls._seen_by(user_id))
        found = db.session.execute(query.order_by(cls.user_id != user_id).limit(LISTED_MOST))
        return sorted(((row.id, row.name) for row in found), key=lambda each: each[1].casefold())

    @classmethod
    def number_of(cls, user_id: int) -> int:
        """How many are the user's own."""
        own = select(func.count()).select_from(cls).where(cls.user_id == user_id)
        return db.session.scalar(own) or 0
