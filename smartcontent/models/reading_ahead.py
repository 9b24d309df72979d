"""The readings ahead: which prompts a model has read before their drafts were due, and how fast."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.draft import Draft
from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, db

# Of a model that nobody has measured: rather too slow, so that the first reading ends in time.
USUAL_TOKENS_A_SECOND = 25.0
MEASURED_LATELY = 10
SLOWEST_TOKENS_A_SECOND = 1.0  # what a server says beyond that is no measurement
# What is read faster leaves nothing to save that could be told from chance.
WORTH_JUDGING_MS = 200.0
IN_A_ROW = 3
JUDGED_FOR = timedelta(days=7)
FORGOTTEN_AT_ONCE = 10


class Reading(Base):
    """One prompt that a model was given to read before its time.

    A prompt is read once for each draft: the row is inserted before, and the second of two
    schedulers finds that it is there.
    """

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("draft_id", "prompt"), Index(None, "model", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(200))
    # What was read, by the digest of it; None where it was given up and may be begun again.
    prompt: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # As Ollama measured it; of one that was given up, at the least.
    tokens: Mapped[int | None]
    ms: Mapped[float | None]


def tokens_a_second(model: str) -> float:
    """How fast the model reads, at the least: part of what it read lately it may have known."""
    is_measured = Reading.ms <= Reading.tokens * 1000 / SLOWEST_TOKENS_A_SECOND
    rows = db.session.execute(
        select(Reading.tokens, Reading.ms)
        .where(Reading.model == model, Reading.tokens > 0, Reading.ms > 0, is_measured)
        .order_by(Reading.id.desc())
        .limit(MEASURED_LATELY)
    ).all()
    return min((1000 * row.tokens / row.ms for row in rows), default=USUAL_TOKENS_A_SECOND)


def does_not_help(model: str) -> bool:
    """Whether the model read its last drafts' prompts anew when they were due.

    Some architectures keep no prompt. What the server can do may change: it is tried again later.
    """
    shares = db.session.scalars(
        select(Draft.saved_ms / Reading.ms)
        .select_from(Reading)
        .join(Draft, (Draft.id == Reading.draft_id) & (Draft.read_ahead_ms == Reading.ms))
        .where(
            Reading.model == model,
            Reading.prompt.is_not(None),
            Reading.ms >= WORTH_JUDGING_MS,
            Reading.at > now() - JUDGED_FOR,
            Draft.saved_ms.is_not(None),
        )
        .order_by(Reading.id.desc())
        .limit(IN_A_ROW)
    ).all()
    return len(shares) == IN_A_ROW and all((share or 0.0) < 0.5 for share in shares)


def forget_old_readings(model: str) -> None:
    """Delete some of the oldest, in the session: more than one reading adds."""
    first = select(Reading.id).where(Reading.model == model).order_by(Reading.id)
    some = db.session.scalars(first.limit(FORGOTTEN_AT_ONCE)).all()
    db.session.execute(
        delete(Reading).where(Reading.id.in_(some), Reading.at < now() - JUDGED_FOR),
        execution_options={"synchronize_session": False},
    )


def read_ahead_ms(draft_id: int, prompt: str) -> float | None:
    """How long the model read this very prompt for the draft before its time; None: it has not."""
    return db.session.scalar(
        select(Reading.ms).where(Reading.draft_id == draft_id, Reading.prompt == prompt)
    )


def was_given_to_read(draft_id: int, prompt: str) -> bool:
    """Whether it was read for the draft, or is at the moment, or could not be."""
    is_there = (Reading.draft_id == draft_id, Reading.prompt == prompt)
    return db.session.scalar(select(Reading.id).where(*is_there)) is not None
