"""What a draft waits for, and how many are before it."""

from sqlalchemy import and_, func, or_, select, tuple_

from smartcontent.extensions import db
from smartcontent.models import Draft, Status, now
from smartcontent.models.draft import iso


def seconds_until_start(draft: Draft) -> float | None:
    """How long until its time comes; 0 when it has come, None when it waits for no time."""
    if draft.due_at is None or draft.status not in (Status.PENDING, Status.QUEUED):
        return None
    return max(0.0, round((draft.due_at - now()).total_seconds(), 3))


def drafts_ahead(draft: Draft) -> int | None:
    """How many drafts of all users are due and come first; None when it does not wait."""
    if draft.due_at is None or draft.status not in (Status.PENDING, Status.QUEUED):
        return None
    is_due = or_(
        Draft.status == Status.QUEUED,
        and_(Draft.status == Status.PENDING, Draft.due_at <= now()),
    )
    is_before = tuple_(Draft.due_at, Draft.id) < (draft.due_at, draft.id)
    return db.session.scalar(select(func.count()).select_from(Draft).where(is_due, is_before))


def waiting_for(draft: Draft, ahead: int | None) -> str | None:
    """What has to happen next, in a sentence; None when it has ended."""
    if draft.status == Status.HELD:
        return "It is on hold: it waits for you to start it."
    if draft.status == Status.GENERATING:
        return "The Ollama model is writing it."
    if draft.status == Status.QUEUED:
        return f"It is due: {_drafts(ahead or 0)} ahead of it, then the next free worker takes it."
    if draft.status == Status.PENDING:
        return _until_due(draft)
    return None


def _until_due(draft: Draft) -> str:
    if not seconds_until_start(draft):
        return "Its time has come: the scheduler queues it next."
    when = iso(draft.due_at)
    if draft.failures:
        return f"It is tried again at {when}, since the last attempt failed: {draft.error}"
    return f"It starts at {when}."


def _drafts(count: int) -> str:
    return {0: "no draft is", 1: "1 draft is"}.get(count, f"{count:,} drafts are")
