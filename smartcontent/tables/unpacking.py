"""A workbook's parts, unpacked within bounds before anything reads them.

A cell in the last row and column, or a large number of texts that is only said, has calamine ask
for half a terabyte, which ends the process; a few kilobytes may unpack to gigabytes. So it is given
parts that were looked through, and no others.
"""

import re
import zlib
from collections import Counter
from io import BytesIO
from typing import NamedTuple
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from smartcontent.tables.table import TableError

_LARGEST = 30 * 1024 * 1024  # bytes of all parts together
_MOST_PARTS = 1_000
_MOST_ELEMENTS = 500_000
_LAST_ROW, _LAST_COLUMN = 2_000, 200  # all cells before the last one take memory, empty or not
_LONGEST_COPIED = 20_000_000  # characters of shared texts, each as often as a cell names it
# expat keeps Python's lock until it has read one of these, a tag or a text to its end.
_LONGEST_TOKEN = 256 * 1024
_TOKENS = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NAME = re.compile(r"(?:xl/|_rels/|\[Content_Types\]).*\.(?:xml|rels)")
_WORKBOOK = re.compile(r"xl/workbook\d*\.xml")
_PACKINGS = {ZIP_STORED, ZIP_DEFLATED}
_DAMAGED = "The file is damaged: open it in your spreadsheet program and save it again."
_TOO_LARGE = "The file unpacks to far more than a table of texts: save it as CSV."


class Workbook(NamedTuple):
    """What may be read, and how many of its cells have a formula whose result was not saved."""

    file: BytesIO
    without_result: int


def unpacked(data: bytes) -> Workbook:
    """The workbook with those of its parts that have cells, or say where and what they are.

    Raises:
        TableError: It is damaged, too large, or no workbook.
    """
    out, looking = BytesIO(), _Looking()
    try:
        with ZipFile(BytesIO(data)) as packed, ZipFile(out, "w", ZIP_STORED) as kept:
            for part in _parts(packed):
                with packed.open(part) as file:
                    # Asked for all of it, Python unpacks whatever there is.
                    xml = file.read(part.file_size)
                _check_tokens(xml)
                looking.through(xml)
                kept.writestr(part.filename, xml)
        looking.check_copies()
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, expat.ExpatError, ValueError):
        raise TableError(_DAMAGED) from None
    out.seek(0)
    return Workbook(out, looking.without_result)


def _parts(packed: ZipFile) -> list[ZipInfo]:
    """Those that are XML. What they unpack to is what they say, or reading them fails."""
    parts = {part.filename: part for part in packed.infolist()}
    if not any(map(_WORKBOOK.fullmatch, parts)):
        raise TableError(
            "The file is no workbook of Excel: save it as XLSX or CSV, and send that one."
        )
    xml = [part for name, part in parts.items() if _NAME.fullmatch(name)]
    if any(part.flag_bits & 1 or part.compress_type not in _PACKINGS for part in xml):
        raise TableError(_DAMAGED)
    if len(xml) > _MOST_PARTS or sum(part.file_size for part in xml) > _LARGEST:
        raise TableError(_TOO_LARGE)
    return xml


def _check_tokens(xml: bytes) -> None:
    """Look for what would be read in one go.

    Raises:
        TableError: It has a tag, text, comment or the like that nobody means.
    """
    if xml.count(b"<") > 2 * _MOST_ELEMENTS or b"<!DOCTYPE" in xml:
        raise TableError(_TOO_LARGE)
    longest = max(map(len, xml.split(b"<")))
    for begins, ends in _TOKENS:
        at = 0
        while (at := xml.find(begins, at)) >= 0:
            end = xml.find(ends, at)
            end = len(xml) if end < 0 else end
            longest, at = max(longest, end - at), end
    if longest > _LONGEST_TOKEN:
        raise TableError(_TOO_LARGE)


class _Looking:
    """Looks through parts for cells that are too far out, or have a formula alone; and for texts
    that are shared, of which calamine makes a copy for each cell that names one."""

    def __init__(self) -> None:
        self.without_result = 0
        self._shared: list[list[int]] = []  # the lengths of their texts, by tables of such
        self._named = Counter[int]()  # by how many cells each is
        self._names_one, self._number = False, ""
        self._left = _MOST_ELEMENTS
        self._row = self._row_of_cell = self._column = 0
        self._inside: str | None = None  # of a cell, the element that was last begun
        self._has_formula = self._has_value = False

    def through(self, xml: bytes) -> None:
        """Look through one part.

        Raises:
            TableError: It has too much in it.
            ValueError: A cell's place cannot be.
            expat.ExpatError: It is no XML.
        """
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._row = self._column = 0
        self._inside = None
        parser.Parse(xml, True)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise TableError(_TOO_LARGE)
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
        elif kind == "sst":
            self._shared.append([])
            if int(attributes.get("uniqueCount", 0)) > _MOST_ELEMENTS:
                raise TableError(_TOO_LARGE)
        elif kind == "si" and self._shared:
            self._shared[-1].append(0)
        elif kind == "c":
            self._cell(attributes.get("r"))
            self._names_one, self._number = attributes.get("t") == "s", ""
        elif self._inside is not None:
            self._inside = kind
            self._filled()

    def _cell(self, reference: str | None) -> None:
        self._inside = "c"
        self._has_formula = self._has_value = False
        self._column += 1
        self._row_of_cell = self._row
        if reference is not None:  # the next row is counted from the one before, all the same
            found = _REFERENCE.fullmatch(reference.upper())
            if not found:
                raise ValueError(reference)
            self._column, self._row_of_cell = _place(found[1]), int(found[2])

    def _filled(self) -> None:
        self._has_formula |= self._inside == "f"
        if self._row_of_cell > _LAST_ROW or self._column > _LAST_COLUMN:
            raise TableError(
                f"The file has a cell in row {self._row_of_cell:,}, column {self._column:,}: "
                "delete what is so far from the table, or copy the table to a new file."
            )

    def _text(self, text: str) -> None:
        self._has_value |= self._inside in {"v", "t"} and bool(text)
        if self._inside is None and self._shared and self._shared[-1]:
            self._shared[-1][-1] += len(text)
        elif self._inside == "v" and self._names_one:
            self._number += text

    def _end(self, name: str) -> None:
        if self._inside is not None and name.rpartition(":")[2] == "c":
            self.without_result += self._has_formula and not self._has_value
            self._inside = None
            if self._number:
                self._named[int(self._number)] += 1
                self._number = ""

    def check_copies(self) -> None:
        """Reckon what the shared texts come to.

        Raises:
            TableError: It is more than a table has.
        """
        for lengths in self._shared:
            copied = sum(length * self._named[number] for number, length in enumerate(lengths))
            if copied > _LONGEST_COPIED:
                raise TableError(_TOO_LARGE)


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place
