"""GET /metrics: what Prometheus collects; read from the stores when it asks, nothing is kept."""

from collections.abc import Iterator

from flask import Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import case, func, select

from smartcontent.models import FINAL, Draft, Reading, Repair, RepairKind, User, now
from smartcontent.progress.backlog import backlog, in_redis
from smartcontent.stores.redis_answers import Trouble
from smartcontent.stores.sql import db
from smartcontent.web.api.access import protected, user_id
from smartcontent.web.problems import Problem

bp = protected("metrics")


@bp.get("/metrics")
def metrics() -> Response:
    """Counts and times of the whole installation, for the token of an administrator."""
    if not db.session.get_one(User, user_id()).is_admin:
        raise Problem(403, "The figures of all users are for the token of an administrator.")
    registry = CollectorRegistry()
    registry.register(_Stores())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Stores(Collector):
    """What the database and Redis say at this moment."""

    def collect(self) -> Iterator[Metric]:
        waiting = backlog()
        drafts = GaugeMetricFamily("smartcontent_drafts", "Drafts by status.", labels=["status"])
        for status, count in waiting.counts.items():
            drafts.add_metric([status], count)
        yield drafts
        overdue = waiting.oldest_overdue
        yield GaugeMetricFamily(
            "smartcontent_oldest_overdue_seconds",
            "How long the draft that waits longest for a worker has been due.",
            value=(now() - overdue).total_seconds() if overdue else 0,
        )
        yield _repairs()
        yield from _readings()
        yield from _redis()


def _repairs() -> Metric:
    query = select(Repair.kind, func.count()).group_by(Repair.kind)
    counted = {kind: count for kind, count in db.session.execute(query)}
    repairs = GaugeMetricFamily(
        "smartcontent_repairs", "What the reconciler mended in 90 days.", labels=["kind"]
    )
    for kind in RepairKind:
        repairs.add_metric([kind], counted.get(kind, 0))
    return repairs


def _readings() -> Iterator[Metric]:
    """What the model was given to read before its time, and what came of it."""
    outcome = case(
        (Draft.saved_ms.is_not(None) & (Draft.read_ahead_ms == Reading.ms), "used"),
        (Draft.status.in_(FINAL) | Reading.prompt.is_(None), "wasted"),
        else_="waiting",
    )
    counts = select(outcome, func.count(), func.sum(Draft.saved_ms)).select_from(Reading)
    rows = db.session.execute(counts.join(Draft, Draft.id == Reading.draft_id).group_by(outcome))
    counted = {name: (count, saved or 0.0) for name, count, saved in rows}
    readings = GaugeMetricFamily(
        "smartcontent_readings",
        "Prompts read before their drafts were due; used: a text began with what was read.",
        labels=["outcome"],
    )
    for name in ("used", "wasted", "waiting"):
        readings.add_metric([name], counted.get(name, (0, 0.0))[0])
    yield readings
    yield GaugeMetricFamily(
        "smartcontent_readings_saved_seconds",
        "How much sooner first words came for it, added up.",
        value=counted.get("used", (0, 0.0))[1] / 1000,
    )


def _redis() -> Iterator[Metric]:
    name, text = "smartcontent_redis_up", "Whether Redis answers and does what it is asked."
    counted = in_redis()
    yield GaugeMetricFamily(name, text, value=int(not isinstance(counted, Trouble)))
    if isinstance(counted, Trouble):
        return
    jobs = GaugeMetricFamily("smartcontent_jobs", "Jobs in Redis.", labels=["place"])
    jobs.add_metric(["scheduled"], counted[0])
    jobs.add_metric(["queued"], counted[1])
    yield jobs
