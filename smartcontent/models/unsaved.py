"""What somebody has typed into the editor of a text, and not saved yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base

STAMP_LONGEST = 32


class UnsavedEdit(Base):
    """A text as far as it was typed: one of a content, which has one owner."""

    __tablename__ = "unsaved_edits"

    content_id: Mapped[UUID] = mapped_column(
        ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    # The number of the draft that it was typed into.
    base: Mapped[int]
    # Another one each time that it is kept: who has not seen it overwrites nothing.
    stamp: Mapped[str] = mapped_column(String(STAMP_LONGEST))
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
