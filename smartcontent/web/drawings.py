"""Numbers as shapes: the arithmetic of every bar, line and column that pages draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import NamedTuple

WHOLE = 100.0  # of a bar's length
COLUMN_WIDTH = 10
GAP = 2
HEIGHT = 100


class Span(NamedTuple):
    """A piece of a bar: where it begins, and how long it is, of WHOLE."""

    x: float
    width: float


def share_of(part: float, whole: float) -> float:
    """How much of a bar a part takes: from 0 to WHOLE, and 0 of nothing."""
    return round(min(WHOLE, WHOLE * part / whole), 2) if whole else 0.0


def in_a_row(lengths: Sequence[float], whole: float, narrowest: float = 0.0) -> list[Span]:
    """Pieces one behind the other, none of them narrower than that."""
    spans, x = [], 0.0
    for length in lengths:
        width = narrowest + (WHOLE - narrowest * len(lengths)) * length / (whole or 1.0)
        spans.append(Span(round(x, 2), round(width, 2)))
        x += width
    return spans


@dataclass(frozen=True)
class Part:
    """One rectangle of a column, in the chart's own units; `y` grows downwards."""

    column: int
    kind: str
    count: float
    y: float
    height: float
    width: int = COLUMN_WIDTH - GAP

    @property
    def x(self) -> int:
        return self.column * COLUMN_WIDTH + GAP // 2


@dataclass(frozen=True)
class Chart:
    """The rectangles, the size of their canvas, and the count its full height stands for."""

    parts: list[Part]
    width: int
    top: float
    height: int = HEIGHT


def stacked(columns: Sequence[Mapping[str, int]]) -> Chart:
    """Columns side by side, the counts of each on top of each other in their order."""
    top = max((sum(column.values()) for column in columns), default=0)
    unit = HEIGHT / max(top, 1)
    parts = []
    for number, column in enumerate(columns):
        y = float(HEIGHT)
        for kind, count in column.items():
            y -= count * unit
            if count:
                parts.append(Part(number, kind, count, round(y, 2), round(count * unit, 2)))
    return Chart(parts, len(columns) * COLUMN_WIDTH, top)


def in_tenfold_steps(columns: Sequence[Mapping[str, float]], least: float, decades: int) -> Chart:
    """Columns side by side, all of one from the foot and the highest behind; the foot is `least`,
    and the top so many decades above it."""
    parts = []
    for number, column in enumerate(columns):
        for kind, value in sorted(column.items(), key=lambda each: -each[1]):
            steps = log10(max(value / least, 1)) / decades
            height = round(min(HEIGHT, max(1.0, HEIGHT * steps)), 1)
            parts.append(Part(number, kind, value, HEIGHT - height, height))
    return Chart(parts, len(columns) * COLUMN_WIDTH, least * 10**decades)
