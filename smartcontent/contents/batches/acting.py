"""What can be done with a whole batch: paused, resumed, cancelled, tried again.

Each act is one conditional UPDATE of all drafts that the batch asked for; what people asked for
of its contents afterwards is theirs, and goes on.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import lazyload

from smartcontent import events
from smartcontent.contents import quotas, versions
from smartcontent.contents.batches.submitting import Timing
from smartcontent.contents.ending import cancel_many
from smartcontent.contents.locking import held_there
from smartcontent.models import Batch, Content, Draft, Status, What, history, now
from smartcontent.models.moments import UtcDateTime, rounded_up
from smartcontent.models.search_index import make_all_findable, words_of
from smartcontent.models.status import WAITS
from smartcontent.progress.batches import announce
from smartcontent.scheduling import schedule_drafts, unschedule_drafts
from smartcontent.stores.sql import db


def pause(batch: Batch) -> int:
    """Hold what waits; answers how many drafts that were.

    What is being written goes on, also through further attempts.
    """
    _set_paused(batch, now())
    here = (*_asked_for_by(batch), Draft.status.in_(WAITS))
    held = _moved(Status.HELD, What.HELD, *here, due_at=None)
    unschedule_drafts([draft.job_id for draft in held])
    _tell(batch, held)
    return len(held)


def resume(batch: Batch) -> int:
    """Let what is on hold go on, after a whole delay and as far apart as before; how many."""
    _set_paused(batch, None)
    ids = db.session.scalars(
        select(Draft.id)
        .where(*_asked_for_by(batch), Draft.status == Status.HELD)
        .order_by(Draft.id)
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
    here = (Draft.id.in_(times), Draft.status == Status.HELD)
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
    wanted = [_another(batch, content_id, number) for content_id, _, number in failed]
    if not wanted:
        db.session.rollback()
        return 0
    try:
        _add(batch, wanted, {content_id: current for content_id, current, _ in failed})
    except IntegrityError:  # somebody asked for a draft of one of them at the same moment
        db.session.rollback()
        return 0
    added = _added(batch, wanted)
    schedule_drafts([draft for draft in added if draft.due_at])
    _tell(batch, added)
    return len(added)


def _failed(batch: Batch) -> Sequence[Any]:
    """Content, number of its current draft, and the last one given, where the current failed."""
    return db.session.execute(
        select(Content.id, Content.current_number, versions.last_number())
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
        "due_at": None if batch.is_paused else rounded_up(now()),
        "created_at": now(),
    }


def _add(batch: Batch, wanted: Sequence[dict[str, Any]], shown: dict[Any, int]) -> None:
    """Store the drafts and show them in place of those that failed, where these are shown still.

    Raises:
        IntegrityError: a draft has one of the numbers already.
        smartcontent.contents.quotas.OverQuota: the user may not have so many.
    """
    numbers = {each["content_id"]: each["number"] for each in wanted}
    held_there([*numbers], to_change=True)
    versions.make_room_in_each([*numbers])
    db.session.execute(insert(Draft), wanted)
    _forget_texts([its for its, number in numbers.items() if _show(its, shown[its], number)])
    quotas.check(batch.user_id, of_batch=len(wanted))
    db.session.commit()
    db.session.expire_all()


def _show(content_id: Any, before: int, number: int) -> bool:
    """Show a version in place of another; False where that is no longer shown."""
    same = (Content.id == content_id, Content.current_number == before)
    changed = update(Content).where(*same).values(current_number=number).returning(Content.id)
    found = db.session.scalars(changed, execution_options={"synchronize_session": False}).all()
    return bool(found)


def _forget_texts(ids: Sequence[Any]) -> None:
    """Have contents found by title and brief alone: what there was of a text is not current."""
    query = select(Content).where(Content.id.in_(ids)).options(lazyload(Content.current))
    contents = db.session.scalars(query)
    make_all_findable((each.id, each.user_id, words_of(each, "")) for each in contents)


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
    db.session.refresh(batch, with_for_update=True)


def _tell(batch: Batch, drafts: Sequence[Draft]) -> None:
    events.publish_all(batch.user_id, "status", [draft.as_event() for draft in drafts])
    announce(batch)
