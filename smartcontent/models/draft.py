"""A draft: one version of a text, and the only way its status changes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Mapped, column_property, defer, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import LoaderOption

from smartcontent import events, logs
from smartcontent.doors import door_here
from smartcontent.models.failures import Failure, ToldElsewhere, on_record
from smartcontent.models.job_ids import job_id
from smartcontent.models.moments import UtcDateTime, iso, now
from smartcontent.models.status import FINAL, Origin, Status, may_become
from smartcontent.stores.sql import Base, db, is_postgresql, json_of, punctually
from smartcontent.texts.counting import UNIT_TOLD_BY, Size, size_of

if TYPE_CHECKING:
    from smartcontent.models.content import Content


# How often the worker that writes a draft looks whether it is still its own.
LOOK_AROUND_SECONDS = 0.2
# How long a finished text waits for a database that is away.
DATABASE_PATIENCE_SECONDS = 60


class Draft(Base):
    """One version of a content's text, numbered within it."""

    __tablename__ = "drafts"
    __table_args__ = (
        UniqueConstraint("content_id", "number"),
        # The scheduler's and the reconciler's question: what is due?
        Index(None, "status", "due_at"),
        # What the quotas count.
        Index(None, "user_id", "status"),
        Index(None, "user_id", "created_at"),
        # What estimates learn from.
        Index("ix_drafts_written", "model", "status", "origin", "id"),
        # What a model has written, for its owner's list.
        Index(
            "ix_drafts_of_model",
            *("user_id", "model"),
            sqlite_where=text("model IS NOT NULL"),
            postgresql_where=text("model IS NOT NULL"),
        ),
        # What is due on a day, for its owner's calendar.
        Index(None, "user_id", "due_at"),
        Index(
            None,
            "content_id",
            "idempotency_key",
            unique=True,
            sqlite_where=text("idempotency_key IS NOT NULL"),
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        # A number is never given twice: jobs in Redis carry it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    content_id: Mapped[UUID] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    # The owner once more, so that telling them needs no join.
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    number: Mapped[int]
    # The batch that asked for it: in the queue it stands behind what its owner asked for alone.
    batch_id: Mapped[UUID | None]
    origin: Mapped[str] = mapped_column(String(20), default=Origin.GENERATED)
    status: Mapped[str] = mapped_column(String(20))
    # By which door it was asked for, and stopped.
    door: Mapped[str | None] = mapped_column(String(10), default=door_here)
    stopped_by: Mapped[str | None] = mapped_column(String(10))
    # Of the form that asked for it: sent again, it asks for nothing new.
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    # Raised by every change of status, so that a page can put events in order.
    revision: Mapped[int] = mapped_column(default=1)

    # Claims so far. It fences a worker that lost its lease: its later writes match no row.
    attempt: Mapped[int] = mapped_column(default=0)
    # Attempts that went wrong; one broken off because its worker had to end is none.
    failures: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # The number of the request that asked for it, which the worker's log lines carry on.
    request_id: Mapped[str | None] = mapped_column(String(64), default=logs.request_id)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of one on hold: whether its batch's pause holds it, with which it goes on.
    is_paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_word_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # What it was asked for beyond the brief, see briefs/task.py; None: nothing.
    task: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # How it came about, but for passage, instruction and findings: these may be longer than a text,
    # and no list of versions has them.
    made: Mapped[dict[str, Any]] = column_property(
        json_of(
            do=task["do"],
            number=task["number"],
            how=task["how"],
            language=task["language"],
            passage_end=task[("passage", "end")],
        ),
        deferred=True,
    )
    # Model, temperature and seed of this draft alone, over those of its content.
    wishes: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The brief as it was when the draft began; it may have been another before and after.
    brief: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    # How long it was expected to take when it was picked up, to see how far off that was.
    estimated_seconds: Mapped[float | None]
    # How long the model read the prompt before the due time, and what of that it need not do again.
    read_ahead_ms: Mapped[float | None]
    saved_ms: Mapped[float | None]

    text: Mapped[str] = mapped_column(Text, default="")
    # Enough of it to see what it is counted in, where texts are not read.
    beginning: Mapped[str] = column_property(func.substr(text, 1, 1000), deferred=True)
    # Of the finished text; lists show it, and read no texts for it.
    words: Mapped[int | None]
    # What the model wrote around the text: thoughts, remarks, a fence. Read where it is shown, like
    # the prompt: both may be longer than the text, and no list has them.
    taken_out: Mapped[str | None] = mapped_column(Text, deferred=True)
    done_reason: Mapped[str | None] = mapped_column(String(20))
    error_cause: Mapped[str | None] = mapped_column(String(40))
    error_values: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The finished sentence that earlier versions kept.
    earlier_error: Mapped[str | None] = mapped_column("error", Text)
    model: Mapped[str | None] = mapped_column(String(200))
    # Of the very model that wrote it: another may have its name by now.
    model_digest: Mapped[str | None] = mapped_column(String(80))
    # Which draft it repeats, and from the end on whether they are the same.
    reproduces: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    prompt: Mapped[list[dict[str, str]] | None] = mapped_column(JSON, deferred=True)
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    stats: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sentiment_score: Mapped[float | None]
    sentiment_label: Mapped[str | None] = mapped_column(String(10))

    content: Mapped["Content"] = relationship(back_populates="drafts")

    @property
    def job_id(self) -> str:
        """The id of the RQ job of the next attempt, or of the present one."""
        attempt = self.attempt if self.status == Status.GENERATING else self.attempt + 1
        return job_id(self.id, attempt, self.user_id, self.batch_id is not None)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def failure(self) -> Failure | ToldElsewhere | None:
        """Why the last attempt failed; None where none did."""
        if self.error_cause is None and self.earlier_error is None:
            return None
        return on_record(self.error_cause or "", self.error_values, self.earlier_error)

    @property
    def error(self) -> str | None:
        """The same in a sentence."""
        return self.failure.sentence if self.failure else None

    @property
    def size(self) -> Size:
        """As it was counted when it ended, if it was: an archive's text may be very long."""
        if self.words is None:
            return size_of(self.text)
        return Size(self.words, size_of(self.text[:UNIT_TOLD_BY]).unit)

    @property
    def counted(self) -> Size:
        """The same without a look at its text."""
        return Size(self.words or 0, size_of(self.beginning).unit)

    def move(self, to: Status, *conditions: ColumnElement[bool], **values: object) -> bool:
        """Change the status, commit with it whatever the session holds, and tell the owner.

        False if another was faster, or the draft's status does not allow it.
        """
        if not self.move_untold(to, *conditions, **values):
            return False
        self.announce()
        return True

    def move_untold(self, to: Status, *conditions: ColumnElement[bool], **values: object) -> bool:
        """The same without telling: the caller has something to add first.

        The conditions are in the UPDATE, so of any number of processes that try the same change
        exactly one gets True. On False nothing of the session is saved.
        """
        moved = db.session.scalar(
            update(Draft)
            .where(Draft.id == self.id, Draft.status.in_(may_become(to)), *conditions)
            .values(status=to, revision=Draft.revision + 1, **_by_whom(to), **values)
            .returning(Draft),
            execution_options={"populate_existing": True, "synchronize_session": False},
        )
        if moved is None:
            db.session.rollback()
            return False
        db.session.commit()
        return True

    @classmethod
    def move_all(
        cls, to: Status, *conditions: ColumnElement[bool], **values: object
    ) -> Sequence["Draft"]:
        """Change the status of all that the conditions hold for and that may; answers those.

        They come without what may be long. Commits what the session holds with it; tells nobody.
        """
        moved = cls.move_all_in_session(to, *conditions, **values)
        db.session.commit()
        return moved

    @classmethod
    def move_all_in_session(
        cls, to: Status, *conditions: ColumnElement[bool], **values: object
    ) -> Sequence["Draft"]:
        """The same for whoever commits it together with something else."""
        here: Sequence[ColumnElement[bool]] = (cls.status.in_(may_become(to)), *conditions)
        if is_postgresql():
            # All in one order: of two acts on the same ones each could wait for the other.
            some = select(cls.id).where(*here).order_by(cls.id).with_for_update(key_share=True)
            here = [cls.id.in_(db.session.scalars(some).all())]
        return db.session.scalars(
            update(cls)
            .where(*here)
            .values(status=to, revision=cls.revision + 1, **_by_whom(to), **values)
            .returning(cls)
            .options(*cls.light()),
            execution_options={"populate_existing": True, "synchronize_session": False},
        ).all()

    @classmethod
    def light(cls) -> tuple[LoaderOption, ...]:
        """What to read many with: without what may be long, also of those that only wait.

        That is what an attempt has left of a text, and what there is to make one of.
        """
        return defer(cls.text), defer(cls.task), defer(cls.brief)

    @classmethod
    def has_text(cls) -> ColumnElement[bool]:
        """In a query of drafts that have ended: whether there is a text.

        A completed one has one, and is not looked at: to compare a text SQLite reads all of it.
        """
        return case((cls.status == Status.COMPLETED, true()), else_=cls.text != "")

    def text_so_far(self) -> str:
        """The text as last said: while it is written, Redis has more of it than the row.

        Unless Redis does not answer, or has just come back as it was a while ago.
        """
        if self.status != Status.GENERATING:
            return self.text
        return max(events.text_so_far(self.id, self.attempt) or "", self.text, key=len)

    def announce(self) -> None:
        """Tell the owner's open pages the status; call it after the commit."""
        events.publish(self.user_id, "status", self.as_event())

    def as_event(self) -> dict[str, Any]:
        """What a `status` event and a snapshot say of a draft."""
        return {
            "content_id": str(self.content_id),
            "draft_id": self.id,
            "number": self.number,
            "origin": self.origin,
            "status": self.status,
            "label": Status(self.status).label,
            "at": iso(now()),
            "revision": self.revision,
            "attempt": self.attempt,
            "scheduled_for": iso(self.due_at),
            "error": self.error,
        }

    def claim(self, lease_seconds: float, **record: object) -> bool:
        """Take the draft, as it was read, for one attempt.

        False if it has changed since, is not due or another has it. Tells nobody: whoever claims
        has something to begin first.
        """
        with punctually() as connection:
            moment = now()  # in the midst: SQLite's lock may have been waited for, past a lease
            lease_until = moment + timedelta(seconds=lease_seconds)
            begun = {"started_at": moment, "lease_until": lease_until, **record}
            sent = {"draft_id": self.id, "revision_read": self.revision, "moment": moment, **begun}
            moved = connection.execute(_CLAIM, sent).one_or_none()
        return self._has_moved(moved, _CLAIMED | begun)

    def complete(self, attempt: int, claimed: int, **record: object) -> bool:
        """Put an attempt's text on record; False if it is no longer that attempt's. Tells nobody.

        `claimed` is the revision that the claim made of it. A draft that was released as lost since
        is that attempt's until another claims it, or a person does anything with it. One that it
        has completed is completed again: the answer to a commit may be lost. Commits what the
        session holds with it.
        """
        ended = {"finished_at": now(), **record}
        sent = {"draft_id": self.id, "attempt_held": attempt, "claimed": claimed, **ended}
        moved = db.session.connection().execute(_COMPLETE, sent).one_or_none()
        if moved is None:
            db.session.rollback()
            return False
        db.session.commit()
        return self._has_moved(moved, _COMPLETED | ended)

    def _has_moved(self, moved: Any, values: dict[str, Any]) -> bool:
        """Whether it has; what is on record then is known without reading it."""
        if moved is None:
            return False
        for name, value in {**moved._mapping, **values}.items():
            set_committed_value(self, name, value)
        return True

    def write(self, attempt: int, **values: object) -> bool:
        """Put something on record without a change of status; False if the lease is lost."""
        written = db.session.execute(
            update(Draft).where(Draft.id == self.id, *self.held_by(attempt)).values(**values),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()
        return written.rowcount == 1  # type: ignore[attr-defined]

    @staticmethod
    def held_by(attempt: int) -> tuple[ColumnElement[bool], ...]:
        """The condition under which the worker of this attempt may still write."""
        return (Draft.attempt == attempt, Draft.status == Status.GENERATING)


def _by_whom(to: Status) -> dict[str, object]:
    return {"stopped_by": door_here()} if to is Status.CANCELLED else {}


# What a claim and an end make of any draft. Their statements are made once: to make one anew, and
# to read the row back, takes three times as long as the database does, and others wait meanwhile.
_CLAIMED = {
    "status": Status.GENERATING,
    "first_word_at": None,
    "text": "",
    "done_reason": None,
    "error_cause": None,
    "error_values": None,
    "earlier_error": None,
}
_CLAIM = (
    update(Draft.__table__)  # type: ignore[arg-type]
    .where(
        Draft.id == bindparam("draft_id"),
        or_(*(Draft.status == status for status in may_become(Status.GENERATING))),
        Draft.revision == bindparam("revision_read"),
        Draft.due_at <= bindparam("moment"),
    )
    .values(
        {getattr(Draft, name): value for name, value in _CLAIMED.items()}
        | {Draft.revision: Draft.revision + 1, Draft.attempt: Draft.attempt + 1}
    )
    .returning(Draft.revision, Draft.attempt)
)
_COMPLETED = {"status": Status.COMPLETED, "lease_until": None}
# Released as lost, and perhaps marked as queued; whatever else is done to a draft raises it, too.
_RELEASED = ((Status.PENDING, 1), (Status.QUEUED, 2))
_COMPLETE = (
    update(Draft.__table__)  # type: ignore[arg-type]
    .where(
        Draft.id == bindparam("draft_id"),
        Draft.attempt == bindparam("attempt_held"),
        or_(
            Draft.status == Status.GENERATING,
            Draft.status == Status.COMPLETED,
            *(
                and_(Draft.status == status, Draft.revision == bindparam("claimed") + changes)
                for status, changes in _RELEASED
            ),
        ),
    )
    .values(
        {getattr(Draft, name): value for name, value in _COMPLETED.items()}
        | {Draft.revision: Draft.revision + 1}
    )
    .returning(Draft.revision)
)

# The columns that `failure` reads.
FAILURE = (Draft.error_cause, Draft.error_values, Draft.earlier_error)
