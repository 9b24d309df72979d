"""What can be done with a whole batch: paused, resumed, cancelled, tried again.

Each act is one conditional UPDATE of all drafts that the batch asked for; what people asked for
of its contents afterwards is theirs, and goes on.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, insert, literal, select, true, update
from sqlalchemy.exc import IntegrityError

from smartcontent import events
from smartcontent.contents import quotas, versions
from smartcontent.contents.batches.submitting import Timing
from smartcontent.contents.ending import cancel_many
from smartcontent.contents.locking import held_there
from smartcontent.models import Batch, Content, Draft, Status, What, history, now
from smartcontent.models.moments import UtcDateTime, rounded_up
from smartcontent.models.search_index import make_findable_later
from smartcontent.models.status import WAITS
from smartcontent.progress.batches import announce
from smartcontent.scheduling import schedule_drafts, unschedule_drafts
from smartcontent.stores.sql import db, read_anew

_PAUSED = (Draft.status == Status.HELD, Draft.is_paused.is_(true()))


def pause(batch: Batch) -> int:
    """Hold what waits; answers how many drafts that were. What is on hold by itself stays so.

    What is being written goes on, also through further attempts.
    """
    _set_paused(batch, now())
    here = (*_asked_for_by(batch), Draft.status.in_(WAITS))
    held = _moved(Status.HELD, What.HELD, *here, due_at=None, is_paused=True)
    unschedule_drafts([draft.job_id for draft in held])
    _tell(batch, held)
    return len(held)


def resume(batch: Batch) -> int:
    """Let what the pause holds go on, after a whole delay and as far apart as before; how many."""
    _set_paused(batch, None)
    ids = db.session.scalars(
        select(Draft.id).where(*_asked_for_by(batch), *_PAUSED).order_by(Draft.id)
    ).all()
    due_times = Timing(every_seconds=batch.every_seconds).due_times(now(), len(ids))
    released = _release(dict(zip(ids, due_times, strict=True)))
    schedule_drafts(released)
    _tell(batch, released)
    return len(released)


def _release(due_times: dict[int, datetime]) -> Sequence[Draft]:
    """Give each draft its due time, if it is on hold still; commits in any case."""
    if not due_times:
        db.session.commit()
        return []
    times = {draft_id: literal(moment, UtcDateTime) for draft_id, moment in due_times.items()}
    here = (Draft.id.in_(times), *_PAUSED)
    return _moved(Status.PENDING, What.RELEASED, *here, due_at=case(times, value=Draft.id))


def _moved(to: Status, what: What, *here: ColumnElement[bool], **values: object) -> Sequence[Draft]:
    """Change the status of drafts, as it is told of the content of each."""
    moved = Draft.move_all_in_session(to, *here, **values)
    ids = list({draft.content_id for draft in moved})
    history.note_all(ids, what, among=len(ids))
    db.session.commit()
    return moved


def cancel(batch: Batch) -> int:
    """Stop what has not ended; answers how many drafts that were."""
    stopped = cancel_many(batch.user_id, *_asked_for_by(batch))
    _set_paused(batch, None)
    db.session.commit()
    announce(batch)
    return len(stopped)


def retry(batch: Batch) -> int:
    """Ask for another draft, at once, wherever the current one has failed; answers of how many.

    Raises:
        smartcontent.contents.quotas.OverQuota: the user may not have so many.
    """
    _lock(batch)
    failed = _failed(batch)
    if not failed:
        db.session.rollback()
        return 0
    quotas.check_ahead(batch.user_id, len(failed), submissions=0)
    wanted = [_another(batch, each.id, each.last_number) for each in failed]
    try:
        _add(batch, wanted, failed)
    except IntegrityError:  # somebody asked for a draft of one of them at the same moment
        db.session.rollback()
        return 0
    added = _added(batch, wanted)
    schedule_drafts([draft for draft in added if draft.due_at])
    _tell(batch, added)
    return len(added)


def _failed(batch: Batch) -> Sequence[Any]:
    """The contents whose current draft has failed, and whether that has anything of a text."""
    has_text, last = (Draft.text != "").label("has_text"), versions.last_number()
    return db.session.execute(
        select(Content.id, Content.current_number, has_text, last.label("last_number"))
        .join(Draft, (Draft.content_id == Content.id) & (Draft.number == Content.current_number))
        .where(Content.batch_id == batch.id, Content.deleted_at.is_(None))
        .where(Draft.status == Status.FAILED)
        .order_by(Content.batch_row)
    ).all()


def _another(batch: Batch, content_id: Any, last: int) -> dict[str, Any]:
    return {
        "content_id": content_id,
        "user_id": batch.user_id,
        "batch_id": batch.id,
        "number": last + 1,
        "status": Status.HELD if batch.is_paused else Status.PENDING,
        "is_paused": batch.is_paused,
        "due_at": None if batch.is_paused else rounded_up(now()),
        "created_at": now(),
    }


def _add(batch: Batch, wanted: Sequence[dict[str, Any]], failed: Sequence[Any]) -> None:
    """Store the drafts and show them in place of those that failed, where these are shown still.

    Raises:
        IntegrityError: a draft has one of the numbers already.
        smartcontent.contents.quotas.OverQuota: the user may not have so many.
    """
    ids = [each.id for each in failed]
    held_there(ids, to_change=True)
    versions.make_room_in_each(ids)
    db.session.execute(insert(Draft), wanted)
    changes = [
        {"its_id": each.id, "before": each.current_number, "to": each.last_number + 1}
        for each in failed
    ]
    db.session.connection().execute(_SHOWN, changes)
    # Tokens of a thousand briefs take seconds, for which nobody else could write to SQLite. Where
    # a draft has failed without a text, a content is found by the brief alone already.
    make_findable_later([each.id for each in failed if each.has_text])
    quotas.check(batch.user_id, of_batch=len(wanted))
    db.session.commit()
    db.session.expire_all()


_SHOWN = (
    update(Content)
    .where(Content.id == bindparam("its_id"), Content.current_number == bindparam("before"))
    .values(current_number=bindparam("to"))
)


def _added(batch: Batch, wanted: Sequence[dict[str, Any]]) -> Sequence[Draft]:
    numbers = {each["content_id"]: each["number"] for each in wanted}
    drafts = db.session.scalars(
        select(Draft)
        .where(*_asked_for_by(batch), Draft.created_at >= wanted[0]["created_at"])
        .order_by(Draft.id)
    ).all()
    db.session.commit()
    return [draft for draft in drafts if numbers.get(draft.content_id) == draft.number]


def _asked_for_by(batch: Batch) -> tuple[ColumnElement[bool], ...]:
    contents = select(Content.id).where(Content.batch_id == batch.id)
    return (Draft.content_id.in_(contents), Draft.batch_id == batch.id)


def _set_paused(batch: Batch, moment: datetime | None) -> None:
    """Within the transaction of the act: of two acts at once one waits for the other."""
    _lock(batch)
    batch.paused_at = moment
    db.session.flush()


def _lock(batch: Batch) -> None:
    read_anew(batch, with_for_update=True)


def _tell(batch: Batch, drafts: Sequence[Draft]) -> None:
    events.publish_all(batch.user_id, "status", [draft.as_event() for draft in drafts])
    announce(batch)
