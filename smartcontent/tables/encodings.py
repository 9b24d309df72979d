"""The text in a file's bytes, whatever program on whatever system wrote them."""

import codecs
import re
from collections.abc import Mapping
from typing import NamedTuple

from charset_normalizer import from_bytes

from smartcontent.fields import with_newlines
from smartcontent.tables.scripts import WIDE, script_of
from smartcontent.tables.table import TableError


class Encoding(NamedTuple):
    """What a file may be said to be saved in: Python's name of it, and people's."""

    codec: str
    label: str


# By the names that the web has for them.
ENCODINGS: Mapping[str, Encoding] = {
    "utf-8": Encoding("utf-8-sig", "Unicode (UTF-8)"),
    "utf-16": Encoding("utf-16", "Unicode (UTF-16)"),
    "windows-1252": Encoding("cp1252", "Western European (Windows)"),
    "ibm850": Encoding("cp850", "Western European (DOS)"),
    "macintosh": Encoding("mac_roman", "Western European (Macintosh)"),
    "windows-1250": Encoding("cp1250", "Central European (Windows)"),
    "iso-8859-2": Encoding("iso8859_2", "Central European (ISO 8859-2)"),
    "windows-1257": Encoding("cp1257", "Baltic (Windows)"),
    "windows-1251": Encoding("cp1251", "Cyrillic (Windows)"),
    "koi8-r": Encoding("koi8_r", "Cyrillic (KOI8-R)"),
    "ibm866": Encoding("cp866", "Cyrillic (DOS)"),
    "windows-1253": Encoding("cp1253", "Greek (Windows)"),
    "windows-1254": Encoding("cp1254", "Turkish (Windows)"),
    "windows-1255": Encoding("cp1255", "Hebrew (Windows)"),
    "windows-1256": Encoding("cp1256", "Arabic (Windows)"),
    "windows-1258": Encoding("cp1258", "Vietnamese (Windows)"),
    "windows-874": Encoding("cp874", "Thai (Windows)"),
    "shift_jis": Encoding("cp932", "Japanese (Shift-JIS)"),
    "euc-jp": Encoding("euc_jp", "Japanese (EUC)"),
    "gb18030": Encoding("gb18030", "Chinese, simplified (GB 18030)"),
    "big5": Encoding("big5hkscs", "Chinese, traditional (Big5)"),
    "euc-kr": Encoding("cp949", "Korean (Windows)"),
}
_MARKS = (  # the longer ones first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED_FROM = 20_000  # bytes
_SIGNS = r"\x00-\x7f€£¥¢«»‹›‚„“”‘’–—…·•§°©®™¡¿ºª¼½¾±×÷²³µ\xa0\xad"
# Letters that western languages write; Polish and Turkish read as Windows-1252 have others.
_WESTERN = re.compile(rf"[{_SIGNS}À-ÏÑ-ÖØ-Üßà-ïñ-öø-üÿŒœŠšŽžŸ]*")
# Of two more every letter is one of theirs, and some are such as western languages never write
# together: Turkish, and Hungarian.
_OF_ITS_OWN = {
    "cp1254": re.compile(rf"(?=.*[ğıİşŞ])[{_SIGNS}çÇğĞıİöÖşŞüÜâîû]*", re.DOTALL),
    "cp1250": re.compile(
        rf"(?=.*[őűŐŰ])(?=.*[áéíóúÁÉÍÓÚ])(?=.*[öüÖÜ])[{_SIGNS}áéíóöőúüűÁÉÍÓÖŐÚÜŰ]*", re.DOTALL
    ),
}
_AMIDST = re.compile(r"[A-Za-z][¹³¿¡£¥¦¼½¾×÷§±ŠŽŸ‚„“”‘][A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LATIN = ["cp1252", "cp1250", "cp1254", "cp1257", "cp850", "iso8859_2", "mac_roman"]
_MORE_WHOLE = 4  # letters for each broken one: by chance hardly any are whole
_MOST_CONTROL = 0.02  # of the signs of a text; old programs leave some


def decoded(data: bytes, encoding: str = "") -> str:
    """The text, every line ending in a newline alone.

    Args:
        data: What the file holds.
        encoding: The one of ENCODINGS that it is said to be saved in; without it, it is guessed.

    Raises:
        TableError: It is no text, or not in that encoding.
    """
    chosen = ENCODINGS.get(encoding)
    try:
        text = data.decode(chosen.codec) if chosen else _decoded(data)
    except UnicodeError:
        found = f"are not {chosen.label}" if chosen else "cannot be read"
        raise TableError(
            f"The file's letters {found}: save it as “CSV UTF-8” or as XLSX."
        ) from None
    if "\0" in text or len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise TableError("The file is no table: send a CSV or an XLSX file.")
    return with_newlines(text)


def _decoded(data: bytes) -> str:
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if marked:
        return data.decode(marked)
    if b"\0" in data:
        return data.decode(_without_mark(data))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        _check_for_damage(data, error.start)
        return _legacy(data)


def _check_for_damage(data: bytes, at: int) -> None:
    """Tell UTF-8 with a few broken letters from what is none: all of it would be read wrong.

    Raises:
        TableError: It is UTF-8, and no letter from that byte on.
    """
    text = data.decode(errors="replace")
    broken = text.count("\ufffd")
    if sum(not sign.isascii() for sign in text) - broken < _MORE_WHOLE * broken:
        return
    line = data.count(b"\n", 0, at) + 1
    raise TableError(
        f"The file is in UTF-8, but line {line:,} has letters that are not: write them anew there, "
        "or choose what the file was saved in."
    )


def _without_mark(data: bytes) -> str:
    """UTF-16 by where its NULs are: in most texts every other byte of the separators is one."""
    return "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"


def _legacy(data: bytes) -> str:
    """A text of before UTF-8: a script of its own and western ones are told by their letters."""
    if b"\r" in data and b"\r\n" not in data:  # Excel's "CSV (Macintosh)"
        return data.decode("mac_roman")
    if script := script_of(_beginning(data)):
        return _replacing(data, script)
    for encoding, alphabet in _OF_ITS_OWN.items():
        if alphabet.fullmatch(text := _replacing(data, encoding)):
            return text
    if _is_western(western := _replacing(data, "cp1252")):
        return western
    guess = from_bytes(data[:_GUESSED_FROM], cp_isolation=_LATIN).best()
    return _replacing(data, guess.encoding if guess else "cp1252")


def _replacing(data: bytes, encoding: str) -> str:
    """The text with a mark for each byte that is no letter.

    A codec of single bytes would call its error handler for each: it is given a mark for a letter.
    """
    if encoding in WIDE:
        return data.decode(encoding, "replace")
    letters = bytes(range(256)).decode(encoding, "replace")
    return codecs.charmap_decode(data, "strict", letters)[0]


def _beginning(data: bytes) -> bytes:
    """Whole lines, so that no character is cut."""
    return data if len(data) <= _GUESSED_FROM else data[:_GUESSED_FROM].rpartition(b"\n")[0]


def _is_western(text: str) -> bool:
    return _WESTERN.fullmatch(text) is not None and not _AMIDST.search(text)
