"""Moments: now, as stored, as written, and rounded as people see them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """A moment as people's scripts read it: ISO 8601, UTC, milliseconds."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rounded_up(moment: datetime) -> datetime:
    """The moment in whole milliseconds, which is what people see: never earlier than it is."""
    moment += timedelta(microseconds=999)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def due_in(seconds: float) -> datetime:
    """That many seconds from now, in whole milliseconds."""
    return due_after(now(), seconds)


def due_after(moment: datetime, delay_seconds: float | None = None) -> datetime:
    """When what is asked for at a moment is due: after this delay, or after the usual one."""
    delay = usual_delay() if delay_seconds is None else timedelta(seconds=delay_seconds)
    return rounded_up(moment + delay)


def usual_delay() -> timedelta:
    """How long what is asked for waits where nobody chose another time."""
    return timedelta(seconds=current_app.config["GENERATION_DELAY_SECONDS"])


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone means nothing here")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
