"""A series: a brief with a rule of recurrence; each time it makes a content."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.briefs.brief import Brief, brief_of, title_of
from smartcontent.briefs.voice import Voice
from smartcontent.models.content import Content
from smartcontent.models.moments import UtcDateTime, now
from smartcontent.recurrence.rules import (
    LONGEST,
    ZONE_LONGEST,
    Rule,
    ZoneError,
    in_words,
    rule_of,
)
from smartcontent.stores.sql import Base, db

NAME_LONGEST = 200
SHOWN = 3  # due times to come


class Series(Base):
    """What its contents are made of, and for which time the next one is to be made."""

    __tablename__ = "series"
    __table_args__ = (
        Index(None, "user_id", "created_at"),
        UniqueConstraint("user_id", "idempotency_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LONGEST))
    # The fields of the brief and its title, by their names; empty is the usual choice.
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Model, temperature and seed.
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # As it was when it was chosen, like a content's.
    _voice: Mapped[dict[str, Any] | None] = mapped_column("voice", JSON(none_as_null=True))
    cron: Mapped[str] = mapped_column(String(LONGEST))
    timezone: Mapped[str] = mapped_column(String(ZONE_LONGEST))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # While it is set, nothing is made, and there is no next time.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The first time for which nothing is made yet.
    next_due: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    # The last time that was left out as its owner wished.
    skipped_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When there was no room for its content last: its owner has too many unfinished drafts.
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def rule(self) -> Rule:
        """When it is due.

        Raises:
            smartcontent.recurrence.rules.ZoneError: its zone is not known here any more.
        """
        return rule_of(self.cron, self.timezone)

    @property
    def in_words(self) -> str:
        """The rule as people say it, whatever its time zone is."""
        return in_words(self.cron)

    @property
    def brief(self) -> Brief:
        """What its contents are made of."""
        keywords = tuple(self.fields.get("keywords") or ())
        return brief_of(self.fields | {"keywords": keywords, "voice": self.voice})

    @property
    def voice(self) -> Voice | None:
        """How its contents are to sound."""
        return Voice.read(self._voice)

    @voice.setter
    def voice(self, voice: Voice | None) -> None:
        self._voice = voice.as_json() if voice else None

    @property
    def title(self) -> str:
        """The title of its contents."""
        return title_of(self.fields)

    @property
    def own_title(self) -> str:
        """The title its owner gave them; empty where each is made from the topic."""
        title: str = self.fields.get("title", "")
        return title

    def upcoming(self) -> list[datetime]:
        """The next times for which nothing is made yet, but for those that have passed."""
        if self.next_due is None:
            return []
        moment = now()
        first = [self.next_due] if self.next_due > moment else []
        try:
            rest = self.rule.next_due(max(self.next_due, moment), SHOWN - len(first))
        except ZoneError:  # nobody can say; who makes its contents pauses it
            rest = []
        return [*first, *rest]

    def first_unmade(self) -> datetime:
        """The first time of its rule that is to come, has no content yet and was not skipped."""
        last = select(func.max(Content.series_due_at)).where(Content.series_id == self.id)
        after = max(filter(None, [now(), db.session.scalar(last), self.skipped_due]))
        return self.rule.next_due(after, count=1)[0]

    @classmethod
    def find(cls, user_id: int, series_id: UUID) -> "Series | None":
        """One series of the user; None also where it is somebody else's."""
        return db.session.scalar(select(cls).filter_by(user_id=user_id, id=series_id))

    @classmethod
    def find_to_change(cls, user_id: int, series_id: UUID) -> "Series | None":
        """The same, and nobody else changes it or makes its next content meanwhile."""
        own = select(cls).filter_by(user_id=user_id, id=series_id)
        return db.session.scalar(own.with_for_update(key_share=True))

    @classmethod
    def of(cls, user_id: int) -> Sequence["Series"]:
        """All series of a user, the newest first."""
        own = select(cls).where(cls.user_id == user_id).order_by(cls.created_at.desc())
        return db.session.scalars(own).all()
