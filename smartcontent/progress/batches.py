"""How far a batch is: its contents by status, and when the last will be done."""

import logging
import math
from dataclasses import asdict, dataclass
from statistics import median
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.exc import OperationalError

from smartcontent import events
from smartcontent.models import UNFINISHED, Batch, Content, Draft, Status, now
from smartcontent.models.status import WAITS
from smartcontent.progress.estimates import LEARNED_FROM, estimate_for
from smartcontent.progress.outlook import workers
from smartcontent.prompts.request import model_for
from smartcontent.stores.sql import db, only_read

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """What page, API and event say of a batch; every status is in `by_status`.

    `eta_seconds` is until all of it has ended; None while nothing can be said.
    """

    id: str
    name: str
    total: int
    by_status: dict[str, int]
    eta_seconds: float | None
    paused: bool

    @property
    def unfinished(self) -> int:
        return sum(self.by_status[status] for status in UNFINISHED)

    @property
    def ended(self) -> int:
        return self.total - self.unfinished


def progress_of(batch: Batch) -> Progress:
    """How a batch stands at this moment."""
    rows = db.session.execute(
        _current(batch.id).with_only_columns(Draft.status, func.count()).group_by(Draft.status)
    )
    counted = {status: count for status, count in rows}
    counts = {status.value: counted.get(status, 0) for status in Status}
    eta = None if batch.is_paused else _eta(batch.id, sum(counts[each] for each in UNFINISHED))
    return Progress(str(batch.id), batch.name, batch.total, counts, eta, batch.is_paused)


def _current(batch_id: UUID) -> Select[Draft]:
    """The current drafts of its contents."""
    is_current = (Draft.content_id == Content.id) & (Draft.number == Content.current_number)
    return select(Draft).join(Content, is_current).where(Content.batch_id == batch_id)


def _eta(batch_id: UUID, left: int) -> float | None:
    seconds = _usual_seconds(batch_id) if left else None
    if seconds is None:
        return None
    waits = _current(batch_id).where(Draft.status.in_(WAITS))
    due = func.min(Draft.due_at), func.max(Draft.due_at)
    first, last = db.session.execute(waits.with_only_columns(*due)).one()
    moment = now()
    until_first, until_last = (
        max(0.0, (due_at - moment).total_seconds()) if due_at else 0.0 for due_at in (first, last)
    )
    rounds = math.ceil(left / max(1, workers()))
    return round(max(until_first + rounds * seconds, until_last + seconds), 1)


def _usual_seconds(batch_id: UUID) -> float | None:
    """How long a text of it takes: by its own last ones, or by others like its first."""
    ended = _current(batch_id).where(
        Draft.status == Status.COMPLETED,
        Draft.started_at.is_not(None),
        Draft.finished_at.is_not(None),
    )
    rows = db.session.execute(
        ended.with_only_columns(Draft.started_at, Draft.finished_at)
        .order_by(Draft.finished_at.desc())
        .limit(LEARNED_FROM)
    ).all()
    if rows:
        return median((row.finished_at - row.started_at).total_seconds() for row in rows)
    like = select(Content).where(Content.batch_id == batch_id).order_by(Content.batch_row).limit(1)
    content = db.session.scalar(like)
    estimate = content and estimate_for(content, model_for(content))
    return estimate.seconds if estimate else None


def announce(batch: Batch) -> None:
    """Tell the owner's open pages how it stands; call it after the commit."""
    only_read()
    found = progress_of(batch)
    db.session.commit()
    events.publish(batch.user_id, "batch", asdict(found))


def announce_of(draft: Draft) -> None:
    """Tell how the batch stands that asked for a draft, if one did; no text is lost over it."""
    if draft.batch_id is None:
        return
    try:
        only_read()
        batch = db.session.get(Batch, draft.batch_id)
        if batch is not None:
            db.session.refresh(batch)
            announce(batch)
    except OperationalError as error:
        log.warning("batch=%s not told of: %s", draft.batch_id, error.orig)
