"""Numbers as rectangles: the geometry of a chart of stacked columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

COLUMN_WIDTH = 10
GAP = 2
HEIGHT = 100


@dataclass(frozen=True)
class Part:
    """One rectangle of a column, in the chart's own units; `y` grows downwards."""

    column: int
    kind: str
    count: int
    x: int
    y: float
    width: int
    height: float


@dataclass(frozen=True)
class Chart:
    """The rectangles, the size of their canvas, and the count its full height stands for."""

    parts: list[Part]
    width: int
    height: int
    top: int


def stack(columns: Sequence[Mapping[str, int]]) -> Chart:
    """Columns side by side, the counts of each on top of each other in their order."""
    top = max((sum(column.values()) for column in columns), default=0)
    parts = [
        part
        for number, column in enumerate(columns)
        for part in _column(number, column, HEIGHT / max(top, 1))
    ]
    return Chart(parts, len(columns) * COLUMN_WIDTH, HEIGHT, top)


def _column(number: int, counts: Mapping[str, int], unit: float) -> list[Part]:
    parts = []
    y = float(HEIGHT)
    for kind, count in counts.items():
        if count:
            y -= count * unit
            x, width = number * COLUMN_WIDTH + GAP // 2, COLUMN_WIDTH - GAP
            parts.append(Part(number, kind, count, x, round(y, 2), width, round(count * unit, 2)))
    return parts
