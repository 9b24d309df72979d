"""How much one user may ask for: drafts that are not finished, and submissions within a minute.

Counted in the database, in the transaction that submits, and one submission of a user after the
other: of any number at once no more get through than may.
"""

import math
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Select, func, select, union_all
from werkzeug.exceptions import TooManyRequests

from smartcontent.contents.locking import one_after_the_other
from smartcontent.models import UNFINISHED, Batch, Draft, Origin, now
from smartcontent.stores.sql import db

# Nobody knows when a draft will be finished; this is when it is worth to look again.
LOOK_AGAIN_SECONDS = 60
MINUTE = timedelta(minutes=1)


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
    refusal = _too_many_unfinished(user_id, of_batch)
    if not (refusal or is_of_series):
        refusal = _too_fast(user_id)
    if refusal:
        db.session.rollback()
        raise refusal


def _too_many_unfinished(user_id: int, of_batch: int) -> OverQuota | None:
    most: int = current_app.config["UNFINISHED_PER_USER"]
    of_user = select(Draft.id).where(Draft.user_id == user_id, Draft.status.in_(UNFINISHED))
    counted = of_user.limit(most + 1).subquery()
    if (db.session.scalar(select(func.count()).select_from(counted)) or 0) <= most:
        return None
    return OverQuota(
        f"One account may have {most:,} unfinished drafts, and {_so_many(of_batch)}",
        retry_after=LOOK_AGAIN_SECONDS,
    )


def _so_many(of_batch: int) -> str:
    if of_batch:
        advice = "wait until some are done, cancel some, or send fewer rows."
        return f"with the {of_batch:,} of this batch you would have more: {advice}"
    return "so many you have: wait until some are done, or cancel some."


def _too_fast(user_id: int) -> OverQuota | None:
    most: int = current_app.config["SUBMISSIONS_PER_MINUTE"]
    moment = now()
    since = moment - MINUTE
    asked = union_all(_singles(user_id, since), _batches(user_id, since)).subquery()
    asked_at = asked.c.created_at
    one_too_many = db.session.scalar(
        select(asked_at).order_by(asked_at.desc()).offset(most).limit(1)
    )
    if one_too_many is None:
        return None
    wait = max(1, math.ceil((one_too_many + MINUTE - moment).total_seconds()))
    seconds = "a second" if wait == 1 else f"{wait} seconds"
    return OverQuota(
        f"One account may ask for {most:,} texts within a minute, and these you have had: "
        f"wait {seconds}, then send it again.",
        retry_after=wait,
    )


def _singles(user_id: int, since: datetime) -> Select[Any]:
    return select(Draft.created_at).where(
        Draft.user_id == user_id,
        Draft.origin != Origin.EDITED,
        Draft.batch_id.is_(None),
        Draft.created_at > since,
    )


def _batches(user_id: int, since: datetime) -> Select[Any]:
    return select(Batch.submitted_at.label("created_at")).where(
        Batch.user_id == user_id, Batch.submitted_at > since
    )
