"""Tables to be opened in a spreadsheet program, where no cell does more than be read.

Texts that begin as a formula does would be one: a text on a website that a model has read could
send the table's other cells away.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

from smartcontent.texts.folding import normalized

if TYPE_CHECKING:
    import xlsxwriter

Value = str | int | float
LONGEST_CELL = 32_767  # characters; Excel takes no more
_CUT = "…"
_NUMBER = re.compile(r"[+\-−]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?")
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
# What programs may pass over before they look at how a cell begins; a tab and a return among it.
# Blanks, controls and all that Unicode has shown as nothing.
_UNSEEN = (
    "\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BEGINNING = re.compile(rf"[{_UNSEEN}]*")
_SIGNS = "=+-@\N{MINUS SIGN}"
# A cell ends here for who opens the file with another delimiter, or without regard to quotes. What
# is passed over is gone through once, wherever it begins: there may be very much of it.
_CELL_ENDS = ";\t\n\r|"
_CALL = rf"[^{_CELL_ENDS}]*?[^\W\d_][(|]"  # of a function, or by DDE of another program
_BEFORE_A_FORMULA = re.compile(
    rf"(?:[;|][{_UNSEEN}]*|(?<![{_UNSEEN}])[{_UNSEEN}]+)(?=[=＝](?![=＝]))"
    # Prose has the other signs there, too ("; @northwind", "; +49 30"): they count with a call; but
    # not on a new line, which is how items of a list begin.
    rf"|(?:[;|]|(?<![{_UNSEEN}])(?![{_UNSEEN}]*[\r\n])(?=[{_UNSEEN}]*\t))[{_UNSEEN}]*(?=[+\-@−＋－＠]{_CALL})"
)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # in XML


def csv_of(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """The table as CSV in UTF-8, with the mark by which Excel knows it.

    A text that would be a formula begins with an apostrophe.
    """
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([_harmless(heading) for heading in headings])
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def _harmless(value: Value) -> str:
    if not isinstance(value, str):
        return str(value)
    if is_risky(value):
        return f"'{value[0]}" + _BEFORE_A_FORMULA.sub(_with_apostrophe, value[1:])
    return _BEFORE_A_FORMULA.sub(_with_apostrophe, value)


def _with_apostrophe(before: re.Match[str]) -> str:
    is_at_an_end = any(sign in before[0] for sign in _CELL_ENDS)
    return before[0] + "'" * is_at_an_end


def is_risky(text: str) -> bool:
    """Whether a spreadsheet program could take the text for a formula; no number is one."""
    if _NUMBER.fullmatch(text) or text in {"-", "+"}:
        return False
    beginning = _BEGINNING.match(text)
    assert beginning, "which may be empty"
    first = normalized(text[beginning.end() : beginning.end() + 1], "NFKC")
    return (bool(first) and first in _SIGNS) or text.startswith(("\t", "\r", "\n"))


def xlsx_of(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """The table as XLSX: texts stay texts, also where somebody edits their cells."""
    out = BytesIO()
    library = import_module("xlsxwriter")  # when it is asked for: nobody's start waits for it
    with library.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        bold = workbook.add_format({"bold": True, "quote_prefix": True})
        texts = workbook.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(headings) - 1), _WIDTH)
        for number, row in enumerate((headings, *rows)):
            for place, value in enumerate(row):
                _write(sheet, number, place, value, texts if number else bold)
    return out.getvalue()


_WIDTH = 24  # characters of a column


def _write(
    sheet: "xlsxwriter.worksheet.Worksheet",
    row: int,
    column: int,
    value: Value,
    texts: "xlsxwriter.format.Format",
) -> None:
    number = _number(value)
    if number is None:
        sheet.write_string(row, column, _fitting(_FORBIDDEN.sub("", str(value))), texts)
    else:
        sheet.write_number(row, column, number)


def _number(value: Value) -> float | None:
    """The value where it is a number, or a text that a number is shown as: no "007"."""
    if not isinstance(value, str):
        return value
    if not _PLAIN_NUMBER.fullmatch(value) or f"{float(value):.15g}" != value:
        return None
    return float(value)


def _fitting(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - len(_CUT)] + _CUT
