"""Which prompt is to be read before its time, if any: decided from what is given alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# How much longer than expected a reading may take: what else runs on the machine slows it down.
MARGIN = 1.5
# Who plans looks every two seconds, so that a reading may begin that much late.
SPARE = timedelta(seconds=2)
# No reading takes longer, whatever is said of earlier ones: no date is that far off.
LONGEST = timedelta(days=1)


@dataclass(frozen=True)
class Upcoming:
    """The next draft that waits for a model, and how long that takes to read its prompt."""

    due_at: datetime
    seconds: float
    may_be_read: bool = True

    @property
    def longest(self) -> timedelta:
        """How long the reading takes at the most."""
        return longest(self.seconds)


def longest(seconds: float) -> timedelta:
    """How long a reading takes at the most that is to take so long."""
    return timedelta(seconds=min(MARGIN * seconds, LONGEST.total_seconds()))


def ahead(seconds: float, usual: timedelta) -> timedelta:
    """How long before its due time a draft's prompt is read that takes so long."""
    return max(usual, longest(seconds) + SPARE)


def to_read(
    upcoming: Iterable[Upcoming], is_writing: bool, moment: datetime, usual: timedelta
) -> Upcoming | None:
    """Which of them is to be read now; each stands for all that wait for its model.

    None while a text is written, and none that would not be read before the first of all is due:
    whatever model that needs, it is not to wait. Ollama may have room for one model alone.
    """
    in_order = sorted(upcoming, key=lambda each: each.due_at)
    for each in in_order:
        is_time = each.due_at - ahead(each.seconds, usual) <= moment
        ends_in_time = moment + each.longest <= in_order[0].due_at
        if each.may_be_read and is_time and ends_in_time and not is_writing:
            return each
    return None
