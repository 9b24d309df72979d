"""What waits to be written: counted in the database, and in Redis, where it moves."""

from dataclasses import dataclass
from datetime import datetime

import redis as redis_py
from sqlalchemy import func, select

from smartcontent.models import Draft, Status, now
from smartcontent.models.status import WAITS
from smartcontent.stores import keys
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import Trouble, trouble
from smartcontent.stores.sql import db, only_read


@dataclass(frozen=True)
class Backlog:
    """Drafts by status, when the next is due, and since when the oldest overdue one waits."""

    counts: dict[str, int]
    next_due: datetime | None
    oldest_overdue: datetime | None


def backlog() -> Backlog:
    """The backlog by the database."""
    moment = now()
    only_read()
    rows = db.session.execute(select(Draft.status, func.count()).group_by(Draft.status)).all()
    counted = {status: count for status, count in rows}
    waits = Draft.status.in_(WAITS)
    first = select(func.min(Draft.due_at))
    next_due = db.session.scalar(first.where(waits, Draft.due_at > moment))
    oldest_overdue = db.session.scalar(first.where(waits, Draft.due_at <= moment))
    db.session.rollback()
    counts = {status.value: counted.get(status, 0) for status in Status}
    return Backlog(counts, next_due, oldest_overdue)


def in_redis() -> tuple[int, int] | Trouble:
    """How many jobs are scheduled, and how many wait in the queue; or why Redis does not say."""
    try:
        with redis() as client, client.pipeline(transaction=False) as pipe:
            pipe.zcard(keys.SCHEDULED)
            pipe.llen(keys.QUEUED)
            scheduled, queued = pipe.execute()
    except redis_py.RedisError as error:
        return trouble(error)
    return scheduled, queued
