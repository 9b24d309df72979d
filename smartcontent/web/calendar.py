"""A month of what is due, was written and will be made; and the same for other calendars."""

import calendar as months
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.exceptions import BadRequest, NotFound

from smartcontent.accounts import feeds
from smartcontent.contents import waiting
from smartcontent.extensions import login
from smartcontent.models import Series, Status, User, now
from smartcontent.models.calendar import (
    Entry,
    Plan,
    changes,
    day_begins,
    drafts_due,
    times_planned,
)
from smartcontent.recurrence.rules import ZoneError, zone_of
from smartcontent.stores.sql import only_read_from_here
from smartcontent.texts.calendar import MEDIA_TYPE, Event, calendar
from smartcontent.web import limiter
from smartcontent.web.addresses import public_url
from smartcontent.web.contents import own_content
from smartcontent.web.due_time import moment_at
from smartcontent.web.rule_form import zone_names
from smartcontent.web.threads import few_at_once

bp = Blueprint("calendar", __name__, url_prefix="/calendar")

IN_CELL = 4
OF_DAY = 200
OF_CELL = 20  # looked at, as one content may have several drafts
FEED_BACK, PLANNED_AHEAD = timedelta(days=30), timedelta(days=31)
FEED_MOST = 300  # of what is past, of what is due, of what will be made
SEQUENCE_LARGEST = 2**31 - 1
YEARS = range(2000, 2200)
WRONG_FEEDS = limiter.Limit("wrong-feeds", most=30, seconds=60)
FEEDS = limiter.Limit("feeds", most=30, seconds=60)
TOO_OFTEN = "This calendar is asked for too often: once every few minutes is enough."


class Day(NamedTuple):
    """A day of the month's page; `more` where not all is shown."""

    day: date
    entries: list[Entry]
    more: int


class Refused(NamedTuple):
    """A time that was typed for a content and cannot be."""

    content_id: UUID
    typed: str
    why: str


class Where(NamedTuple):
    """Which month and day are shown, by whose clocks."""

    zone: ZoneInfo
    is_known: bool  # whether the zone was said
    first: date
    day: date

    def link(self, day: date) -> str:
        """The address of a day in its month."""
        return url_for(".show", zone=self.zone.key, day=day.isoformat(), _anchor="day")


@bp.get("/")
@login_required
def show() -> ResponseReturnValue:
    """The month around a day, and that day; by UTC where somebody typed a zone that is none."""
    zone, day = request.args.get("zone", ""), request.args.get("day", "")
    try:
        zone_of(zone or "UTC")
    except ZoneError as error:
        return _page(_where("UTC", day), zone={"typed": zone, "why": str(error)}), 400
    return _page(_where(zone, day))


@bp.post("/move/<uuid:content_id>")
@login_required
def move(content_id: UUID) -> ResponseReturnValue:
    """Give a draft that waits another due time, or the same time of another day."""
    where = _where(request.form.get("zone", ""), request.form.get("day", ""))
    draft = own_content(content_id).current
    typed = request.form.get("at")
    if draft.due_at is None:
        return _moved(where, "It is on hold: release it first.")
    try:
        due_at = _same_time(draft.due_at, where) if typed is None else moment_at(typed, where.zone)
        if not waiting.put_off(draft, due_at):
            return _moved(where, "It has just started: its time stays.")
    except ValueError as error:
        if typed is None:
            return _moved(where, str(error))
        return _page(where, refused=Refused(content_id, typed, str(error))), 422
    day = due_at.astimezone(where.zone).date()
    return _moved(where._replace(day=day), "It has another time.")


@bp.post("/feed")
@login_required
def new_feed() -> ResponseReturnValue:
    """Make a secret address for other calendars, shown this once; an earlier one ends."""
    if not current_user.hold():  # a new password came first
        return login.unauthorized()
    secret = feeds.renew(current_user)
    return _page(_where(request.form.get("zone", ""), ""), secret)


@bp.post("/feed/revoke")
@login_required
def revoke_feed() -> ResponseReturnValue:
    """Make the secret address useless."""
    feeds.revoke(current_user)
    where = _where(request.form.get("zone", ""), "")
    return _moved(where, "The calendar's address no longer works.")


@bp.get("/feed/<string(maxlength=60):secret>.ics")
def feed(secret: str) -> ResponseReturnValue:
    """What is due, for a calendar that knows the secret address; nothing of the texts."""
    user = User.with_feed(secret)
    if user is None:
        limiter.check(WRONG_FEEDS, TOO_OFTEN, limiter.network())
        raise NotFound
    limiter.check(FEEDS, TOO_OFTEN, user.id)
    document = few_at_once(calendar, "Smart Content", _events(user.id), now())
    headers = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    return Response(document, mimetype=MEDIA_TYPE.partition(";")[0], headers=headers)


def _where(zone_name: str, day_name: str) -> Where:
    try:
        zone = zone_of(zone_name or "UTC")
        day = date.fromisoformat(day_name) if day_name else now().astimezone(zone).date()
    except (ZoneError, ValueError) as error:
        raise BadRequest from error
    if day.year not in YEARS:
        raise BadRequest
    return Where(zone, bool(zone_name), day.replace(day=1), day)


def _moved(where: Where, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(where.link(where.day), 303)


def _same_time(due_at: datetime, where: Where) -> datetime:
    """That time of the day that was chosen."""
    same_time = due_at.astimezone(where.zone).time()
    return datetime.combine(where.day, same_time, where.zone).astimezone(UTC)


def _page(where: Where, secret: str | None = None, **wrong: Any) -> str:
    only_read_from_here()
    first = where.first - timedelta(days=where.first.weekday())
    last = where.first.replace(day=months.monthrange(where.first.year, where.first.month)[1])
    days = [first + timedelta(days=n) for n in range((last - first).days + 7 - last.weekday())]
    planned = _planned(days, where.zone)
    shown = [_day(day, planned, where.zone) for day in days]
    entries = _entries(where.day, planned, where.zone, OF_DAY)
    return render_template(
        "calendar/month.html",
        where=where,
        weeks=[shown[n : n + 7] for n in range(0, len(shown), 7)],
        entries=entries,
        before=where.first - timedelta(days=1),
        after=last + timedelta(days=1),
        today=now().astimezone(where.zone).date(),
        zones=zone_names(),
        feed=secret and public_url(".feed", secret=secret),
        **wrong,
    )


def _planned(days: list[date], zone: ZoneInfo) -> dict[date, list[Entry]]:
    """What series will make, by the day; of a hundred series it takes a fraction of a second."""
    span = day_begins(days[0], zone), day_begins(days[-1] + timedelta(days=1), zone)
    by_day: dict[date, list[Entry]] = {}
    for entry in few_at_once(times_planned, _plans(current_user.id), *span, zone):
        by_day.setdefault(entry.at.astimezone(zone).date(), []).append(entry)
    return by_day


def _plans(user_id: int) -> list[Plan]:
    return [
        Plan(series.id, series.name, series.cron, series.timezone, max(series.next_due, now()))
        for series in Series.of(user_id)
        if series.next_due
    ]


def _day(day: date, planned: dict[date, list[Entry]], zone: ZoneInfo) -> Day:
    entries = _entries(day, planned, zone, OF_CELL)
    return Day(day, entries[:IN_CELL], max(0, len(entries) - IN_CELL))


def _entries(day: date, planned: dict[date, list[Entry]], zone: ZoneInfo, most: int) -> list[Entry]:
    span = day_begins(day, zone), day_begins(day + timedelta(days=1), zone)
    due = drafts_due(current_user.id, *span, most)
    return sorted([*due, *planned.get(day, ())], key=lambda entry: entry.at)


def _events(user_id: int) -> list[Event]:
    moment = now()
    until = moment + PLANNED_AHEAD
    past = drafts_due(user_id, moment - FEED_BACK, moment, FEED_MOST, are_last=True)
    due = drafts_due(user_id, moment, moment + waiting.LONGEST_DELAY, FEED_MOST)
    planned = few_at_once(times_planned, _plans(user_id), moment, until, ZoneInfo("UTC"))
    entries = [*past, *due, *planned[:FEED_MOST]]
    changed = changes({entry.content_id for entry in entries if entry.content_id})
    events = (_event(entry, changed.get(entry.content_id, 0)) for entry in entries)
    # Of a content with a draft on each side of this moment, the one to come.
    return list({event.uid: event for event in events}.values())


def _event(entry: Entry, sequence: int) -> Event:
    # What a series makes takes the place of what was planned for that time.
    series_due = entry.at if entry.status is None else entry.series_due_at
    of_series = entry.series_id and series_due and f"{entry.series_id}-{series_due:%Y%m%dT%H%M%SZ}"
    if entry.content_id:
        url = url_for("contents.show", content_id=entry.content_id, _external=True)
    else:
        url = url_for("series.show", series_id=entry.series_id, _external=True)
    return Event(
        uid=f"{of_series or entry.content_id}@smartcontent",
        begins=entry.at,
        summary=entry.title,
        description=Status(entry.status).label if entry.status else "Written by a series",
        url=url,
        # Of all drafts: another calendar takes no event that has a lower one than before.
        sequence=min(sequence, SEQUENCE_LARGEST),
    )
