"""CSV and its kin: columns by whatever sign stands between them."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from smartcontent.tables.table import TableError

_DELIMITERS = ",;\t|"
_NONE = "\x1f"  # that no text has: one column
_SAMPLE, _SAMPLE_LENGTH = 50, 100_000  # rows, and characters, that the delimiter is told from
_HINT = re.compile(r'"?sep=([^"\n\w])"?\n')  # Excel's, in the first line
_END = "\ue000end"  # a quotation mark that is open at the end takes it in


def rows_of(text: str) -> Iterator[list[str]]:
    """The cells of a delimited text, row by row.

    Raises:
        TableError: A quotation mark is opened and never closed.
    """
    hint = _HINT.match(text)
    if hint:
        return _rows(text[hint.end() :], hint[1])
    return _rows(text, _delimiter(text.lstrip("\n")[:_SAMPLE_LENGTH]))


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    number = 0
    try:
        for number, row in enumerate(_split(f"{text}\n{_END}\n", delimiter), 1):
            if row == [_END]:
                return
            if row and row[-1].endswith(f"{_END}\n"):
                raise _is_open(number)
            yield row
    except csv.Error:
        raise TableError(
            f"Row {number + 1:,} has a cell that is far too long: is a quotation mark missing?"
        ) from None


def _is_open(number: int) -> TableError:
    return TableError(
        f"In row {number:,} a quotation mark opens a cell and none closes it: add the missing one, "
        "or write two where the sign itself is meant."
    )


def _split(text: str, delimiter: str) -> Iterator[list[str]]:
    skips = delimiter != " "  # or Python 3.13 takes neither
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=skips)


def _delimiter(sample: str) -> str:
    """The sign that cuts most rows in as many cells as the first: where none does, one column."""
    counts = {sign: _widths(sample, sign) for sign in _DELIMITERS}
    fitting = {
        sign: (widths.count(widths[0]) / len(widths), widths[0])
        for sign, widths in counts.items()
        # Commas of prose in a heading are none between columns that no row has.
        if widths and widths[0] > 1 and (len(widths) == 1 or max(widths[1:]) > 1)
    }
    usual = _NONE if sample.strip(f'{_DELIMITERS}" \n') else ","
    return max(fitting, key=lambda sign: fitting[sign], default=usual)


def _widths(sample: str, delimiter: str) -> list[int]:
    """Of the sample's rows that are not empty, how many cells each has."""
    rows = _split(sample, delimiter)
    try:
        return [len(row) for row in islice(rows, _SAMPLE) if any(map(str.strip, row))]
    except csv.Error:
        return []
