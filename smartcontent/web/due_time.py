"""When a draft is to start, as chosen on a page: after the usual delay, or at another time.

"Tomorrow 9:00" means the reader's tomorrow, and a field for a time has no zone: the page's script
works the moment out in the zone of the browser and sends it in UTC beside the choice. Where there
is no script both are in UTC, and the page says so.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo

from flask import Flask
from wtforms import Form, StringField, ValidationError
from wtforms.fields import Field

from smartcontent.briefs.wishes import LONGEST_DELAY
from smartcontent.contents import waiting
from smartcontent.models import Content, now
from smartcontent.models.moments import usual_delay

MORNING = time(9)
LAST = datetime.max.replace(tzinfo=UTC) - timedelta(minutes=1)
AT = "at"  # the choice of the time in the field


def _morning(moment: datetime, days: int) -> datetime:
    return datetime.combine(moment.date() + timedelta(days), MORNING, UTC)


# Each with its words, and its moment as it is in UTC.
CHOICES: dict[str, tuple[str, Callable[[datetime], datetime]]] = {
    "hour": ("In an hour", lambda moment: moment + timedelta(hours=1)),
    "tomorrow": ("Tomorrow 9:00", lambda moment: _morning(moment, 1)),
    "monday": ("Monday 9:00", lambda moment: _morning(moment, 7 - moment.weekday())),
}
IN_EVERY_ZONE = {"hour"}


def init_app(app: Flask) -> None:
    app.add_template_global(due_choices)
    app.add_template_global(field_limits)
    app.add_template_filter(as_field)


def due_choices() -> list[tuple[str, str, str]]:
    """Each choice, its words, and the same where the reader's zone is not known."""
    return [
        (name, words, words if name in IN_EVERY_ZONE else f"{words} (UTC)")
        for name, (words, _) in CHOICES.items()
    ]


def as_field(moment: datetime, zone: tzinfo = UTC) -> str:
    """A moment as a field for a time holds it: without seconds, never earlier."""
    up = min(moment, LAST) + timedelta(seconds=59, microseconds=999_999)
    return up.astimezone(zone).isoformat()[:16]


def field_limits(zone: tzinfo = UTC) -> dict[str, str]:
    """From when to when a field for a time goes."""
    latest = now() + LONGEST_DELAY - timedelta(minutes=1)
    return {"min": as_field(now(), zone), "max": as_field(latest, zone)}


def moment_at(typed: str, zone: tzinfo = UTC) -> datetime:
    """The moment that a field for a time holds, by the clocks of a zone.

    Raises:
        ValueError: there is none in it; the message is for people.
    """
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError as error:
        raise ValueError("Choose a date and a time.") from error
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # at an end of the calendar, where no hour matters
        return moment.replace(tzinfo=UTC)


class DueTimeForm(Form):
    """The choice of a brief that is to be written; `due_at` is None for the usual delay."""

    when = StringField()
    at = StringField()
    at_utc = StringField()

    due_at: datetime | None = None

    @classmethod
    def of_undone(cls, content: Content) -> "DueTimeForm | None":
        """The time that was chosen for a content that was taken back, if it is still to come."""
        draft = content.current
        if content.deleted_at is None or draft.due_at is None or draft.due_at <= now():
            return None
        if abs(draft.due_at - content.created_at - usual_delay()) < timedelta(seconds=1):
            return None
        form = cls(data={"when": AT})
        form.due_at = draft.due_at
        return form

    def validate_at(self, _field: Field) -> None:
        """Find the due time.

        Raises:
            ValidationError: there is none, or it is past or too far ahead.
        """
        try:
            self.due_at = self._chosen()
        except (ValueError, OverflowError) as error:
            raise ValidationError("Choose a date and a time.") from error
        try:
            waiting.check_due_time(self.due_at)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def _chosen(self) -> datetime | None:
        when = self.when.data
        if not when:
            return None
        if when in CHOICES and not self.at_utc.data:
            return CHOICES[when][1](now())
        return moment_at(self.at_utc.data or self.at.data or "")


class LaterForm(DueTimeForm):
    """The choice for a draft that waits: so many minutes `since` its due time, too."""

    minutes = StringField()
    since: datetime | None = None

    def _chosen(self) -> datetime | None:
        if self.minutes.data:
            return (self.since or now()) + timedelta(minutes=float(self.minutes.data))
        self.when.data = self.when.data or AT
        return super()._chosen()
