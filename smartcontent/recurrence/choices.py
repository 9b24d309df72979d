"""Rules as people choose them on a form, and back: "every Monday at 07:00" instead of 0 7 * * 1."""

import re
from dataclasses import dataclass
from enum import StrEnum

from smartcontent.recurrence.rules import RuleError

LAST_DAY = "L"
DAYS_OF_MONTH = (*map(str, range(1, 32)), LAST_DAY)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?")
_AT_ONE_TIME = re.compile(r"([0-9]{1,2}) ([0-9]{1,2}) (\S+) \* (\S+)")


class WrongChoice(RuleError):
    """Something on the form is missing: what it is called there, beside the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Often(StrEnum):
    """How often, as people say it."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CRON = "cron"


@dataclass(frozen=True)
class Choice:
    """What is chosen on the form; which of it counts depends on `often`."""

    often: str = Often.WEEKLY
    time: str = "07:00"
    days: tuple[str, ...] = ("1",)  # of the week, Sunday is 0
    day: str = "1"  # of the month
    cron: str = ""

    def as_cron(self) -> str:
        """The rule in cron's form; one in an expert's words is not looked at here.

        Raises:
            WrongChoice: something is missing.
        """
        if self.often == Often.CRON:
            return " ".join(self.cron.split())
        found = _TIME.fullmatch(self.time.strip())
        if found is None:
            raise WrongChoice("time", "Choose a time of the day, such as 07:00.")
        return f"{int(found[2])} {int(found[1])} {self._days()}"

    def _days(self) -> str:
        if self.often == Often.WEEKLY:
            if not self.days or not set(self.days) <= set("0123456"):
                raise WrongChoice("days", "Choose at least one day of the week.")
            return f"* * {','.join(sorted(set(self.days)))}"
        if self.often == Often.MONTHLY:
            if self.day not in DAYS_OF_MONTH:
                raise WrongChoice("day", "Choose a day of the month.")
            return f"{self.day} * *"
        fixed = {Often.DAILY: "* * *", Often.WEEKDAYS: "* * 1-5"}
        if self.often not in fixed:
            raise WrongChoice("often", "Choose how often it comes.")
        return fixed[Often(self.often)]


def choice_of(cron: str) -> Choice:
    """The choice on the form that makes this rule; where there is none, the expert's field."""
    if found := _AT_ONE_TIME.fullmatch(cron):
        minute, hour, day, weekday = found.groups()
        time = f"{int(hour):02}:{int(minute):02}"
        if day == "*":
            if weekday == "*":
                return Choice(Often.DAILY, time)
            if weekday == "1-5":
                return Choice(Often.WEEKDAYS, time)
            if re.fullmatch(r"[0-6](,[0-6])*", weekday):
                return Choice(Often.WEEKLY, time, tuple(weekday.split(",")))
        elif weekday == "*" and day in DAYS_OF_MONTH:
            return Choice(Often.MONTHLY, time, day=day)
    return Choice(Often.CRON, cron=cron)
