"""How much one user may ask for: drafts that are not finished, and submissions within a minute.

Counted in the database, in the transaction that submits, and one submission of a user after the
other: of any number at once no more get through than may. What is deleted meanwhile counts still.
"""

import math
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, Integer, bindparam, delete, func, insert, select, union_all
from werkzeug.exceptions import TooManyRequests

from smartcontent.contents.locking import one_after_the_other
from smartcontent.durations import exactly
from smartcontent.models import UNFINISHED, Asking, Batch, Draft, Origin, now
from smartcontent.stores.sql import db

# Nobody knows when a draft will be finished; this is when it is worth to look again.
LOOK_AGAIN_SECONDS = 60
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# Of batches that are cancelled at once nothing is unfinished, and a thousand rows are asked for as
# one: so many times what may be unfinished, within an hour.
TIMES_AN_HOUR = 5

# Made once: to put it together takes longer than to ask it.
_OF_USER = Draft.user_id == bindparam("user_id")
_UNFINISHED = select(Draft.id).where(_OF_USER, Draft.status.in_(UNFINISHED))
_SINGLES = select(Draft.created_at.label("at")).where(
    _OF_USER,
    Draft.origin != Origin.EDITED,
    Draft.batch_id.is_(None),
    Draft.created_at > bindparam("since"),
)
_BATCHES = select(Batch.submitted_at).where(
    Batch.user_id == bindparam("user_id"), Batch.submitted_at > bindparam("since")
)
_ROWS = select(Draft.created_at.label("at")).where(
    _OF_USER, Draft.batch_id.is_not(None), Draft.created_at > bindparam("since")
)
_ASKINGS = select(Asking.at).where(
    Asking.user_id == bindparam("user_id"), Asking.at > bindparam("since")
)
_ASKED_AT = union_all(_SINGLES, _BATCHES, _ASKINGS.where(~Asking.is_of_batch)).subquery().c.at
_UNFINISHED_MOST = bindparam("unfinished_most", type_=Integer)
# How many are unfinished, as far as one more than may be; and when the first of those that are one
# too many within the minute was asked for.
_COUNTED = select(
    select(func.count())
    .select_from(_UNFINISHED.limit(_UNFINISHED_MOST + 1).subquery())
    .scalar_subquery(),
    select(_ASKED_AT)
    .order_by(_ASKED_AT.desc())
    .offset(bindparam("minute_most", type_=Integer))
    .limit(1)
    .scalar_subquery(),
)
_ROW_AT = union_all(_ROWS, _ASKINGS.where(Asking.is_of_batch)).subquery().c.at
_OF_BATCHES = (
    select(_ROW_AT).order_by(_ROW_AT.desc()).offset(bindparam("hour_most", type_=Integer)).limit(1)
)


class OverQuota(TooManyRequests):
    """More than one user may ask for; with a sentence, and the seconds until it is worth a try."""


def check(user_id: int, of_batch: int = 0, is_of_series: bool = False) -> None:
    """Refuse the drafts that the session holds for a user if they are too many.

    Those of a batch are refused as a whole; within the minute a batch counts as one. A series is
    never too fast: it comes once an hour at most, and an account has so many series.

    Call it before the commit. What would break a rule of the database has done so before, so that
    a submission that is sent again counts for nothing.

    Raises:
        OverQuota: they are; nothing of the session is saved.
    """
    db.session.flush()
    one_after_the_other(user_id)
    _check(user_id, of_batch, is_of_series=is_of_series)


def check_series(user_id: int, due: datetime | None) -> None:
    """Count a series as a submission, whose next time was chosen and comes within the hour: begun
    and deleted in turns, or paused and resumed, it would make texts of which none is refused.

    Call it before the commit.

    Raises:
        OverQuota: the user has asked for more than one may; nothing of the session is saved.
    """
    if due and due <= now() + HOUR:
        db.session.add(Asking(user_id=user_id))
        check(user_id)
        _forget_old(user_id)


def count_still(user_id: int, *deleted: ColumnElement[bool]) -> None:
    """Have the user's drafts that this transaction deletes next count as what was asked for.

    They are given by their conditions; what is older than an hour is forgotten.
    """
    one_after_the_other(user_id)  # first, as who asks does: else two would wait for each other
    since = now() - HOUR
    asked_for = select(Draft.user_id, Draft.created_at, Draft.batch_id.is_not(None)).where(
        *deleted, Draft.origin != Origin.EDITED, Draft.created_at > since
    )
    columns = [Asking.user_id, Asking.at, Asking.is_of_batch]
    db.session.execute(insert(Asking).from_select(columns, asked_for))
    _forget_old(user_id)


def _forget_old(user_id: int) -> None:
    old = (Asking.user_id == user_id, Asking.at < now() - HOUR)
    db.session.execute(delete(Asking).where(*old))


def check_ahead(user_id: int, of_batch: int, submissions: int = 1) -> None:
    """Refuse a batch of so many drafts before the work of making it: it would be refused.

    Nobody waits for this; what is true when it is stored is checked again. To try a batch again is
    none of the `submissions` within the minute.

    Raises:
        OverQuota: so many would be too many, as `check` says it.
    """
    _check(user_id, of_batch, drafts=of_batch, submissions=submissions)


def _check(
    user_id: int,
    of_batch: int,
    *,
    is_of_series: bool = False,
    drafts: int = 0,
    submissions: int = 0,
) -> None:
    """Refuse what there is, with so many drafts and submissions that are to come."""
    moment = now()
    unfinished_most: int = current_app.config["UNFINISHED_PER_USER"]
    minute_most: int = current_app.config["SUBMISSIONS_PER_MINUTE"]
    most = {"unfinished_most": unfinished_most, "minute_most": minute_most - submissions}
    asked = {"user_id": user_id, "since": moment - MINUTE, **most}
    unfinished, one_too_many = db.session.execute(_COUNTED, asked).one()
    refusal = None
    if unfinished + drafts > unfinished_most:
        refusal = _too_many(unfinished_most, of_batch)
    elif one_too_many and not is_of_series:
        refusal = _too_fast(minute_most, one_too_many + MINUTE - moment)
    elif of_batch:
        refusal = _too_many_rows(user_id, of_batch, drafts)
    if refusal:
        db.session.rollback()
        raise refusal


def _too_many(most: int, of_batch: int) -> OverQuota:
    return OverQuota(
        f"One account may have {most:,} unfinished drafts, and {_so_many(of_batch)}",
        retry_after=LOOK_AGAIN_SECONDS,
    )


def _so_many(of_batch: int) -> str:
    if of_batch:
        advice = "wait until some are done, cancel some, or send fewer rows."
        return f"with the {of_batch:,} of this batch you would have more: {advice}"
    return "so many you have: wait until some are done, or cancel some."


def _too_many_rows(user_id: int, of_batch: int, to_come: int) -> OverQuota | None:
    moment = now()
    most: int = TIMES_AN_HOUR * current_app.config["UNFINISHED_PER_USER"]
    asked = {"user_id": user_id, "since": moment - HOUR, "hour_most": most - to_come}
    one_too_many = db.session.scalar(_OF_BATCHES, asked)
    if one_too_many is None:
        return None
    left = max(1, math.ceil((one_too_many + HOUR - moment).total_seconds()))
    return OverQuota(
        f"One account may ask for {most:,} texts in batches within an hour, and with the "
        f"{of_batch:,} of this one you would have more: wait {exactly(left)}, then try again.",
        retry_after=left,
    )


def _too_fast(most: int, left: timedelta) -> OverQuota:
    wait = max(1, math.ceil(left.total_seconds()))
    seconds = "a second" if wait == 1 else f"{wait} seconds"
    return OverQuota(
        f"One account may ask for {most:,} texts within a minute, and these you have had: "
        f"wait {seconds}, then send it again.",
        retry_after=wait,
    )
