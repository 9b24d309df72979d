"""Which facts another text supports, and which of its facts comes nearest."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from itertools import chain, islice, pairwise, takewhile
from operator import eq
from typing import Any

from smartcontent.texts.quality.facts.calendar import asked, day_of, told
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

_DAY = Decimal(86_400)  # seconds
COMPARED_MOST = 500  # values of one kind; a brief with more is a table of them
ALIKE_IN = 100  # characters, from either end of two addresses


class Known:
    """The facts of one text, asked about those of another."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = list({(fact.readings, fact.counts): fact for fact in facts}.values())
        self._readings = {r for fact in self.facts for r in fact.readings | fact.implied}
        self._numbers = {n for fact in self.facts if fact.kind != PERCENT for n in fact.numbers}
        self._numbers |= {hour % 12 for f in self.facts if f.kind == TIME for hour in f.numbers}
        self._counted = {n for fact in self.facts if fact.kind == NUMBER for n in fact.numbers}
        self._bare = {
            n for fact in self.facts if fact.is_bare and not fact.counts for n in fact.numbers
        }
        self._dates = list(
            dict.fromkeys(
                r
                for fact in self.facts
                if fact.kind == DATE
                for r in sorted(fact.readings, key=str)
            )
        )
        self._readings |= {r for n in self._lengths() for r in (("s", n * _DAY), (None, n))}
        self._readings |= {("s", minutes * Decimal(60)) for minutes in self._hours()}
        self._told = set(chain.from_iterable(map(told, self._dates)))
        self._phones = {r[1] for r in self._readings if r[0] == PHONE}
        self._ends_of_phones = {end for phone in self._phones for end in _ends(phone)}

    def _lengths(self) -> Iterator[Decimal]:
        """How many days there are between dates, with and without the last: "two weeks"."""
        days = [day for reading in self._dates if (day := day_of(reading))]
        for first, last in pairwise(days):
            nights = Decimal((last - first).days)
            yield from (nights, nights + 1)

    def _hours(self) -> Iterator[int]:
        """How many minutes there are between one time and the next."""
        times = [min(_times(fact)) for fact in self.facts if fact.kind == TIME]
        yield from ((last - first) % 720 for first, last in pairwise(times))

    @cached_property
    def _comparable(self) -> dict[tuple[str, Hashable], list[tuple[Any, int]]]:
        """By kind and dimension: each value, and of which fact it is."""
        values: dict[tuple[str, Hashable], list[tuple[Any, int]]] = defaultdict(list)
        for number, fact in enumerate(self.facts):
            for dimension, ways in fact.by_dimension.items():
                values[fact.kind, dimension] += [(way, number) for way in ways]
        return values

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
        return not self._told.isdisjoint(chain.from_iterable(map(asked, fact.readings)))

    def _has_phone(self, fact: Fact) -> bool:
        said = [reading[1] for reading in fact.readings]
        return any(
            phone in self._ends_of_phones or not self._phones.isdisjoint(_ends(phone))
            for phone in said
        )

    def _has_number(self, fact: Fact) -> bool:
        if fact.kind == TIME:
            hours = {at // 60 for at in _times(fact) if at % 60 == 0}
            return not self._bare.isdisjoint(hours | {hour % 12 for hour in hours})
        if fact.has_unit:
            return not self._bare.isdisjoint(fact.numbers)
        numbers = self._counted if fact.counts else self._numbers
        return not numbers.isdisjoint(fact.numbers)

    def nearest(self, fact: Fact) -> Fact | None:
        """The fact of the same kind that differs least, among the first COMPARED_MOST of a kind.

        None where none can be compared.
        """
        near = (
            (_apart(mine, other), n)
            for dimension, values in fact.by_dimension.items()
            for other, n in self._comparable.get((fact.kind, dimension), ())[:COMPARED_MOST]
            for mine in values
        )
        _, first = min(near, default=(0, None))
        return None if first is None else self.facts[first]


def _times(fact: Fact) -> list[int]:
    return [reading[1] for reading in fact.readings if reading[0] == TIME]


def _ends(phone: str) -> Iterator[str]:
    return (phone[at:] for at in range(len(phone) + 1))


def _alike(a: str, b: str) -> float:
    """How much of both they begin and end with alike: 1 where they are the same.

    Hundreds of addresses are held against hundreds: whatever costs more takes minutes of them.
    """
    shorter, longer = sorted((len(a), len(b)))
    ends = _in_common(a, b) + _in_common(reversed(a), reversed(b))
    return min(ends, shorter) / max(1, longer)


def _in_common(a: Iterable[str], b: Iterable[str]) -> int:
    return sum(islice(takewhile(bool, map(eq, a, b)), ALIKE_IN))


def _apart(a: Any, b: Any) -> float:
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return float(abs(a - b) / max(abs(a), abs(b), Decimal(1)))
    if isinstance(a, str) and isinstance(b, str):
        return 1 - _alike(a, b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        pairs = zip((31, 1, 365), a, b, strict=False)
        return float(sum(weight * abs(x - y) for weight, x, y in pairs if x and y))
    return float(abs(a - b))
