"""A link by which people without an account read one version of a text, and what they say."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, and_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from smartcontent.doors import door_here
from smartcontent.models.accounts import User, digest_of
from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, db

REASON_LONGEST = 2_000
NAME_LONGEST = 100


class Verdict(StrEnum):
    """What a reader says of a version."""

    APPROVED = "approved"
    CHANGES = "changes"


class Share(Base):
    """A link to one version; only the hash of its secret is stored."""

    __tablename__ = "shares"
    __table_args__ = (Index(None, "content_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    content_id: Mapped[UUID] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # By which door it was made, and revoked.
    door: Mapped[str | None] = mapped_column(String(10), default=door_here)
    revoked_by: Mapped[str | None] = mapped_column(String(10))

    content: Mapped[Content] = relationship()
    draft: Mapped[Draft] = relationship()
    reviews: Mapped[list["Review"]] = relationship(
        order_by="Review.id", passive_deletes=True, lazy="selectin"
    )

    @property
    def is_open(self) -> bool:
        """Whether it can be read by."""
        return self.revoked_at is None and self.expires_at > now()

    @classmethod
    def works(cls) -> ColumnElement[bool]:
        """The same, of a row."""
        return and_(cls.revoked_at.is_(None), cls.expires_at > now())

    @classmethod
    def issue(
        cls, draft: Draft, lifetime: timedelta, secret: str | None = None
    ) -> tuple["Share", str]:
        """A new link and its secret, which is shown this once; the caller commits."""
        secret = secret or secrets.token_urlsafe(32)
        share = cls(
            content_id=draft.content_id,
            draft_id=draft.id,
            digest=digest_of(secret),
            expires_at=now() + lifetime,
        )
        db.session.add(share)
        return share, secret

    @classmethod
    def made_with(cls, secret: str) -> "Share | None":
        """The link, also where it can no longer be read by."""
        return db.session.scalar(select(cls).filter_by(digest=digest_of(secret)))

    @classmethod
    def with_secret(cls, secret: str) -> "Share | None":
        """The link, while it is open, its content is not in the trash and its owner is here."""
        share = db.session.scalar(
            select(cls)
            .join(cls.content)
            .join(User, User.id == Content.user_id)
            .where(cls.digest == digest_of(secret), Content.deleted_at.is_(None), User.is_enabled)
        )
        return share if share and share.is_open else None

    @classmethod
    def of(cls, content: Content) -> Sequence["Share"]:
        """The links of a content, the newest first: those that work, and the last that ended."""
        own = select(cls).where(cls.content_id == content.id).order_by(cls.created_at.desc())
        without_text = joinedload(cls.draft).load_only(Draft.number)
        return db.session.scalars(own.options(without_text)).all()


class Review(Base):
    """What a reader said of the version that a link shows."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    share_id: Mapped[int] = mapped_column(ForeignKey("shares.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    name: Mapped[str] = mapped_column(String(NAME_LONGEST), default="")
