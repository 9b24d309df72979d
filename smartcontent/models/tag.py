"""A tag: a word by which a user keeps contents together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.accounts import LARGEST_ID
from smartcontent.stores.sql import Base, db
from smartcontent.texts.folding import as_sought

SUGGESTED_MOST = 200

content_tags = Table(
    "content_tags",
    Base.metadata,
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(Base):
    """Written as it was first; the same in any case of letters, and for all that looks the same."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("user_id", "sought"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    sought: Mapped[str] = mapped_column(Text)

    @classmethod
    def names(cls, user_id: int) -> Sequence[str]:
        """The user's tags, those that came last where there are very many, in order."""
        newest = select(cls).where(cls.user_id == user_id).order_by(cls.id.desc())
        tags = db.session.scalars(newest.limit(SUGGESTED_MOST))
        return [tag.name for tag in sorted(tags, key=lambda tag: tag.sought)]

    @classmethod
    def find(cls, user_id: int, its_id: int) -> "Tag | None":
        """One of the user's; None also where it is somebody else's."""
        if its_id > LARGEST_ID:  # no database looks for it
            return None
        return db.session.scalar(select(cls).filter_by(user_id=user_id, id=its_id))

    @classmethod
    def named(cls, user_id: int, name: str) -> "Tag | None":
        """The user's tag of this name, in any case of letters."""
        return db.session.scalar(select(cls).filter_by(user_id=user_id, sought=as_sought(name)))

    @classmethod
    def counted(
        cls, user_id: int, after: str = "", most: int | None = None
    ) -> Sequence[tuple["Tag", int]]:
        """The user's tags by name, each with how many contents outside the trash have it.

        Those whose names come after one, and so many of them at most.
        """
        own = cls._with_numbers(user_id).where(cls.sought > as_sought(after)).order_by(cls.sought)
        return [(tag, number) for tag, number in db.session.execute(own.limit(most))]

    @classmethod
    def number_of(cls, user_id: int) -> int:
        """How many tags a user has."""
        own = select(func.count()).select_from(cls).where(cls.user_id == user_id)
        return db.session.scalar(own) or 0

    def with_number(self) -> tuple["Tag", int]:
        """The same of this one."""
        own = self._with_numbers(self.user_id).where(Tag.id == self.id)
        tag, number = db.session.execute(own).one()
        return tag, number

    @classmethod
    def _with_numbers(cls, user_id: int) -> Select["Tag", int]:
        its_id: Any = literal_column("contents.id")
        thrown_away = select(its_id).select_from(text("contents"))
        in_trash = thrown_away.where(
            text("contents.user_id = :owner AND contents.deleted_at IS NOT NULL")
        ).params(owner=user_id)
        number = (
            select(func.count())
            .where(content_tags.c.tag_id == cls.id, content_tags.c.content_id.not_in(in_trash))
            .scalar_subquery()
        )
        return select(cls, number).where(cls.user_id == user_id)
