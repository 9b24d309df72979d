"""How punctual the starts of each hour were, and how far off the estimates of their length."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from sqlalchemy import select

from smartcontent.models import Draft, Status
from smartcontent.stores.sql import db
from smartcontent.web.admin.history import starts_between
from smartcontent.web.drawings import Chart, in_tenfold_steps

HOURS = 24
SAMPLE = 5000
ESTIMATES = 100


@dataclass(frozen=True)
class Percentiles:
    """Seconds from due time to start, of the starts of one hour."""

    start: datetime
    count: int
    p50: float
    p95: float
    p99: float


def punctuality_until(moment: datetime) -> list[Percentiles | None]:
    """The 24 hours up to this one, the oldest first; None for an hour without starts."""
    last = moment.replace(minute=0, second=0, microsecond=0)
    starts = [last - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    late: defaultdict[datetime, list[float]] = defaultdict(list)
    for due_at, seconds in starts_between(starts[0], moment, SAMPLE):
        late[due_at.replace(minute=0, second=0, microsecond=0)].append(seconds)
    return [_percentiles(start, sorted(late[start])) for start in starts]


def _percentiles(start: datetime, late: list[float]) -> Percentiles | None:
    if not late:
        return None
    p50, p95, p99 = (late[ceil(len(late) * share) - 1] for share in (0.5, 0.95, 0.99))
    return Percentiles(start, len(late), p50, p95, p99)


def drawn(hours: Sequence[Percentiles | None]) -> Chart:
    """Three columns an hour, from a millisecond to a hundred seconds."""
    columns = [{"p50": h.p50, "p95": h.p95, "p99": h.p99} if h else {} for h in hours]
    return in_tenfold_steps(columns, least=0.001, decades=5)


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
