"""How punctual the starts of each hour were, and how far off the estimates of their length."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, log10
from statistics import median

from sqlalchemy import select

from smartcontent.models import Draft, Status
from smartcontent.models.status import STARTED
from smartcontent.stores.sql import db

HOURS = 24
SAMPLE = 5000
ESTIMATES = 100
HEIGHT = 100
# The chart's foot is a millisecond and its top 100 seconds, in tenfold steps.
_DECADES = 5


@dataclass(frozen=True)
class Percentiles:
    """Seconds from due time to start, of the starts of one hour."""

    start: datetime
    count: int
    p50: float
    p95: float
    p99: float

    def drawn(self) -> list[tuple[str, float]]:
        """The heights of its three columns, the tallest first, so that each stands before it."""
        return [(name, _height(getattr(self, name))) for name in ("p99", "p95", "p50")]


def punctuality_until(moment: datetime) -> list[Percentiles | None]:
    """The 24 hours up to this one, the oldest first; None for an hour without starts."""
    last = moment.replace(minute=0, second=0, microsecond=0)
    starts = [last - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    rows = db.session.execute(
        select(Draft.due_at, Draft.started_at)
        .where(
            Draft.status.in_(STARTED),
            Draft.due_at >= starts[0],
            Draft.due_at <= moment,
            Draft.started_at >= Draft.due_at,
        )
        .order_by(Draft.due_at.desc())
        .limit(SAMPLE)
    )
    late: defaultdict[datetime, list[float]] = defaultdict(list)
    for due_at, started_at in rows:
        assert due_at is not None
        assert started_at is not None
        hour = due_at.replace(minute=0, second=0, microsecond=0)
        late[hour].append((started_at - due_at).total_seconds())
    return [_percentiles(start, sorted(late[start])) for start in starts]


def _percentiles(start: datetime, late: list[float]) -> Percentiles | None:
    if not late:
        return None
    p50, p95, p99 = (late[ceil(len(late) * share) - 1] for share in (0.5, 0.95, 0.99))
    return Percentiles(start, len(late), p50, p95, p99)


def _height(seconds: float) -> float:
    decades = log10(max(seconds * 1000, 1))
    return round(min(HEIGHT, max(1.0, HEIGHT * decades / _DECADES)), 1)


@dataclass(frozen=True)
class EstimateError:
    """How far off the estimates were: the median share of the time a text really took."""

    count: int
    share: float


def estimate_error() -> EstimateError | None:
    """By the last texts that had an estimate; None while there are none."""
    rows = db.session.execute(
        select(Draft.started_at, Draft.finished_at, Draft.estimated_seconds)
        .where(Draft.status == Status.COMPLETED, Draft.estimated_seconds.is_not(None))
        .order_by(Draft.id.desc())
        .limit(ESTIMATES)
    ).all()
    shares = []
    for started_at, finished_at, estimated in rows:
        if started_at is not None and finished_at is not None and estimated is not None:
            took = max((finished_at - started_at).total_seconds(), 1e-3)
            shares.append(abs(estimated - took) / took)
    return EstimateError(len(shares), median(shares)) if shares else None
