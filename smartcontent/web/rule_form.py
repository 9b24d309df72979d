"""When a series comes, as chosen on a page: how often and when, or a rule of cron's; and where."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from wtforms import Form, SelectMultipleField, StringField, ValidationError
from wtforms.fields import Field

from smartcontent.briefs.form import form_field
from smartcontent.fields import Text
from smartcontent.models.series import NAME_LONGEST
from smartcontent.recurrence.choices import Choice, Often, WrongChoice, choice_of
from smartcontent.recurrence.rules import RuleError, ZoneError, rule_of

# In the order of the week, by cron's numbers.
DAYS = {
    "1": "Monday", "2": "Tuesday", "3": "Wednesday", "4": "Thursday", "5": "Friday",
    "6": "Saturday", "0": "Sunday",
}  # fmt: skip
OFTEN = {
    Often.DAILY: "Every day",
    Often.WEEKDAYS: "Every weekday, Monday to Friday",
    Often.WEEKLY: "Every week on certain days",
    Often.MONTHLY: "Every month on one day",
    Often.CRON: "By a rule of your own (cron)",
}


@cache
def zone_names() -> list[str]:
    """The time zones that a field suggests, by the names of places."""
    return ["UTC", *sorted(name for name in available_timezones() if _is_place(name))]


def _is_place(name: str) -> bool:
    first, _, place = name.partition("/")
    return bool(place) and first not in ("Etc", "SystemV", "US", "posix", "right")


def _stripped(value: str | None) -> str:
    return (value or "").replace("\0", "").strip()


class RuleForm(Form):
    """The choice; after a successful `validate()`, `rule` is it in cron's form."""

    name = form_field(Text(label="Name", most=NAME_LONGEST))
    often = StringField(default=Often.WEEKLY, filters=[_stripped])
    time = StringField(default="07:00", filters=[_stripped])
    days = SelectMultipleField(choices=[], default=["1"], validate_choice=False)
    day = StringField(default="1", filters=[_stripped])
    cron = StringField(filters=[_stripped])
    timezone = StringField(filters=[_stripped])

    rule = ""

    @classmethod
    def of(cls, cron: str, **others: Any) -> "RuleForm":
        """The form as it is filled in for a rule."""
        return cls(data={**vars(choice_of(cron)), **others})

    def validate(self, *extra: Any) -> bool:
        """Whether a rule comes of it; what is wrong stands beside its field."""
        return all([super().validate(*extra), self._makes_a_rule()])

    def _makes_a_rule(self) -> bool:
        days = tuple(self.days.data or ())
        chosen = (self.often.data, self.time.data, days, self.day.data, self.cron.data)
        try:
            self.rule = Choice(*chosen).as_cron()
            rule_of(self.rule, "UTC")
        except RuleError as error:
            wrong = error.field if isinstance(error, WrongChoice) else "cron"
            self[wrong].errors = [str(error)]
            return False
        return True

    def validate_timezone(self, field: Field) -> None:
        """Look the zone up.

        Raises:
            ValidationError: there is none of this name.
        """
        try:
            rule_of("0 0 * * *", field.data)
        except ZoneError as error:
            raise ValidationError(str(error)) from error
