"""The reconciler: what Redis forgot or a dead worker left is put back from the database."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import redis as redis_py
from flask import current_app
from sqlalchemy import or_, select

from smartcontent.extensions import db, redis
from smartcontent.models import Draft, Status, now
from smartcontent.scheduling.drafts import backoff, schedule_draft
from smartcontent.scheduling.job import QUEUE
from smartcontent.scheduling.scheduler import Scheduler

log = logging.getLogger(__name__)

# Rows whose time is this near must be in Redis; a loss is noticed long before it makes one late.
LOOK_AHEAD = timedelta(seconds=15)
# A draft this long due and still unclaimed may have been taken from the queue by a dead worker.
OVERDUE = timedelta(seconds=3)
LOST_WORKER = (
    "The worker stopped in the middle of this text {attempts} times. Ask your administrator to "
    "look at the worker's log, then retry."
)


def reconcile(dry_run: bool = False) -> list[str]:
    """Put back what is missing and release what is stuck; answers what was repaired.

    Raises:
        redis.RedisError: Redis does not answer; the next pass tries again.
    """
    repairs = [*_release_lost(dry_run), *_schedule_missing(dry_run)]
    for repair in repairs:
        log.warning("repaired: %s", repair)
    return repairs


def _release_lost(dry_run: bool) -> Iterator[str]:
    """Drafts whose worker has been silent for longer than its lease: try again, or fail."""
    lost = select(Draft).where(Draft.status == Status.GENERATING, Draft.lease_until < now())
    for draft in db.session.scalars(lost).all():
        held = (*Draft.held_by(draft.attempt), Draft.lease_until < now())
        attempts = current_app.config["GENERATION_ATTEMPTS"]
        if dry_run:
            yield f"draft {draft.id}: the worker of attempt {draft.attempt} is silent"
        elif draft.failures + 1 >= attempts:
            error = LOST_WORKER.format(attempts=attempts)
            if draft.move(
                Status.FAILED, *held, error=error, error_cause="worker_lost", finished_at=now()
            ):
                yield f"draft {draft.id}: failed, its worker died {attempts} times"
        elif draft.move(Status.PENDING, *held, due_at=now(), failures=draft.failures + 1):
            schedule_draft(draft)
            yield f"draft {draft.id}: given to another worker, attempt {draft.attempt} is silent"
    db.session.rollback()


def _schedule_missing(dry_run: bool) -> Iterator[str]:
    """Drafts that are due now or soon, and for which Redis holds no job."""
    moment = now()
    waiting = (
        select(Draft)
        .where(
            or_(
                (Draft.status == Status.PENDING) & (Draft.due_at < moment + LOOK_AHEAD),
                (Draft.status == Status.QUEUED) & (Draft.due_at < moment - OVERDUE),
            )
        )
        .order_by(Draft.due_at)
        .limit(5000)
    )
    drafts = db.session.scalars(waiting).all()
    db.session.rollback()
    if not drafts:
        return
    with redis() as client:
        known = _known_jobs(client, [draft.job_id for draft in drafts])
    for draft, is_known in zip(drafts, known, strict=True):
        recently_moved = draft.due_at is not None and moment - OVERDUE < draft.due_at <= moment
        if is_known or recently_moved:
            continue
        if not dry_run:
            schedule_draft(draft)
        yield f"draft {draft.id}: scheduled again, Redis had no job for it"


def _known_jobs(client: redis_py.Redis, job_ids: list[str]) -> list[bool]:
    """For each job whether it waits in the sorted set or in the queue."""
    with client.pipeline(transaction=True) as pipe:
        pipe.lrange(f"rq:queue:{QUEUE}", 0, -1)
        for job_id in job_ids:
            pipe.zscore(Scheduler.scheduled_jobs_key, job_id)
        queued, *scores = pipe.execute()
    in_queue = {job_id.decode() for job_id in queued}
    return [
        score is not None or job_id in in_queue
        for job_id, score in zip(job_ids, scores, strict=True)
    ]
