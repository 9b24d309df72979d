"""A batch: many briefs submitted as one, from a table; before that, the table as it was sent."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, db

NAME_LONGEST = 200


class Batch(Base):
    """What is common to its contents, each of which knows its row and that row's cells."""

    __tablename__ = "batches"
    __table_args__ = (
        Index(None, "user_id", "created_at"),
        UniqueConstraint("user_id", "idempotency_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LONGEST))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # While it is set, nothing of it begins; what is being written goes on, also after a failure.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Its contents: the rows that were submitted.
    total: Mapped[int] = mapped_column(default=0)
    every_seconds: Mapped[float] = mapped_column(default=0.0)

    headings: Mapped[list[str]] = mapped_column(JSON, default=list)
    # Heading to field of the brief, remembered for the next table with the same headings.
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    constants: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    # Rows and notes of the table until it is submitted; megabytes that no other page reads.
    upload: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)

    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    request_digest: Mapped[str | None] = mapped_column(String(64))

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @classmethod
    def find(cls, user_id: int, batch_id: UUID) -> "Batch | None":
        """One batch of the user that was submitted; None also where it is somebody else's."""
        own = select(cls).filter_by(user_id=user_id, id=batch_id)
        return db.session.scalar(own.where(cls.submitted_at.is_not(None)))

    @classmethod
    def find_upload(cls, user_id: int, batch_id: UUID) -> "Batch | None":
        """One table of the user that is not submitted yet."""
        own = select(cls).filter_by(user_id=user_id, id=batch_id)
        return db.session.scalar(own.where(cls.submitted_at.is_(None)))

    @classmethod
    def sent_with(cls, user_id: int, idempotency_key: str) -> "Batch | None":
        """What came of the table that the user sent with this key, submitted or not."""
        own = select(cls).filter_by(user_id=user_id, idempotency_key=idempotency_key)
        return db.session.scalar(own)
