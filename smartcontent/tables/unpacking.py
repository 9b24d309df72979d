"""A workbook's parts, unpacked within bounds before anything reads them.

A cell in the last row and column, or a large number of texts that is only said, has calamine ask
for half a terabyte, which ends the process; a few kilobytes may unpack to gigabytes. So it is given
parts whose cells and texts were written anew, and no others.
"""

import re
import struct
import zlib
from io import BytesIO
from typing import NamedTuple
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from smartcontent.tables.rewriting import MOST_ELEMENTS, TOO_LARGE, Rewriting
from smartcontent.tables.table import TableError
from smartcontent.zips import TooManyFiles, opened

_LARGEST = 30 * 1024 * 1024  # bytes of all parts together
_MOST_FILES = 10_000
_MOST_PARTS = 1_000  # that are XML
# expat keeps Python's lock until it has read one of these, a tag or a text to its end.
_LONGEST_TOKEN = 256 * 1024
_TOKENS = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))
_NAME = re.compile(r"(?:xl/|_rels/|\[Content_Types\]).*\.(?:xml|rels)")
_WORKBOOK = re.compile(r"xl/workbook\d*\.xml")
_PACKINGS = {ZIP_STORED, ZIP_DEFLATED}
# What a file that was cut, changed or made up has zipfile and expat raise.
_NO_WORKBOOK = (
    BadZipFile, EOFError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError,
    struct.error, zlib.error, expat.ExpatError,
)  # fmt: skip
_DAMAGED = "The file is damaged: open it in your spreadsheet program and save it again."


class Workbook(NamedTuple):
    """What may be read, and how many of its cells have a formula whose result was not saved."""

    file: BytesIO
    without_result: int


def unpacked(data: bytes) -> Workbook:
    """The workbook with those of its parts that have cells, or say where and what they are.

    Raises:
        TableError: It is damaged, too large, or no workbook.
    """
    out, rewriting = BytesIO(), Rewriting()
    try:
        with opened(BytesIO(data), _MOST_FILES) as packed, ZipFile(out, "w", ZIP_STORED) as kept:
            for part in _parts(packed):
                with packed.open(part) as file:
                    # Asked for all of it, Python unpacks whatever there is.
                    xml = file.read(part.file_size)
                _check_tokens(xml)
                rewritten = rewriting.of(xml)
                if rewritten is not None:
                    kept.writestr(part.filename, rewritten)
        rewriting.check_copies()
    except TooManyFiles:
        raise TableError(TOO_LARGE) from None
    except _NO_WORKBOOK:
        raise TableError(_DAMAGED) from None
    out.seek(0)
    return Workbook(out, rewriting.without_result)


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
        raise TableError(TOO_LARGE)
    return xml


def _check_tokens(xml: bytes) -> None:
    """Look for what would be read in one go.

    Raises:
        TableError: It has a tag, text, comment or the like that nobody means.
    """
    if xml.count(b"<") > 2 * MOST_ELEMENTS or b"<!DOCTYPE" in xml:
        raise TableError(TOO_LARGE)
    longest = max(map(len, xml.split(b"<")))
    for begins, ends in _TOKENS:
        at = 0
        while (at := xml.find(begins, at)) >= 0:
            end = xml.find(ends, at)
            end = len(xml) if end < 0 else end
            longest, at = max(longest, end - at), end
    if longest > _LONGEST_TOKEN:
        raise TableError(TOO_LARGE)
