"""Which facts another text supports, and which of its facts comes nearest."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from smartcontent.texts.quality.facts.calendar import agrees, day_of
from smartcontent.texts.quality.facts.fact import (
    ADDRESS,
    DATE,
    EMAIL,
    HANDLE,
    NUMBER,
    PERCENT,
    PHONE,
    TIME,
    Fact,
)

ALIKE_IN = 100  # characters of two addresses


class Known:
    """The facts of one text, asked about those of another."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = list({fact.readings: fact for fact in facts}.values())
        self._readings = {r for fact in self.facts for r in fact.readings | fact.implied}
        self._numbers = {n for fact in self.facts if fact.kind != PERCENT for n in fact.numbers}
        self._counted = {n for fact in self.facts if fact.kind == NUMBER for n in fact.numbers}
        self._bare = {n for fact in self.facts if fact.is_bare and not fact.counts for n in fact.numbers}
        self._dates = list(dict.fromkeys(r for fact in self.facts if fact.kind == DATE for r in sorted(fact.readings, key=str)))
        self._readings |= {("s", Decimal(86_400) * days) for days in self._lengths()}
        self._phones = [r[1] for r in self._readings if r[0] == PHONE]

    def _lengths(self) -> Iterator[int]:
        """How many days there are between dates, with and without the last: "two weeks"."""
        days = [day for reading in self._dates if (day := day_of(reading))]
        for first, last in zip(days, days[1:], strict=False):
            yield from ((last - first).days, (last - first).days + 1)

    def supports(self, fact: Fact) -> bool:
        """Whether the text says this, in whatever notation."""
        if not self._readings.isdisjoint(fact.readings):
            return True
        if fact.kind == DATE:
            return self._has_date(fact)
        if fact.kind == PHONE:
            return self._has_phone(fact)
        if fact.kind in (EMAIL, ADDRESS, HANDLE):
            return False
        return self._has_number(fact)

    def _has_date(self, fact: Fact) -> bool:
        return any(agrees(said, known) for said in fact.readings for known in self._dates)

    def _has_phone(self, fact: Fact) -> bool:
        said = [reading[1] for reading in fact.readings]
        return any(a.endswith(b) or b.endswith(a) for a in said for b in self._phones)

    def _has_number(self, fact: Fact) -> bool:
        if fact.kind == TIME:
            hours = {at // 60 for _, at in fact.readings if at % 60 == 0}
            return not self._bare.isdisjoint(hours | {hour % 12 for hour in hours})
        if fact.has_unit:
            return not self._bare.isdisjoint(fact.numbers)
        numbers = self._counted if fact.counts else self._numbers
        return not numbers.isdisjoint(fact.numbers)

    def nearest(self, fact: Fact) -> Fact | None:
        """The fact of the same kind that differs least; None where there is none of its kind."""
        same = [known for known in self.facts if known.kind == fact.kind]
        if not same:
            return None
        return min(same, key=lambda known: _distance(fact, known))


def _distance(fact: Fact, known: Fact) -> tuple[bool, float]:
    """First by dimension, then by how many times one is the other."""
    mine, others = _by_dimension(fact), _by_dimension(known)
    shared = mine.keys() & others.keys()
    if not shared:
        return True, 0.0
    return False, min(_apart(a, b) for key in shared for a in mine[key] for b in others[key])


def _by_dimension(fact: Fact) -> dict[Hashable, list[Any]]:
    values = defaultdict(list)
    for reading in fact.readings:
        if reading[0] != "written":
            values[reading[0]].append(reading[-1] if len(reading) == 2 else reading[1:])
    return values


def _apart(a: Any, b: Any) -> float:
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return float(abs(a - b) / max(abs(a), abs(b), Decimal(1)))
    if isinstance(a, str) and isinstance(b, str):
        return 1 - SequenceMatcher(None, a[:ALIKE_IN], b[:ALIKE_IN], autojunk=False).ratio()
    if isinstance(a, tuple) and isinstance(b, tuple):
        pairs = zip((31, 1, 365), a, b, strict=False)
        return float(sum(weight * abs(x - y) for weight, x, y in pairs if x and y))
    return float(abs(a - b))
