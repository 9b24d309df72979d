"""rq-scheduler's waiting jobs beside the drafts they are for: do Redis and the database agree?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis as redis_py
from flask import render_template, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import load_only

from smartcontent.models import Draft, Status, User, now
from smartcontent.models.job_ids import draft_id_of
from smartcontent.scheduling import Job
from smartcontent.stores import keys
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.stores.sql import db

PAGE = 50
PAGES = 10_000
_TAKEN = {b"queued", b"started"}
_SAME = timedelta(milliseconds=1)


@dataclass(frozen=True)
class InRedis:
    """Redis's counts, a page of its set, and due time and status of each job it was asked for."""

    scheduled: int
    queued: int
    entries: list[tuple[str, datetime]]
    jobs: dict[str, tuple[datetime | None, bytes | None]]


@dataclass(frozen=True)
class Row:
    """One waiting job; `trouble` is empty where Redis and the database agree."""

    job_id: str
    due_at: datetime
    owner: str
    trouble: str = ""


def index() -> str:
    """The next due jobs, page by page."""
    number = min(max(request.args.get("page", 1, type=int), 1), PAGES)
    offset = (number - 1) * PAGE
    pending = _pending_drafts(offset)
    found, problem = None, None
    try:
        found = _ask_redis([draft.job_id for draft, _ in pending], offset)
    except redis_py.RedisError as error:
        problem = trouble(error)
    return render_template(
        "admin/scheduled.html",
        rows=_rows(pending, found),
        pending=_count_pending(),
        redis=found,
        trouble=problem,
        number=number,
        has_next=len(pending) == PAGE or bool(found and len(found.entries) == PAGE),
    )


def _pending_drafts(offset: int) -> list[tuple[Draft, str]]:
    query = _drafts_with_owners().where(Draft.status == Status.PENDING)
    found = db.session.execute(
        query.order_by(Draft.due_at, Draft.id).offset(offset).limit(PAGE)
    ).all()
    db.session.commit()  # no transaction stays open while Redis is asked; what was read stays
    return [(draft, email) for draft, email in found]


def _drafts_with_owners() -> Select[Draft, str]:
    columns = load_only(Draft.status, Draft.attempt, Draft.due_at)
    return select(Draft, User.email).join(User, User.id == Draft.user_id).options(columns)


def _count_pending() -> int:
    query = select(func.count()).select_from(Draft).where(Draft.status == Status.PENDING)
    return db.session.scalar(query) or 0


def _ask_redis(job_ids: list[str], offset: int) -> InRedis:
    """One pipeline, its length bounded by the page."""
    key = keys.SCHEDULED
    with redis() as client, client.pipeline(transaction=False) as pipe:
        pipe.zcard(key)
        pipe.llen(keys.QUEUED)
        pipe.zrange(key, offset, offset + PAGE - 1, withscores=True)
        for job_id in job_ids:
            pipe.zscore(key, job_id)
            pipe.hget(Job.key_for(job_id), "status")
        scheduled, queued, entries, *answers = pipe.execute()
    scores = [score if score is None else _moment(score) for score in answers[::2]]
    return InRedis(
        scheduled,
        queued,
        [(job_id.decode(errors="replace"), _moment(score)) for job_id, score in entries],
        dict(zip(job_ids, zip(scores, answers[1::2], strict=True), strict=True)),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), 32_503_680_000), UTC)  # until the year 3000


def _rows(pending: list[tuple[Draft, str]], found: InRedis | None) -> list[Row]:
    """The drafts of this page, and the jobs of Redis's page for which no draft is pending."""
    drafts = [
        Row(draft.job_id, draft.due_at, owner, _trouble(draft, found))
        for draft, owner in pending
        if draft.due_at
    ]
    orphans = _orphans(found) if found else ()
    return sorted([*drafts, *orphans], key=lambda row: row.due_at)


def _trouble(draft: Draft, found: InRedis | None) -> str:
    if found is None or draft.due_at is None:
        return ""
    scheduled_for, status = found.jobs[draft.job_id]
    if scheduled_for is None:
        # The scheduler may have moved it a moment ago, and not yet told the database.
        is_on_its_way = status in _TAKEN and draft.due_at <= now()
        return "" if is_on_its_way else "Missing in Redis. The scheduler puts it back in time."
    off = scheduled_for - draft.due_at
    return "" if abs(off) <= _SAME else f"Redis has it {off.total_seconds():+.3f} s off."


def _orphans(found: InRedis) -> Iterator[Row]:
    """Jobs for which no draft is pending; they would find nothing to do when they are due."""
    unknown = {job_id: at for job_id, at in found.entries if job_id not in found.jobs}
    draft_ids = {job_id: draft_id_of(job_id) for job_id in unknown}
    query = _drafts_with_owners().where(Draft.id.in_(filter(None, draft_ids.values())))
    drafts = {draft.id: (draft, owner) for draft, owner in db.session.execute(query).all()}
    for job_id, at in unknown.items():
        draft_id = draft_ids[job_id]
        draft, owner = drafts.get(draft_id, (None, "")) if draft_id else (None, "")
        reason = _orphaned(draft, job_id) if draft_id else "it is no job of this product"
        if reason:
            yield Row(job_id, at, owner, f"Orphan: {reason}. The scheduler removes it.")


def _orphaned(draft: Draft | None, job_id: str) -> str:
    """Why no draft waits for this job; empty where one does, on another page."""
    if draft is None:
        return "there is no such draft"
    if draft.status != Status.PENDING:
        return f"its draft is {Status(draft.status).label.lower()}"
    return "" if draft.job_id == job_id else "its draft waits for another attempt"
