"""The contents of series, made by the scheduler's process a minute before they are due.

From then on each is a content like any other, which waits in Redis for its due time. It is made in
one transaction with the step to its series' next time: who is killed in between has made nothing,
or all that the reconciler needs. Any number of processes may make at once.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from smartcontent.contents import quotas, submitting
from smartcontent.contents.quotas import OverQuota
from smartcontent.models import Content, Series, User, now
from smartcontent.models.moments import iso
from smartcontent.recurrence.rules import Rule, RuleError
from smartcontent.stores.sql import db, only_read
from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

# So long before the due time. It is not the usual delay, which may be set: with one of hours the
# times of a series that comes each hour would be passed over, with none its texts would be late.
AHEAD = timedelta(minutes=1)
LOOK_SECONDS = 2.0
# Where there is no room for a content: so seldom that those of others are not held up.
TRY_AGAIN = timedelta(seconds=10)
AT_ONCE = 100
SHORTEST = timedelta(microseconds=1)
LARGEST_SHIFT = timedelta(hours=12)  # of a time zone's offset, and more


class SeriesMaker(Duty):
    """Makes, every two seconds, what is due soon."""

    def __init__(self, app: Flask) -> None:
        super().__init__("scheduler", "series", self.turn)
        self._app = app
        self._is_set_right = False

    def turn(self) -> None:
        """Make what is due soon, and wait until it is time to look again."""
        looked = 0
        try:
            with self._app.app_context():
                if not self._is_set_right:
                    set_right()
                    self._is_set_right = True
                looked = make_all_due()
        except SQLAlchemyError as error:
            log.warning("no series looked after, trying again: %s", error)
        if looked < AT_ONCE:
            time.sleep(LOOK_SECONDS)


def make_all_due() -> int:
    """Make the next content of each series whose time comes soon; how many were looked at."""
    ids = _due_soon()
    for series_id in ids:
        make(series_id)
    return len(ids)


def set_right() -> None:
    """Have the next time of each series be one of its rule's, as it is not any more after an update
    of time zones: its text would come an hour early, and once more."""
    only_read()
    ids = db.session.scalars(select(Series.id).where(Series.next_due > now() + AHEAD)).all()
    db.session.commit()
    for series_id in ids:
        only_read()
        series = db.session.get(Series, series_id)
        is_right = series is None or _is_of_its_rule(series)
        db.session.commit()
        if not is_right:
            _set_right(series_id)


def _set_right(series_id: UUID) -> None:
    """Where a time was skipped, it stays so: the one is taken that is nearest to the old."""
    series = _taken(series_id, Series.next_due > now() + AHEAD)
    if series and series.next_due and not _is_of_its_rule(series):
        near = max(now(), series.next_due - LARGEST_SHIFT)
        series.next_due = max(series.rule.next_due(near, count=1)[0], series.first_unmade())
    db.session.commit()


def _is_of_its_rule(series: Series) -> bool:
    if series.next_due is None:
        return True
    try:
        return series.rule.next_due(series.next_due - SHORTEST, count=1) == [series.next_due]
    except RuleError:
        return True  # that is told when it is due


def _due_soon() -> Sequence[UUID]:
    moment = now()
    only_read()
    ids = db.session.scalars(
        select(Series.id)
        .join(User, User.id == Series.user_id)
        .where(
            Series.next_due <= moment + AHEAD,
            or_(Series.refused_at.is_(None), Series.refused_at < moment - TRY_AGAIN),
            User.is_enabled,
        )
        .order_by(Series.next_due)
        .limit(AT_ONCE)
    ).all()
    db.session.commit()
    return ids


def make(series_id: UUID) -> Content | None:
    """Make the next content of a series if its time comes soon; None where nothing was made.

    Of times that were missed, because everything was down or there was no room, the last one is
    made, at once, and the others are counted.
    """
    series = _taken(series_id)
    if series is None or series.next_due is None:
        db.session.rollback()
        return None
    try:
        due, missed = _time_to_make(series.rule, series.next_due, now() + AHEAD)
    except RuleError as error:
        _give_up(series, error)
        return None
    content = _content(series, due, missed)
    series.next_due, series.refused_at = series.rule.next_due(due, count=1)[0], None
    if not _is_stored(content, series_id):
        return None
    log.info("Series made a content series=%s due=%s missed=%s", series_id, iso(due), missed)
    submitting.tell(content)
    return content


def _taken(series_id: UUID, condition: ColumnElement[bool] | None = None) -> Series | None:
    """The series, if it is due (or as is asked for) and nobody else is at it; until the transaction
    ends nobody is."""
    is_due = Series.next_due <= now() + AHEAD if condition is None else condition
    due = select(Series).where(Series.id == series_id, is_due)
    return db.session.scalar(
        due.with_for_update(skip_locked=True, key_share=True),
        execution_options={"populate_existing": True},
    )


def _time_to_make(rule: Rule, first: datetime, horizon: datetime) -> tuple[datetime, int]:
    """The last time until the horizon, and how many from the first one on come before it."""
    missed = len(rule.due_between(first, horizon))
    return (rule.last_due(horizon) if missed else first), missed


def _content(series: Series, due: datetime, missed: int) -> Content:
    moment, settings = now(), dict(series.settings)
    content = submitting.new_content(
        series.user_id, series.brief, series.title, settings, moment, max(due, moment)
    )
    content.series_id, content.series_due_at, content.series_missed = series.id, due, missed
    return content


def _is_stored(content: Content, series_id: UUID) -> bool:
    db.session.add(content)
    try:
        quotas.check(content.user_id, is_of_series=True)
        db.session.commit()
    except OverQuota:
        _note_refusal(series_id)
        return False
    except IntegrityError:
        db.session.rollback()
        _step_over(series_id)
        return False
    return True


def _note_refusal(series_id: UUID) -> None:
    if series := _taken(series_id):
        series.refused_at = now()
    db.session.commit()


def _step_over(series_id: UUID) -> None:
    """Go on behind what is made already, as after a row was put back by hand."""
    if series := _taken(series_id):
        series.next_due = series.first_unmade()
    db.session.commit()


def _give_up(series: Series, error: RuleError) -> None:
    """Pause a series whose time zone this machine does not know any more: no other waits for it."""
    log.error("Series paused series=%s: %s", series.id, error)
    series.paused_at, series.next_due = now(), None
    db.session.commit()
