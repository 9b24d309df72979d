"""Drafts on their way through Redis: put in for a time, taken out, marked when they are due."""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import redis as redis_py
from flask import current_app
from sqlalchemy import ColumnElement, select, tuple_

from smartcontent.models import Draft, Status, now
from smartcontent.models.job_ids import attempt_of
from smartcontent.models.moments import iso
from smartcontent.scheduling.job import WRITE_DRAFT
from smartcontent.scheduling.scheduler import Scheduler
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.stores.sql import db, only_read

log = logging.getLogger(__name__)

# Jobs are moved by the clock of Redis.
CLOCKS_DIFFER = timedelta(seconds=1)
# Of many at once: so few that nobody else waits for Redis, or for us.
AT_ONCE = 100
# A statement of SQLite takes 32,766 values.
MARKED_AT_ONCE = 5000


def alive(draft_ids: set[int]) -> set[int]:
    """Those of the drafts that there are."""
    only_read()
    there = set(db.session.scalars(select(Draft.id).where(Draft.id.in_(draft_ids))))
    db.session.commit()
    return there


def schedule_draft(draft: Draft) -> bool:
    """Schedule the draft's next attempt for its due time; False while Redis does not take it.

    Call it after the commit. A False loses nothing: the reconciler schedules what is missing.
    """
    return schedule_drafts([draft])


def schedule_drafts(drafts: Sequence[Draft]) -> bool:
    """The same for many: some hundreds go to Redis at a time, each of them whole or not at all."""
    for some in in_parts(drafts, AT_ONCE):
        try:
            with redis() as client:
                Scheduler(client).enqueue_all(_job_of(draft) for draft in some)
        except redis_py.RedisError as error:
            kept = " ".join(f"draft={draft.id}" for draft in some)
            log.warning("%s kept in the database: %s", kept, trouble(error))
            return False
        for draft in some:
            log.info(
                "Job successfully queued draft=%s job=%s due=%s",
                *(draft.id, draft.job_id, iso(draft.due_at)),
                extra={"request_id": draft.request_id},
            )
    return True


def _job_of(draft: Draft) -> dict[str, Any]:
    assert draft.due_at is not None, "a draft on hold has no due time"
    # RQ's own timeout is the last net, behind our deadlines.
    timeout = current_app.config["OLLAMA_TOTAL_SECONDS"] + 60
    return {
        "scheduled_time": draft.due_at,
        "func": WRITE_DRAFT,
        "args": [draft.id],
        "job_id": draft.job_id,
        "timeout": int(timeout),
        "job_description": f"draft {draft.id}",
    }


def unschedule_draft(job_id: str) -> None:
    """Take a job out of Redis; where Redis does not answer, its claim will find nothing to do."""
    unschedule_drafts([job_id])


def unschedule_drafts(job_ids: Sequence[str]) -> None:
    """The same for many."""
    for some in in_parts(job_ids, AT_ONCE):
        try:
            with redis() as client:
                Scheduler(client).forget_all(some)
        except redis_py.RedisError as error:
            left = " ".join(f"job={job_id}" for job_id in some)
            log.warning("%s left in Redis: %s", left, trouble(error))
            return


def in_parts(things: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The things in parts of at most so many."""
    for first in range(0, len(things), size):
        yield things[first : first + size]


def mark_queued(job_ids: list[str]) -> None:
    """Write down which of these due drafts wait for a worker, and tell their owners."""
    for some in in_parts(job_ids, MARKED_AT_ONCE):
        _mark_queued(some)


def _mark_queued(job_ids: Sequence[str]) -> None:
    due = _still_due(job_ids)
    only_read()
    ids = list(db.session.scalars(select(Draft.id).where(*due)))
    db.session.commit()
    if not ids:
        return
    for draft in Draft.move_all(Status.QUEUED, Draft.id.in_(ids), *due):
        draft.announce()


def _still_due(job_ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """That a draft waits for the very attempt of one of these jobs.

    Meanwhile the attempt may have failed, and the draft be pending for its next, or its owner may
    have put it off.
    """
    attempts = [(draft_id, n - 1) for draft_id, n in filter(None, map(attempt_of, job_ids))]
    return (
        tuple_(Draft.id, Draft.attempt).in_(attempts),
        Draft.status == Status.PENDING,
        Draft.due_at <= now() + CLOCKS_DIFFER,
    )
