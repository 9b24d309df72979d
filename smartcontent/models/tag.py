"""A tag: a word by which a user keeps contents together."""

from collections.abc import Sequence

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.stores.sql import Base, db

SUGGESTED_MOST = 200

content_tags = Table(
    "content_tags",
    Base.metadata,
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(Base):
    """Written as it was first; the same in any case of letters."""

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
