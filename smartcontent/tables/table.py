"""A table as it was read: headings, rows, and what is to be said of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

LARGEST = 2 * 1024 * 1024  # bytes of a file
MOST_ROWS = 1_000  # without the headings
MOST_COLUMNS = 100
LONGEST_CELL = 32_767  # characters; spreadsheet programs take no more
LONGEST_HEADING = 200  # characters; it is shown with every field, and told from what it says
# What spreadsheets leave in cells that look empty.
_BLANKS = " \t\n\xa0\u2028\u2029\u3000\u200b\ufeff"


class TableError(Exception):
    """A file cannot be used; its text is one sentence or two for whoever sent it."""


class Row(NamedTuple):
    """A row that is not empty, with as many cells as there are headings."""

    number: int  # as spreadsheets count, from 1, the headings' row included
    cells: tuple[str, ...]


class Table(NamedTuple):
    """What a file holds: each heading once, none of them empty."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()  # sentences: what was left out


def table_of(rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> Table:
    """The table in these rows: the first that is not empty has the headings.

    Raises:
        TableError: There is none, or more than is read.
    """
    kept = list(_bounded(_not_empty(rows)))
    if len(kept) < 2:
        found = "only one row" if kept else "nothing"
        raise TableError(
            f"The file has {found} in it: it needs a row of headings and a row for each text."
        )
    width = max(len(row.cells) for row in kept)
    padded = [Row(number, (*cells, *[""] * (width - len(cells)))) for number, cells in kept]
    columns = [place for place in range(width) if any(row.cells[place] for row in padded)]
    _check_headings(padded[0])
    headings = _headings([padded[0].cells[place] for place in columns], columns)
    body = (Row(n, tuple(cells[place] for place in columns)) for n, cells in padded[1:])
    return Table(headings, tuple(body), tuple(notes))


def _not_empty(rows: Iterable[Sequence[str]]) -> Iterator[Row]:
    for number, cells in enumerate(rows, 1):
        if not any(cells):  # programs write thousands of these
            continue
        stripped = [cell.strip(_BLANKS) for cell in cells]
        while stripped and not stripped[-1]:
            stripped.pop()
        if stripped:
            yield Row(number, tuple(stripped))


def _bounded(rows: Iterable[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows):
        if count > MOST_ROWS:
            raise TableError(
                f"The file has more than {MOST_ROWS:,} rows below its headings: split it in parts."
            )
        if len(row.cells) > MOST_COLUMNS:
            raise TableError(
                f"Row {row.number:,} has more than {MOST_COLUMNS} columns: remove those that are "
                "not needed."
            )
        _check_cells(row)
        yield row


def _check_cells(row: Row) -> None:
    for place, cell in enumerate(row.cells):
        if len(cell) > LONGEST_CELL:
            raise TableError(
                f"Cell {letters(place)}{row.number} has {len(cell):,} characters: at most "
                f"{LONGEST_CELL:,} fit in one."
            )


def _check_headings(row: Row) -> None:
    for place, heading in enumerate(row.cells):
        if len(heading) > LONGEST_HEADING:
            raise TableError(
                f"Cell {letters(place)}{row.number} is a heading of {len(heading):,} characters, "
                f"and {LONGEST_HEADING} fit: has the first row the headings?"
            )


def _headings(typed: Sequence[str], columns: Sequence[int]) -> tuple[str, ...]:
    """Each heading on one line and once: a second "Topic" is "Topic (2)"."""
    named = [
        " ".join(heading.split()) or f"Column {letters(place)}"
        for heading, place in zip(typed, columns, strict=True)
    ]
    counts: Counter[str] = Counter()
    taken = set(named)
    return tuple(_once(heading, counts, taken) for heading in named)


def _once(heading: str, counts: Counter[str], taken: set[str]) -> str:
    counts[heading] += 1
    if counts[heading] == 1:
        return heading
    while f"{heading} ({counts[heading]})" in taken:
        counts[heading] += 1
    taken.add(f"{heading} ({counts[heading]})")
    return f"{heading} ({counts[heading]})"


def letters(place: int) -> str:
    """What spreadsheets call the column at this place, the first one being 0: "A", "Z", "AA"."""
    rest, last = divmod(place, 26)
    return (letters(rest - 1) if rest else "") + chr(ord("A") + last)
