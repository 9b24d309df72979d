"""What a person does with a series: begin, change, pause, resume, skip once, end.

All but the first take a series that was found to be changed: until they commit nothing of it is
made, so a time is never lost between two of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from smartcontent.briefs.brief import TITLED_BRIEF, title_of
from smartcontent.briefs.submission import UNTIMED
from smartcontent.briefs.voice import Voice
from smartcontent.contents import quotas
from smartcontent.contents.locking import one_after_the_other
from smartcontent.models import Series, now
from smartcontent.models.series import NAME_LONGEST
from smartcontent.stores.sql import db

SERIES_MOST = 100  # of one user


class TooManySeries(ValueError):
    """The user has as many as one may; the text is for people."""


@dataclass(frozen=True)
class Plan:
    """What is to be written when: values that were read, and a rule that was checked."""

    values: Mapping[str, Any]  # of UNTIMED
    cron: str
    timezone: str
    name: str = ""  # empty: the title
    voice: Voice | None = None

    def columns(self) -> dict[str, Any]:
        """What a series keeps of it."""
        given = {name: value for name, value in self.values.items() if value not in (None, "", ())}
        return {
            "name": (self.name or title_of(given))[:NAME_LONGEST],
            "fields": {name: _kept(given[name]) for name in TITLED_BRIEF if name in given},
            "settings": {
                name: given[name] for name in UNTIMED if name in given.keys() - TITLED_BRIEF
            },
            "voice": self.voice,
            "cron": self.cron,
            "timezone": self.timezone,
        }


def _kept(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def begin(user_id: int, plan: Plan, is_paused: bool = False, key: str | None = None) -> Series:
    """Begin a series; sent again with the key of its form, it is the one that there is.

    Raises:
        TooManySeries: the user may have no other.
        smartcontent.contents.quotas.OverQuota: it comes soon, and the user has asked for more texts
            than one may.
    """
    one_after_the_other(user_id)
    series = Series(user_id=user_id, idempotency_key=key, **plan.columns())
    if is_paused:
        series.paused_at = now()
    else:
        series.next_due = series.rule.next_due(now(), count=1)[0]
    db.session.add(series)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        return db.session.scalars(
            select(Series).filter_by(user_id=user_id, idempotency_key=key)
        ).one()
    _check_number(user_id)
    quotas.check_series(user_id, series.next_due)
    db.session.commit()
    return series


def _check_number(user_id: int) -> None:
    own = select(func.count()).select_from(Series).where(Series.user_id == user_id)
    if (db.session.scalar(own) or 0) > SERIES_MOST:
        db.session.rollback()
        raise TooManySeries(
            f"One account may have {SERIES_MOST} series, and so many you have: delete one first."
        )


def change(series: Series, plan: Plan | None = None, is_paused: bool | None = None) -> None:
    """Give a series another brief, name or rule, pause it, or have it go on; None leaves it so.

    What it has made stays as it is. A time that is skipped stays so, unless the rule is another.
    Where it goes on, what has passed meanwhile is left out.

    Raises:
        smartcontent.contents.quotas.OverQuota: it has another next time, as `begin` says it.
    """
    before = series.cron, series.timezone, series.is_paused
    for name, value in (plan.columns() if plan else {}).items():
        setattr(series, name, value)
    if is_paused and not series.is_paused:
        series.paused_at, series.next_due, series.refused_at = now(), None, None
    elif is_paused is False:
        series.paused_at = None
    if before[:2] != (series.cron, series.timezone):
        series.skipped_due = None
    if before != (series.cron, series.timezone, series.is_paused) and not series.is_paused:
        series.next_due = series.first_unmade()
        quotas.check_series(series.user_id, series.next_due)
    db.session.commit()


def pause(series: Series) -> None:
    """Make nothing more until it is resumed. What is made already starts at its time."""
    change(series, is_paused=True)


def resume(series: Series) -> None:
    """Go on with the next time that is to come and was not skipped.

    Raises:
        smartcontent.contents.quotas.OverQuota: as `begin` says it.
    """
    change(series, is_paused=False)


def skip(series: Series, due: datetime) -> bool:
    """Leave out its next time; False where that is another one by now."""
    if series.next_due != due:
        db.session.rollback()
        return False
    series.next_due = series.rule.next_due(max(due, now()), count=1)[0]
    series.skipped_due, series.refused_at = due, None
    db.session.commit()
    return True


def end(series: Series) -> None:
    """Delete a series; its contents stay."""
    db.session.delete(series)
    db.session.commit()
