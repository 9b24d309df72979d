"""The last 24 hours by the database: what became of the drafts, how late they began, what broke."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, extract, func, select

from smartcontent.models import Draft, Repair, Status
from smartcontent.models.status import STARTED
from smartcontent.stores.sql import db

HOURS = 24
SAMPLE = 1000
REPAIRS = 10
# From the bottom of a column to its top. A draft on hold has no due time, so no hour either.
DRAWN = (
    Status.COMPLETED,
    Status.GENERATING,
    Status.QUEUED,
    Status.PENDING,
    Status.CANCELLED,
    Status.FAILED,
)
# Upper ends of the steps, in seconds; the last step has none.
_STEPS = (0.1, 0.25, 0.5, 1.0, 5.0)


@dataclass(frozen=True)
class Hour:
    """The drafts that were due within an hour, by status."""

    start: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Lateness:
    """Seconds from due time to start of the newest starts: how many in each step, and figures."""

    steps: list[tuple[str, int]]
    count: int
    median: float
    worst: float


def hours_until(moment: datetime) -> list[Hour]:
    """The 24 hours that end with the one of this moment, the oldest first."""
    last = moment.replace(minute=0, second=0, microsecond=0)
    starts = [last - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    # Seconds since 1970 mean the same on every database, whatever its time zone.
    seconds = extract("epoch", Draft.due_at)
    hour = seconds - seconds % 3600
    query = select(hour, Draft.status, func.count()).group_by(hour, Draft.status)
    rows = db.session.execute(query.where(*_due_between(starts[0], moment, DRAWN))).all()
    counted = {(datetime.fromtimestamp(int(at), UTC), status): n for at, status, n in rows}
    return [
        Hour(start, {status: counted.get((start, status), 0) for status in DRAWN})
        for start in starts
    ]


def lateness_until(moment: datetime) -> Lateness | None:
    """How late the newest starts of the last 24 hours were, queueing included; None without any."""
    starts = starts_between(moment - timedelta(hours=HOURS), moment, SAMPLE)
    late = sorted(seconds for _, seconds in starts)
    if not late:
        return None
    ends = [0, *(bisect_right(late, step) for step in _STEPS), len(late)]
    counts = [after - before for before, after in pairwise(ends)]
    steps = list(zip(_labels(), counts, strict=True))
    return Lateness(steps, len(late), late[len(late) // 2], late[-1])


def starts_between(start: datetime, end: datetime, most: int) -> list[tuple[datetime, float]]:
    """Due times and by how many seconds the start was late, queueing included; the newest first."""
    rows = db.session.execute(
        select(Draft.due_at, Draft.started_at)
        .where(*_due_between(start, end, STARTED), Draft.started_at >= Draft.due_at)
        .order_by(Draft.due_at.desc())
        .limit(most)
    )
    return [(due, (started - due).total_seconds()) for due, started in rows if due and started]


def latest_repairs() -> Sequence[Repair]:
    """What the reconciler mended last, the newest first."""
    newest_first = select(Repair).order_by(Repair.at.desc(), Repair.id.desc())
    return db.session.scalars(newest_first.limit(REPAIRS)).all()


def _due_between(
    start: datetime, end: datetime, statuses: Collection[Status]
) -> tuple[ColumnElement[bool], ...]:
    """The condition, as the index on status and due time answers it."""
    return Draft.status.in_(statuses), Draft.due_at >= start, Draft.due_at <= end


def _labels() -> list[str]:
    between = [f"{low:g}–{high:g} s" for low, high in pairwise(_STEPS)]
    return [f"up to {_STEPS[0]:g} s", *between, f"over {_STEPS[-1]:g} s"]
