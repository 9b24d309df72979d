"""One fact of a text: a number, price, date, address; where it stands, and what it may mean."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from smartcontent.texts.folding import normalized

# Kinds, as the API names them.
NUMBER, PRICE, PERCENT, DATE, TIME = "number", "price", "percent", "date", "time"
PHONE, EMAIL, ADDRESS, HANDLE, NAME = "phone", "email", "address", "handle", "name"

Reading = tuple[Any, ...]  # of a dimension and a value; dates have three

TAKEN = "\x1f"  # stands where something was found, so that nothing else is found there
_SAME = {
    **dict.fromkeys("\xa0\u2007\u2009\u200a\u202f\u3000\t", " "),
    **dict.fromkeys("‐‑−⁻₋", "-"),
    **dict.fromkeys("’‘ʼ´＇", "'"),
    "İ": "I",
    "٫": ".",
    "٬": ",",
}


@dataclass(frozen=True)
class Fact:
    """What stands from `start` to `end` (code points), and its possible readings.

    A reading is a pair of dimension and value: ("ml", 900). `numbers` are the values as written,
    without a unit; `counts` says that a word follows which says what is counted. `implied` are
    readings that another text may say on the strength of this one.
    """

    kind: str
    start: int
    end: int
    readings: frozenset[Reading]
    numbers: frozenset[Any] = field(default=frozenset())
    counts: bool = False
    implied: frozenset[Reading] = field(default=frozenset())

    @property
    def has_unit(self) -> bool:
        """Whether it is known of what it is a number."""
        return any(reading[0] not in (None, "written") for reading in self.readings)

    @property
    def is_bare(self) -> bool:
        return self.kind == NUMBER and not self.has_unit

    @cached_property
    def by_dimension(self) -> Mapping[Hashable, list[Any]]:
        """The values of its readings that can be compared with others."""
        values = defaultdict(list)
        for reading in self.readings:
            if reading[0] != "written":
                values[reading[0]].append(reading[-1] if len(reading) == 2 else reading[1:])
        return values


def plain(text: str) -> str:
    """The text, character for character, with one kind of digit, blank, dash and apostrophe.

    So are its small letters: no other letter than the Turkish İ becomes two.
    """
    if text.isascii():
        return text.replace("\t", " ")
    others: dict[str, str] = {sign: _plain_sign(sign) for sign in set(text) - _ASCII}
    if len(others) > _FEW:
        return text.translate({ord(sign): one for sign, one in others.items()})
    for sign, one in others.items():
        text = text.replace(sign, one)  # to translate looks up all
    return text


_ASCII = frozenset(map(chr, range(32, 127)))
_FEW = 50  # so many copies of a text take no longer than to look up each of its letters


def _plain_sign(sign: str) -> str:
    if sign in _SAME:
        return _SAME[sign]
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    folded = normalized(sign, "NFKC")
    return folded if len(folded) == 1 else sign


# Scripts that set no blank between a letter and a number; but not 円, 元, 원.
_NO_BLANKS = re.compile("(?![円元원])[\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def apart_from_numbers(text: str) -> str:
    """The text with a sign that is no letter for each that would seem joined to a number."""
    return text if text.isascii() else _NO_BLANKS.sub("¦", text)


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with what stands in these spans taken out, as long as before."""
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            parts += [text[at:start], TAKEN * (end - start)]
            at = end
    return "".join([*parts, text[at:]])
