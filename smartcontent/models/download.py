"""What the Ollama server is to download; the drafts that need it wait for as long as it is here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.ollama import canonical
from smartcontent.stores.sql import Base, db, only_read

# What nobody has looked after for so long is wanted no more.
WANTED_FOR = timedelta(hours=1)
RENEWED_AFTER = timedelta(minutes=10)


class Download(Base):
    """A model that somebody wants, until it is there."""

    __tablename__ = "downloads"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    wanted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # In a way that does not pass by itself: nobody waits for it.
    fails: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def want(cls, model: str, fails: bool = False) -> None:
        """Put a model on the list, or what is on it on record anew."""
        for name in cls._names_of(model) or [model]:
            db.session.merge(cls(model=name, wanted_at=now(), fails=fails))
        try:
            db.session.commit()
        except IntegrityError:  # somebody else was a moment earlier
            db.session.rollback()

    @classmethod
    def ended(cls, model: str) -> None:
        """Take a model off the list."""
        db.session.execute(delete(cls).where(cls.model.in_(cls._names_of(model))))
        db.session.commit()

    @classmethod
    def _names_of(cls, model: str) -> list[str]:
        """By which of its names a model is on the list: `llama3.2`, `Llama3.2:latest`."""
        names = db.session.scalars(select(cls.model)).all()
        return [name for name in names if canonical(name) == canonical(model)]

    @classmethod
    def wanted(cls) -> Sequence["Download"]:
        """The list."""
        only_read()
        lately = cls.wanted_at > now() - WANTED_FOR
        found = db.session.scalars(select(cls).where(lately)).all()
        db.session.commit()
        return found

    def is_to_be_renewed(self) -> bool:
        """Whether it would be forgotten soon although somebody looks after it."""
        return self.wanted_at < now() - RENEWED_AFTER
