"""The reconciler: what Redis forgot or a dead worker left is put right from the database.

A pass looks at what is due within seconds, by two indexed queries and the near end of the sorted
set, so its cost does not grow with what is scheduled for later. Any number of them may run.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import delete, select, tuple_

from smartcontent.models import UNFINISHED, Content, Draft, Repair, RepairKind, Status, now
from smartcontent.models.draft import DATABASE_PATIENCE_SECONDS
from smartcontent.models.job_ids import draft_id_of, job_id
from smartcontent.models.search_index import findable_by
from smartcontent.models.status import WAITS
from smartcontent.scheduling.drafts import (
    CLOCKS_DIFFER,
    in_parts,
    schedule_draft,
    unschedule_draft,
)
from smartcontent.scheduling.job import PROBE_PREFIX
from smartcontent.scheduling.scheduler import ARMED_SECONDS, Scheduler
from smartcontent.scheduling.tidying import tidy
from smartcontent.stores import keys
from smartcontent.stores.redis import redis
from smartcontent.stores.sql import db, only_read

log = logging.getLogger(__name__)

# Drafts due this soon must be in Redis: a loss is noticed long before it makes one late.
LOOK_AHEAD = timedelta(seconds=10)
# A draft this long due and still unclaimed may have been taken from the queue by a dead worker.
OVERDUE = timedelta(seconds=3)
# So long before, a worker may have it in hand; by the clock of Redis, which may be ahead of ours.
ARMED = timedelta(seconds=ARMED_SECONDS) + CLOCKS_DIFFER
PATIENCE = timedelta(seconds=DATABASE_PATIENCE_SECONDS)
BATCH = 5000  # waiting drafts of one pass, and ids that one query names
REPAIRS_KEPT = timedelta(days=90)

# What the name of a draft's job is made of.
_IDENTITY = (Draft.id, Draft.user_id, Draft.batch_id, Draft.attempt)


class JobsInRedis(NamedTuple):
    """The jobs that wait in the queue, and those due soon with the time they are due."""

    queued: set[str]
    scheduled: dict[str, float]

    def holds(self, job_id: str, due_at: datetime) -> bool:
        """Whether a job will run as soon as it is due; its time may have been brought forward."""
        scheduled = self.scheduled.get(job_id, math.inf)
        return job_id in self.queued or scheduled <= due_at.timestamp() + 0.001


class Place(NamedTuple):
    """How far a pass has come among the waiting drafts: these are in the order of their times."""

    due_at: datetime
    id: int


def reconcile(dry_run: bool = False) -> list[Repair]:
    """Put back what is missing, release what is stuck, remove what should not be there.

    Answers what was repaired, or would be; what was is on record in the table of repairs.

    Raises:
        redis.RedisError: Redis does not answer, or refuses; the next pass tries again.
    """
    repairs, behind = reconcile_some(None, dry_run)
    while behind:
        more, behind = reconcile_some(behind, dry_run)
        told = {str(repair) for repair in repairs}  # of what is not repaired, again in each pass
        repairs += [repair for repair in more if str(repair) not in told]
    return repairs


def reconcile_some(
    behind: Place | None, dry_run: bool = False
) -> tuple[list[Repair], Place | None]:
    """One pass: all that is stuck or should not be there, and the next so many that wait.

    Answers the repairs, too, and where the next pass goes on; None when that begins anew.

    Raises:
        redis.RedisError: Redis does not answer, or refuses; the next pass tries again.
    """
    # Redis first. Whatever is in it was committed before, so a row that does not know of a job
    # has moved on. The other way round, a brief submitted in between would look like an orphan.
    # One horizon for both, or what comes into view in between would look lost.
    horizon = now() + LOOK_AHEAD
    unreadable = [] if dry_run else _unreadable()
    jobs = _jobs_in_redis(horizon)
    lost = _lost(current_app.config["GENERATION_ATTEMPTS"])
    rows = _due_soon(horizon, behind)
    waiting = {_job_id(row, row.attempt + 1): row for row in rows}
    repairs = [
        *unreadable,
        *_release(lost, dry_run),
        *_schedule(_missing(waiting, jobs), dry_run),
        *_remove(_orphans(waiting, jobs), jobs, dry_run),
    ]
    for repair in repairs:
        log.warning("repaired kind=%s: %s", repair.kind, repair)
    if repairs and not dry_run:
        db.session.execute(delete(Repair).where(Repair.at < now() - REPAIRS_KEPT))
        db.session.add_all(repairs)
        db.session.commit()
    return repairs, Place(rows[-1].due_at, rows[-1].id) if len(rows) == BATCH else None


def _unreadable() -> list[Repair]:
    with redis() as client:
        removed = tidy(client)
    return [Repair(kind=RepairKind.UNREADABLE, about={"key": key}) for key in removed]


def _jobs_in_redis(horizon: datetime) -> JobsInRedis:
    with redis() as client, client.pipeline(transaction=True) as pipe:
        pipe.lrange(keys.QUEUED, 0, -1)
        pipe.zrangebyscore(keys.SCHEDULED, "-inf", horizon.timestamp(), withscores=True)
        queued, scheduled = pipe.execute()
    return JobsInRedis(
        {_text(name) for name in queued}, {_text(name): score for name, score in scheduled}
    )


def _text(name: bytes) -> str:
    # Anybody's bytes may stand in there; they must come back out as they were.
    return name.decode(errors="surrogateescape")


def _lost(attempts: int) -> Sequence[int]:
    """Drafts whose worker let its lease run out; there are no more of them than workers.

    One in its last attempt is final when it is released: a finished text that waits for its
    database is waited for.
    """
    only_read()
    moment = now()
    is_lost = (Draft.status == Status.GENERATING) & (Draft.lease_until < moment)
    has_another = Draft.failures < attempts - 1
    is_given_up = has_another | (Draft.lease_until < moment - PATIENCE)
    lost = db.session.scalars(select(Draft.id).where(is_lost, is_given_up)).all()
    db.session.commit()
    return lost


def _due_soon(horizon: datetime, behind: Place | None) -> Sequence[Any]:
    """The next drafts that wait and are due soon."""
    only_read()
    is_due_soon = (Draft.status == Status.PENDING) & (Draft.due_at < horizon)
    place = (Draft.due_at, Draft.id)
    query = select(*_IDENTITY, Draft.due_at).where(is_due_soon | (Draft.status == Status.QUEUED))
    if behind:
        query = query.where(tuple_(*place) > tuple(behind))
    rows = db.session.execute(query.order_by(*place).limit(BATCH)).all()
    db.session.commit()
    return rows


def _job_id(row: Any, attempt: int) -> str:
    return job_id(row.id, attempt, row.user_id, row.batch_id is not None)


def _release(lost: Iterable[int], dry_run: bool) -> Iterator[Repair]:
    """Drafts whose worker has been silent for longer than its lease: try again, or fail."""
    attempts = current_app.config["GENERATION_ATTEMPTS"]
    for draft_id in lost:
        draft = db.session.get_one(Draft, draft_id, populate_existing=True)
        db.session.commit()
        held = (*Draft.held_by(draft.attempt), Draft.lease_until < now())
        lost_job = draft.job_id
        about = {"draft": draft.id, "attempt": draft.attempt}
        if draft.failures + 1 >= attempts:
            why = {"error_cause": "worker_lost", "error_values": {"attempts": attempts}}
            words = findable_by(draft.text)
            if dry_run or (
                Content.take_in(draft, words)
                and draft.move(Status.FAILED, *held, finished_at=now(), **why)
            ):
                yield Repair(kind=RepairKind.FAILED, about=about)
        elif dry_run:
            yield Repair(kind=RepairKind.RELEASED, about=about)
        elif draft.move(Status.PENDING, *held, due_at=now(), failures=draft.failures + 1):
            schedule_draft(draft)
            yield Repair(kind=RepairKind.RELEASED, about=about)
        if not dry_run:
            # RQ would keep what its dead worker has of it for ever.
            unschedule_draft(lost_job)


def _missing(waiting: dict[str, Any], jobs: JobsInRedis) -> list[int]:
    """The waiting drafts Redis has no job for."""
    moment = now()
    return [
        row.id
        for name, row in waiting.items()
        if not jobs.holds(name, row.due_at)
        # On its way from the sorted set through the queue to a worker's claim.
        and not moment - OVERDUE < row.due_at <= moment + ARMED
    ]


def _schedule(missing: list[int], dry_run: bool) -> Iterator[Repair]:
    if not missing:
        return
    drafts = db.session.scalars(
        select(Draft).where(Draft.id.in_(missing), Draft.status.in_(WAITS)).options(*Draft.light()),
        execution_options={"populate_existing": True},
    ).all()
    db.session.commit()
    for draft in drafts:
        if dry_run or schedule_draft(draft):
            yield Repair(kind=RepairKind.SCHEDULED, about={"draft": draft.id})


def _orphans(waiting: dict[str, Any], jobs: JobsInRedis) -> list[str]:
    """The jobs no draft waits for: cancelled, on hold, deleted, claimed already, or not ours."""
    unknown = [
        name
        for name in (*jobs.queued, *jobs.scheduled)
        if name not in waiting and not name.startswith(PROBE_PREFIX)
    ]
    if not unknown:
        return []
    known = sorted({draft_id for name in unknown if (draft_id := draft_id_of(name))})
    rows: list[Any] = []
    for ids in in_parts(known, BATCH):
        query = select(*_IDENTITY, Draft.status).where(Draft.id.in_(ids))
        rows += db.session.execute(query.where(Draft.status.in_(UNFINISHED - {Status.HELD}))).all()
    db.session.commit()
    expected = {_job_id(row, row.attempt + 1) for row in rows}
    # RQ still works with the job of a draft that is being written.
    running = {_job_id(row, row.attempt) for row in rows if row.status == Status.GENERATING}
    return [name for name in unknown if name not in expected | running]


def _remove(orphans: Iterable[str], jobs: JobsInRedis, dry_run: bool) -> Iterator[Repair]:
    for name in orphans:
        with redis() as client:
            if dry_run or Scheduler(client).forget(name, due=jobs.scheduled.get(name, 0.0)):
                # Anybody's bytes: quoted, they fit into a row.
                yield Repair(kind=RepairKind.REMOVED, about={"job": ascii(name[:80])})
