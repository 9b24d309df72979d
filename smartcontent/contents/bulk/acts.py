"""One act on all that match: what matches is put on record, then done step by step.

Any process may take a step. What a step changes and that it was taken is one transaction, and one
process at a time has an act in hand: who is killed has taken the step, or not. What is done to
drafts comes before: done again, by another or after a kill, it has the same outcome.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

from sqlalchemy import delete, insert, select, update

from smartcontent import events
from smartcontent.contents.bulk.deeds import (
    AT_ONCE,
    IDS_MOST,
    OF_CONTENTS,
    OF_TAGS,
    Asked,
    Deed,
    Outcome,
    changed,
    done_to_drafts,
    tell,
)
from smartcontent.contents.locking import one_after_the_other
from smartcontent.contents.quotas import LOOK_AGAIN_SECONDS, OverQuota
from smartcontent.contents.tagging import as_written
from smartcontent.doors import Door, through
from smartcontent.models import BulkAct, BulkStep, now
from smartcontent.models.listing import Filters, matching
from smartcontent.scheduling.drafts import in_parts
from smartcontent.stores.sql import db, only_read, read_anew

MATCH_MOST = 50_000
# Of one user: an act of as many as may be keeps a few megabytes.
OPEN_MOST = 10
KEPT_MOST = 50
STEP = 100  # of what the scheduler does, who serves no pages
# Where there is no room for another draft: so seldom that nobody is held up by it.
TRY_AGAIN = timedelta(seconds=10)
OPPOSITE = {
    Deed.TRASH: Deed.RESTORE,
    Deed.RESTORE: Deed.TRASH,
    Deed.TAG: Deed.UNTAG,
    Deed.UNTAG: Deed.TAG,
}


class TooMany(ValueError):
    """More match than one act may have; the text is for people."""


def begin(
    user_id: int,
    which: Filters | Sequence[UUID],
    deed: Deed,
    tag: str = "",
    key: str | None = None,
) -> BulkAct:
    """Put on record what is to be done to all that match now, or to some; others take the steps.

    Sent again with the key of its form, it is the act that there is, whatever has become of it.

    Raises:
        TooMany: so many match that it is not done at once.
        OverQuota: so many acts of the user are on their way.
    """
    ids = (
        those_that_match(user_id, which)
        if isinstance(which, Filters)
        else list(dict.fromkeys(which))
    )
    its_id = uuid5(UUID(int=user_id), key) if key else uuid4()
    one_after_the_other(user_id)
    if known := BulkAct.find(user_id, its_id):
        db.session.commit()
        return known
    _make_room(user_id)
    moment = now()
    act = BulkAct(id=its_id, user_id=user_id, deed=deed, created_at=moment, due_at=moment)
    act.moment = moment if deed in (Deed.TRASH, Deed.CANCEL) else None
    act.tag = as_written(user_id, tag) if deed in OF_TAGS else ""
    _keep(act, [str(each) for each in ids])
    return act


def _make_room(user_id: int) -> None:
    own = select(BulkAct.id).where(BulkAct.user_id == user_id)
    is_open = BulkAct.finished_at.is_(None)
    if len(db.session.scalars(own.where(is_open).limit(OPEN_MOST)).all()) == OPEN_MOST:
        db.session.rollback()
        raise OverQuota(
            f"{OPEN_MOST} of your acts on many texts are on their way: wait until one has ended,"
            " or stop one.",
            retry_after=LOOK_AGAIN_SECONDS,
        )
    newest = own.order_by(BulkAct.created_at.desc()).limit(KEPT_MOST - 1)
    too_many = BulkAct.user_id == user_id, ~is_open, BulkAct.id.not_in(newest)
    db.session.execute(delete(BulkAct).where(*too_many))


def those_that_match(user_id: int, filters: Filters) -> Sequence[UUID]:
    """The ids of all that match at this moment.

    Raises:
        TooMany: so many match that nothing is done with them at once.
    """
    only_read()  # meanwhile others write
    ids = matching(user_id, filters, MATCH_MOST + 1)
    db.session.commit()
    if len(ids) > MATCH_MOST:
        raise TooMany(f"More than {MATCH_MOST:,} match: narrow it down, and do it part by part.")
    return ids


def _keep(act: BulkAct, ids: Sequence[str]) -> None:
    act.total = len(ids)
    if not ids:
        act.finished_at = now()
    db.session.add(act)
    db.session.flush()
    for number, some in enumerate(in_parts(ids, AT_ONCE if len(ids) <= IDS_MOST else STEP)):
        # One by one: SQLite lets others go on meanwhile.
        db.session.execute(insert(BulkStep), {"act_id": act.id, "number": number, "ids": some})
    db.session.commit()


def undo(act: BulkAct) -> BulkAct | None:
    """Stop an act and undo what it has changed, once; None where that is done, or cannot be.

    What somebody has changed since is left: of the trash, what was thrown away anew.
    """
    opposite = OPPOSITE.get(Deed(act.deed))
    if opposite is None or not _stopped(act):
        db.session.rollback()
        return None
    steps = select(BulkStep.changed).where(BulkStep.act_id == act.id, BulkStep.changed.is_not(None))
    ids = [each for some in db.session.scalars(steps) for each in some or ()]
    undoing = BulkAct(user_id=act.user_id, deed=opposite, tag=act.tag, undoes_id=act.id)
    undoing.moment = now() if opposite == Deed.TRASH else act.moment
    _keep(undoing, ids)
    return undoing


def stop(act: BulkAct) -> None:
    """Leave the rest of an act undone."""
    _lock(act)
    act.finished_at = act.finished_at or now()
    db.session.commit()
    _tell(act)


def _stopped(act: BulkAct) -> bool:
    moment = now()
    undone = db.session.execute(
        update(BulkAct)
        .where(BulkAct.id == act.id, BulkAct.undone_at.is_(None), BulkAct.undoes_id.is_(None))
        .values(undone_at=moment, finished_at=moment)
        .returning(BulkAct.id)
    ).all()
    return bool(undone)


def finish(act: BulkAct) -> BulkAct:
    """Take all of its steps, as far as they can be taken now."""
    while take_step(act):
        pass
    return act


def take_step(act: BulkAct) -> bool:
    """Take the next step; False where there is none that can be taken now."""
    step = _next_step(act)
    if step is None:
        return False
    deed, ids = Deed(act.deed), [UUID(each) for each in step.ids]
    asked = Asked(act.user_id, deed, act.tag, act.moment, f"bulk:{act.id}", act.total)
    with through(Door(act.door or Door.SYSTEM)):
        return _take(act, step, asked, ids)


def _take(act: BulkAct, step: BulkStep, asked: Asked, ids: Sequence[UUID]) -> bool:
    deed = asked.deed
    outcome = done_to_drafts(asked, ids)
    _lock(act)
    read_anew(step)
    if act.finished_at or step.changed is not None:  # another was faster, or it was stopped
        db.session.commit()
        return act.finished_at is None
    if deed in OF_CONTENTS:
        outcome = changed(asked, ids)
    _note(act, step, outcome)
    db.session.commit()
    if deed in OF_CONTENTS and act.total <= IDS_MOST:
        tell(asked, outcome)
    _tell(act)
    return act.finished_at is None and outcome.refusal is None


def _next_step(act: BulkAct) -> BulkStep | None:
    only_read()
    read_anew(act)  # it may have been stopped
    if act.finished_at:
        db.session.commit()
        return None
    steps = select(BulkStep).where(BulkStep.act_id == act.id, BulkStep.changed.is_(None))
    step = db.session.scalar(steps.order_by(BulkStep.number).limit(1))
    db.session.commit()
    return step


def _lock(act: BulkAct) -> None:
    read_anew(act, with_for_update=True)


def _note(act: BulkAct, step: BulkStep, outcome: Outcome) -> None:
    if outcome.refusal:
        act.due_at = now() + TRY_AGAIN
        return
    step.changed = [str(each) for each in outcome.changed]
    act.done += len(step.ids)
    act.changed += len(step.changed)
    act.left = dict(Counter(act.left) + Counter(why.value for why in outcome.left.values()))
    if act.done >= act.total:
        act.finished_at = now()


def _tell(act: BulkAct) -> None:
    events.publish(act.user_id, "bulk", as_event(act))


def as_event(act: BulkAct) -> dict[str, object]:
    """What an event says of an act, and what scripts read."""
    return {
        "id": str(act.id),
        "do": act.deed,
        "total": act.total,
        "done": act.done,
        "finished": act.finished_at is not None,
    }
