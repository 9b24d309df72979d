"""The acts on many that are on their way: a thread of the scheduler process takes their steps.

One step for each user in turn, so that nobody waits for another's thousands, and a pause after
each, in which others write. Any number of schedulers may do it at once.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

from flask import Flask
from redis import RedisError
from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from smartcontent.contents.bulk.acts import take_step
from smartcontent.models import BulkAct, User, now
from smartcontent.stores.sql import db, only_read
from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
PAUSE_SECONDS = 0.02
PUT_OFF = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)  # so long an act can be undone


class BulkRunner(Duty):
    """Takes one step for each user after the other."""

    def __init__(self, app: Flask) -> None:
        super().__init__("scheduler", "bulk", self.turn)
        self._app = app

    def turn(self) -> None:
        """Take a step for each user; where there is none, rest for a while."""
        taken = 0
        try:
            with self._app.app_context():
                taken = take_steps()
        except SQLAlchemyError as error:
            log.warning("no act on many gone on with, trying again: %s", error)
        if not taken:
            time.sleep(LOOK_SECONDS)


def take_steps() -> int:
    """Take the next step of the act of each user that is due first; how many acts had one."""
    acts = _open()
    for act in acts:
        try:
            take_step(act)
        except (OperationalError, RedisError):
            raise  # it is away, for all
        except Exception:
            log.exception("act=%s put off: its step breaks", act.id)
            _put_off(act)
        if act.finished_at:
            log.info("Done to many act=%s do=%s contents=%s", act.id, act.deed, act.changed)
        time.sleep(PAUSE_SECONDS)
    return len(acts)


def _put_off(act: BulkAct) -> None:
    """Let the acts of others go on, and its user's."""
    db.session.rollback()
    act.due_at = now() + PUT_OFF
    db.session.commit()


def _open() -> Sequence[BulkAct]:
    only_read()
    is_open = (BulkAct.finished_at.is_(None), BulkAct.due_at <= now())
    place = func.row_number().over(
        partition_by=BulkAct.user_id, order_by=(BulkAct.due_at, BulkAct.id)
    )
    query = select(BulkAct.id, place.label("place")).join(User, User.id == BulkAct.user_id)
    due = query.where(*is_open, User.is_enabled).subquery()
    first = select(BulkAct).join(due, due.c.id == BulkAct.id).where(due.c.place == 1)
    # In another order each time: one whose step breaks ends the turn of those behind it.
    acts = db.session.scalars(first.order_by(func.random())).all()
    db.session.commit()
    return acts


def forget() -> Iterator[int]:
    """Delete the record of acts that ended long ago; says after each how many they were."""
    while ids := _over():
        db.session.execute(delete(BulkAct).where(BulkAct.id.in_(ids)))
        db.session.commit()
        yield len(ids)


def _over() -> Sequence[object]:
    only_read()
    over = select(BulkAct.id).where(BulkAct.finished_at < now() - KEPT_FOR).limit(1)
    ids = db.session.scalars(over).all()
    db.session.commit()
    return ids
