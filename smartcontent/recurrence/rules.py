"""When a series is due: a cron rule in a time zone, and how people say it.

On the day that clocks go forward a time that does not exist is the first one after it; on the day
that they go back a time that comes twice counts once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

LONGEST = 100  # characters of a rule
ZONE_LONGEST = 64  # of the name of a time zone
# By cronsim's names, in their order.
_FIELDS = {
    "minute": "minute",
    "hour": "hour",
    "day-of-month": "day of the month",
    "month": "month",
    "day-of-week": "day of the week",
}
_EVERY_HOUR = set(range(24))
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_WEEKDAYS = {1, 2, 3, 4, 5}
# Clocks are put by two hours at most; a moment is looked for from somewhat further away.
_AROUND = timedelta(days=1)


class RuleError(ValueError):
    """A rule or a time zone cannot be used; its text is one sentence for whoever wrote it."""


class ZoneError(RuleError):
    """A time zone that there is not."""


@dataclass(frozen=True)
class Rule:
    """A rule that was checked, such as "0 7 * * 1" in Europe/Berlin; made by `rule_of`."""

    cron: str  # as it was written
    exact: str  # with its hours as a list
    zone: ZoneInfo

    def due_after(self, moment: datetime) -> Iterator[datetime]:
        """The due times after this moment, in UTC, without an end."""
        dues = CronSim(self.exact, moment.astimezone(self.zone))
        # In an hour that comes twice cronsim may answer with the first of the two, which is past.
        return (due.astimezone(UTC) for due in dues if due.astimezone(UTC) > moment)

    def next_due(self, moment: datetime, count: int = 3) -> list[datetime]:
        """So many due times after this moment, in UTC."""
        return list(islice(self.due_after(moment), count))

    def due_between(self, after: datetime, until: datetime, most: int = 100) -> list[datetime]:
        """The due times after one moment and not after another: the first ones, so many at most."""
        return list(islice(takewhile(lambda due: due <= until, self.due_after(after)), most))

    def first_of_days(
        self, after: datetime, until: datetime, zone: ZoneInfo
    ) -> Iterator[tuple[datetime, bool]]:
        """The first due time of each day in a zone, and whether it is the only one of that day.

        What comes every hour costs no more than what comes every day.
        """
        dues = self.due_after(after)
        due = next(dues)
        while due <= until:
            following = next(dues)
            tomorrow = due.astimezone(zone).date() + timedelta(days=1)
            midnight = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
            yield due, following >= midnight
            if following < midnight:
                dues = self.due_after(midnight - timedelta(microseconds=1))
                following = next(dues)
            due = following

    def last_due(self, moment: datetime) -> datetime:
        """The last due time that is not after this moment, in UTC."""
        later = (moment.astimezone(UTC) + _AROUND).astimezone(self.zone)
        dues = (due.astimezone(UTC) for due in CronSim(self.exact, later, reverse=True))
        return next(due for due in dues if due <= moment)

    def in_words(self) -> str:
        """The rule as people say it: "every Monday at 07:00"."""
        return in_words(self.cron)


def in_words(cron: str) -> str:
    """A rule that was checked, as people say it."""
    return _in_words(CronSim(cron, datetime.now(UTC)))


def rule_of(cron: str, zone: str) -> Rule:
    """The rule in this zone.

    Raises:
        RuleError: It is none, never comes, or comes more often than once an hour.
        ZoneError: The time zone is none.
    """
    if len(cron) > LONGEST:
        raise RuleError(f"The rule has {len(cron):,} characters: at most {LONGEST} fit.")
    fields = cron.split()
    if len(fields) != len(_FIELDS):
        raise RuleError(
            f"A rule has five fields ({', '.join(_FIELDS.values())}), this one has {len(fields)}: "
            "every Monday at seven is 0 7 * * 1."
        )
    rule = Rule(cron, _exact(fields), zone_of(zone))
    if not rule.next_due(datetime.now(UTC), count=1):
        raise RuleError("The rule names a day that no calendar has.")
    return rule


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        ZoneError: there is none.
    """
    try:
        # Python looks for a name with slashes as for a module: too many break it.
        if len(name) <= ZONE_LONGEST:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    if not name:
        raise ZoneError("Choose a time zone, such as Europe/Berlin.")
    raise ZoneError(f"“{name[:60]}” is no time zone: use one as Europe/Berlin.")


def _exact(fields: list[str]) -> str:
    """The rule with its hours as a list.

    Behind a star cronsim counts hours as they pass, and a time that comes twice would count twice.
    """
    parsed = _parsed(fields)
    if len(parsed.minutes) > 1:
        raise RuleError("The rule comes more often than once an hour: name one minute.")
    hours = "*" if parsed.hours == _EVERY_HOUR else ",".join(map(str, sorted(parsed.hours)))
    return " ".join([str(min(parsed.minutes)), hours, *fields[2:]]).upper()


def _parsed(fields: list[str]) -> CronSim:
    try:
        return CronSim(" ".join(fields), datetime.now(UTC))
    except CronSimError as error:
        name = str(error).removeprefix("Bad ")
        typed = fields[list(_FIELDS).index(name)]
        if name == "day-of-month" and _is_read([*fields[:3], "*", fields[4]]):
            never = f"The rule never comes: there is no day {typed} in month {fields[3]}."
            raise RuleError(never) from None
        raise RuleError(f"“{typed}” is no {_FIELDS[name]} of a rule.") from None


def _is_read(fields: list[str]) -> bool:
    try:
        CronSim(" ".join(fields), datetime.now(UTC))
    except CronSimError:
        return False
    return True


def _in_words(rule: CronSim) -> str:
    is_daily = len(rule.hours) == 1 and len(rule.months) == 12 and rule.day_and
    at = f"at {min(rule.hours):02}:{min(rule.minutes):02}"
    if is_daily and len(rule.days) == 31:
        return f"every {_days_of_week(rule)} {at}" if _days_of_week(rule) else _explained(rule)
    if is_daily and len(rule.days) == 1 and rule.parts[5] == "*":
        return f"on the {_day_of_month(min(rule.days))} of every month {at}"
    return _explained(rule)


def _days_of_week(rule: CronSim) -> str:
    """Which days, in the order of the week; "" where they are of certain weeks only."""
    if any(isinstance(day, tuple) for day in rule.weekdays):
        return ""
    days = {day % 7 for day in rule.weekdays if isinstance(day, int)}
    if len(days) == 7:
        return "day"
    if days == _WEEKDAYS:
        return "weekday"
    *first, last = (_DAYS[day] for day in sorted(days, key=lambda day: day or 7))
    return f"{', '.join(first)} and {last}" if first else last


def _day_of_month(day: int) -> str:
    if day == CronSim.LAST:
        return "last day"
    if day == CronSim.LAST_WEEKDAY:
        return "last weekday"
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{day}{'th' if day in (11, 12, 13) else endings.get(day % 10, 'th')}"


def _explained(rule: CronSim) -> str:
    words = rule.explain()
    return words[0].lower() + words[1:]
