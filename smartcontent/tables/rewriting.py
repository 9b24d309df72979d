"""A workbook's cells and shared texts, written anew for calamine.

Elements in odd places are taken in one way here and in another there: a row within a formula, a
cell within a text. So calamine gets none of them, nor a length that is only said. What it reads was
written here, of cells that were reckoned.
"""

import re
from collections import Counter
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from smartcontent.tables.table import TableError, letters

MOST_ELEMENTS = 500_000
TOO_LARGE = "The file unpacks to far more than a table of texts: save it as CSV."
_LAST_ROW, _LAST_COLUMN = 2_000, 200  # all cells before the last one take memory, empty or not
_LONGEST_COPIED = 20_000_000  # characters of shared texts, each as often as a cell names it
_LONGEST_WRITTEN = 20_000_000  # characters in all; as XML some are five, and in memory four bytes
_FRAMES = {
    "worksheet": "<worksheet><sheetData>{}</sheetData></worksheet>",
    "sst": "<sst>{}</sst>",
}
# By what an element stands in, those in it that mean something; of any other nothing is heard.
_MEANT = {
    "": set(_FRAMES),
    "worksheet": {"sheetData"},
    "sheetData": {"row"},
    "row": {"c"},
    "c": {"f", "v", "is"},
    "is": {"t", "r"},
    "sst": {"si"},
    "si": {"t", "r"},
    "r": {"t"},  # the signs that tell how to say a word are no part of it: rPh
}
# A cell somewhere else would be lost without a word.
_WITHOUT_OTHERS: Final = {"sheetData", "row"}
_FURTHER = "extLst"  # what other programs put anywhere
# The roots of parts that are left as they are, and what must not be in them.
_KEPT: Final = {"Relationships", "Types", "workbook", "styleSheet", "chartsheet", "dialogsheet"}
_OURS = ("sheetData", "sst")
_LONGEST_FORMAT = 500  # characters; it is gone through for each style that names it
_INLINE: Final = {"inlineStr", "is"}
_KINDS: Final = {None, "n", "s", "b", "e", "str", "d"}
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_LETTERS = [letters(place) for place in range(_LAST_COLUMN)]


class _Unneeded(Exception):
    """Nobody reads this part."""


class Rewriting:
    """Writes the parts of one workbook anew, and counts what is in all of them."""

    def __init__(self) -> None:
        self.without_result = 0  # cells that have a formula alone
        self._left = MOST_ELEMENTS
        self._to_write = _LONGEST_WRITTEN
        self._tables: list[list[int]] = []  # of shared texts, their lengths
        self._named = Counter[int]()  # by how many cells each is
        self._begun = {
            "row": self._begin_row,
            "c": self._begin_cell,
            "f": self._begin_formula,
            "v": self._begin_said,
            "t": self._begin_said,
            "si": self._begin_texts,
        }
        self._ended = {
            "v": self._end_value,
            "t": self._end_text,
            "si": self._end_shared,
            "c": self._end_cell,
        }

    def of(self, xml: bytes) -> bytes | None:
        """The part as calamine may have it, or None if it needs none such.

        Raises:
            TableError: It has too much in it.
            ValueError: A cell's place or kind cannot be.
            expat.ExpatError: It is no XML.
        """
        self._within, self._root, self._row = [""], "", 0
        self._written: list[str] = []
        self._shared: list[int] = []
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        try:
            parser.Parse(xml, True)
        except _Unneeded:
            return None
        if self._root in _KEPT:
            return xml
        self._tables.append(self._shared)
        return _FRAMES[self._root].format("".join(self._written)).encode()

    def check_copies(self) -> None:
        """Reckon what the shared texts come to.

        Raises:
            TableError: It is more than a table has.
        """
        for lengths in self._tables:
            copied = sum(length * self._named[number] for number, length in enumerate(lengths))
            if copied > _LONGEST_COPIED:
                raise TableError(TOO_LARGE)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise TableError(TOO_LARGE)
        kind, within = name.partition(":")[2] or name, self._within[-1]
        self._root = self._root or kind
        if kind not in _MEANT.get(within, ()):
            self._begin_other(kind, within, attributes)
            self._within.append("other")
            return
        self._within.append(kind)
        begun = self._begun.get(kind)
        if begun:
            begun(attributes)

    def _begin_other(self, kind: str, within: str, attributes: dict[str, str]) -> None:
        if not within and kind not in _KEPT:
            raise _Unneeded
        if self._root in _KEPT and kind.endswith(_OURS):
            raise ValueError(kind)
        if within in _WITHOUT_OTHERS and kind != _FURTHER:
            raise ValueError(kind)
        if len(attributes.get("formatCode", "")) > _LONGEST_FORMAT:
            raise TableError(TOO_LARGE)

    def _say(self, text: str) -> None:
        if self._within[-1] in {"v", "t"}:
            self._said.append(text)

    def _end(self, name: str) -> None:
        ended = self._ended.get(self._within.pop())
        if ended:
            ended()

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._row, self._column = int(attributes.get("r", self._row + 1)), 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._cell, self._value, self._has_formula = attributes, "", False
        self._column += 1
        self._row_of_cell = self._row
        reference = attributes.get("r")
        if reference is not None:  # the next row is counted from the one before, all the same
            found = _REFERENCE.fullmatch(reference.upper())
            if not found:
                raise ValueError(reference)
            self._column, self._row_of_cell = _place(found[1]), int(found[2])
        self._begin_texts(attributes)

    def _begin_formula(self, attributes: dict[str, str]) -> None:
        self._has_formula = True

    def _begin_texts(self, attributes: dict[str, str]) -> None:
        self._texts: list[str] = []
        self._length = 0

    def _begin_said(self, attributes: dict[str, str]) -> None:
        self._said: list[str] = []
        self._is_preserved = attributes.get("xml:space") == "preserve"

    def _end_value(self) -> None:
        self._value = "".join(self._said)

    def _end_text(self) -> None:
        text = "".join(self._said)
        self._length += len(text)
        preserved = ' xml:space="preserve"' if self._is_preserved else ""
        self._texts.append(f"<t{preserved}>{self._escaped(text)}</t>")

    def _end_shared(self) -> None:
        self._shared.append(self._length)
        self._written.append(f"<si>{''.join(self._texts)}</si>")

    def _end_cell(self) -> None:
        kind, value = self._cell.get("t"), self._value.strip()  # what is blank is nothing
        if not value and not self._length:
            self.without_result += self._has_formula
        elif self._length and (kind in _INLINE or not value):
            self._write_cell("inlineStr", f"<is>{''.join(self._texts)}</is>")
        elif kind not in _INLINE:
            self._write_cell(kind, f"<v>{self._checked(kind, value)}</v>")

    def _checked(self, kind: str | None, value: str) -> str:
        if kind not in _KINDS:
            raise ValueError(kind)
        if kind != "s":
            return self._escaped(value)
        number = int(value)
        if number < 0:
            raise ValueError(value)
        self._named[number] += 1
        return str(number)

    def _escaped(self, text: str) -> str:
        """Read again it is the same, a carriage return included."""
        escaped = escape(text).replace("\r", "&#13;")
        self._to_write -= len(escaped)
        if self._to_write < 0:
            raise TableError(TOO_LARGE)
        return escaped

    def _write_cell(self, kind: str | None, inner: str) -> None:
        row, column = self._row_of_cell, self._column
        if row > _LAST_ROW or column > _LAST_COLUMN:
            raise TableError(
                f"The file has a cell in row {row:,}, column {column:,}: "
                "delete what is so far from the table, or copy the table to a new file."
            )
        if row < 1:
            raise ValueError(row)
        typed = f' t="{kind}"' if kind else ""
        style = f' s="{int(self._cell["s"])}"' if "s" in self._cell else ""
        self._written.append(f'<c r="{_LETTERS[column - 1]}{row}"{style}{typed}>{inner}</c>')


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place
