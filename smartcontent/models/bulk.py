"""One act on many contents, done step by step: what was asked for, and how far it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.doors import door_here
from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, db

SHOWN_FOR = timedelta(minutes=10)
SHOWN_MOST = 5


class BulkAct(Base):
    """An act on what matched when it was asked for, whatever matches later."""

    __tablename__ = "bulk_acts"
    __table_args__ = (
        Index(None, "user_id", "created_at"),
        # What is to be gone on with.
        Index(
            "ix_bulk_acts_open",
            "due_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index(None, "finished_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    deed: Mapped[str] = mapped_column(String(20))
    # By which door it was asked for: others take its steps.
    door: Mapped[str | None] = mapped_column(String(10), default=door_here)
    tag: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # When those that go to the trash go there; of one that undoes such, when they went. Since when
    # what is stopped counts as stopped by it.
    moment: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undoes_id: Mapped[UUID | None]
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The next step is not taken before: the user may not have more texts at once.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of contents: all, those that have had their turn, those that are other than before, and by
    # reason those that were left as they were.
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    left: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)

    @property
    def waits(self) -> bool:
        """Whether it has to wait for room among its user's texts."""
        return self.finished_at is None and self.due_at > now()

    @classmethod
    def find(cls, user_id: int, its_id: UUID) -> "BulkAct | None":
        """One of the user's; None also where it is somebody else's."""
        return db.session.scalar(select(cls).filter_by(user_id=user_id, id=its_id))

    @classmethod
    def shown(cls, user_id: int) -> Sequence["BulkAct"]:
        """Those that are on their way, and the last that has ended, for a while; newest first."""
        lately = or_(cls.finished_at.is_(None), cls.finished_at > now() - SHOWN_FOR)
        own = select(cls).where(cls.user_id == user_id, lately, cls.undone_at.is_(None))
        acts = db.session.scalars(own.order_by(cls.created_at.desc()).limit(SHOWN_MOST)).all()
        ended = [act for act in acts if act.finished_at]
        return [act for act in acts if act.finished_at is None or act in ended[:1]]


class BulkStep(Base):
    """Some of the contents of an act, done together; `changed` is empty until they are."""

    __tablename__ = "bulk_steps"

    act_id: Mapped[UUID] = mapped_column(
        ForeignKey("bulk_acts.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    ids: Mapped[list[str]] = mapped_column(JSON)
    # Those that are other than before: what is undone.
    changed: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
