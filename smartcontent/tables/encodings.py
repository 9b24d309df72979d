"""The text in a file's bytes, whatever program on whatever system wrote them."""

import codecs
import re

from charset_normalizer import from_bytes

from smartcontent.tables.table import TableError

_MARKS = (  # the longer ones first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED_FROM = 20_000  # bytes
# Letters that western languages write; Polish and Turkish read as Windows-1252 have others.
_WESTERN = re.compile(
    r"[\x00-\x7fÀ-ÏÑ-ÖØ-ÜßÀ-ïñ-öø-üÿŒœŠšŽžŸ€£¥¢«»‹›‚„“”‘’–—…·•§°©®™¡¿ºª¼½¾±×÷²³µ\xa0\xad]*"
)
_AMIDST = re.compile(r"[A-Za-z][¹³¿¡£¥¦¼½¾×÷§±ŠŽŸ‚„“”‘][A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LEGACY = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp850",
    "cp932", "cp949", "gb18030", "big5", "iso8859_2", "koi8_r", "mac_roman", "shift_jis", "euc_jp",
]  # fmt: skip
_MOST_FOREIGN = 0.4  # of the letters of a western text
_MOST_CONTROL = 0.02  # of the signs of a text; old programs leave some


def decoded(data: bytes) -> str:
    """The text, every line ending in a newline alone.

    Raises:
        TableError: It is no text.
    """
    try:
        text = _decoded(data)
    except UnicodeError:
        raise TableError(
            "The file's letters cannot be read: save it as “CSV UTF-8” or as XLSX."
        ) from None
    if "\0" in text or len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise TableError("The file is no table: send a CSV or an XLSX file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if marked:
        return data.decode(marked)
    if b"\0" in data:
        return data.decode(_without_mark(data))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _legacy(data)


def _without_mark(data: bytes) -> str:
    """UTF-16 by where its NULs are: in most texts every other byte of the separators is one."""
    return "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"


def _legacy(data: bytes) -> str:
    """A text of before UTF-8: western ones are told by their letters, others are guessed."""
    if b"\r" in data and b"\r\n" not in data:  # Excel's "CSV (Macintosh)"
        return data.decode("mac_roman")
    if _is_western(western := data.decode("cp1252", "replace")):
        return western
    guess = from_bytes(data[:_GUESSED_FROM], cp_isolation=_LEGACY).best()
    return data.decode(guess.encoding if guess else "cp1252", "replace")


def _is_western(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    foreign = sum(not sign.isascii() for sign in letters)
    is_few = foreign <= _MOST_FOREIGN * len(letters)
    return is_few and _WESTERN.fullmatch(text) is not None and not _AMIDST.search(text)
