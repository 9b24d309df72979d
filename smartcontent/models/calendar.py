"""What is due, was written and will be made by series, by the day; each day costs the same."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Row, cast, func, select

from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.models.status import Status
from smartcontent.recurrence.rules import Rule, ZoneError, rule_of
from smartcontent.stores.sql import db

REVISIONS_MOST = 8_192  # of a draft; one that waits for its server for a day has 4,500


class Entry(NamedTuple):
    """A draft that is or was due at a time, or a series' time for which nothing is made yet."""

    at: datetime
    title: str
    status: Status | None  # None: of a series
    content_id: UUID | None = None
    series_id: UUID | None = None
    series_due_at: datetime | None = None
    is_only: bool = True  # of its series on this day


class Plan(NamedTuple):
    """A series as far as its times to come are concerned; of plain values."""

    series_id: UUID
    name: str
    cron: str
    timezone: str
    next_due: datetime

    @property
    def rule(self) -> Rule | None:
        """When it is due; None where its time zone is not known here any more."""
        try:
            return rule_of(self.cron, self.timezone)
        except ZoneError:
            return None


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins somewhere, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def drafts_due(
    user_id: int, after: datetime, before: datetime, most: int, are_last: bool = False
) -> list[Entry]:
    """The user's drafts due from one time on and before another: the first, or the last ones.

    Each content stands there once, with the draft that is due last; a cancelled one is none.
    """
    seen: dict[UUID, Entry] = {}
    rows = _rows(user_id, after, before, most, are_last)
    for row in sorted(rows, key=lambda row: row.due_at):
        seen[row.content_id] = Entry(
            row.due_at,
            row.title,
            Status(row.status),
            row.content_id,
            row.series_id,
            row.series_due_at,
        )
    return sorted(seen.values(), key=lambda entry: entry.at)


def _rows(
    user_id: int, after: datetime, before: datetime, most: int, are_last: bool
) -> Sequence[Row]:
    order = (Draft.due_at.desc(), Draft.id.desc()) if are_last else (Draft.due_at, Draft.id)
    shown = (Draft.content_id, Draft.due_at, Draft.status)
    of_content = (Content.title, Content.series_id, Content.series_due_at)
    query = (
        select(*shown, *of_content)
        .join(Draft.content)
        .where(Draft.user_id == user_id, Draft.due_at >= after, Draft.due_at < before)
        .where(Draft.status != Status.CANCELLED, Content.deleted_at.is_(None))
        .order_by(*order)
        .limit(most)
    )
    return db.session.execute(query).all()


def changes(ids: Collection[UUID]) -> dict[UUID, int]:
    """A number for each content that grows with all that happens to any draft of it."""
    highest = func.greatest if db.engine.dialect.name == "postgresql" else func.max
    given = highest(func.coalesce(Content.removed_number, 0), func.max(Draft.number))
    query = select(Content.id, cast(given, BigInteger) * REVISIONS_MOST + func.sum(Draft.revision))
    of_them = query.join(Content.drafts).where(Content.id.in_(ids)).group_by(Content.id)
    return {row[0]: row[1] for row in db.session.execute(of_them)}


def times_planned(
    plans: Iterable[Plan], after: datetime, before: datetime, zone: ZoneInfo
) -> list[Entry]:
    """What series will make between two times, for each the first of every day.

    Asks no store: it may be done in a thread.
    """
    entries = [
        Entry(due, plan.name, None, series_id=plan.series_id, is_only=is_only)
        for plan in plans
        if (rule := plan.rule)
        for due, is_only in rule.first_of_days(
            max(after, plan.next_due) - timedelta(microseconds=1),
            before - timedelta(microseconds=1),
            zone,
        )
    ]
    return sorted(entries)
