"""A search with its filters and order that somebody has given a name, to find it again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, db

NAME_LONGEST = 80


class SavedView(Base):
    """What the list was asked for, in the words of its address; they may mean nothing by now."""

    __tablename__ = "saved_views"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LONGEST))
    sought: Mapped[str] = mapped_column(Text)  # the same in any case of letters
    filters: Mapped[Mapping[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @classmethod
    def find(cls, user_id: int, its_id: UUID) -> "SavedView | None":
        """One of the user's; None also where it is somebody else's."""
        return db.session.scalar(select(cls).filter_by(user_id=user_id, id=its_id))

    @classmethod
    def of(cls, user_id: int) -> Sequence["SavedView"]:
        """All of the user's, by name."""
        own = select(cls).where(cls.user_id == user_id)
        return db.session.scalars(own.order_by(cls.sought, cls.created_at)).all()
