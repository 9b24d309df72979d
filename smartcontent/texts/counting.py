"""How long a text is, in what its readers count in: words, or characters."""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from smartcontent.briefs.catalogue import CONTENT_TYPES

# Letters of scripts without blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
# The pages' script (sizes.js) has them, too.
DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)

_MAY_BE_DENSE = re.compile("[^\0-\u0dff]")
UNIT_TOLD_BY = 100_000  # characters: to look through a million holds Python's lock for long
_DENSE_LANGUAGES = {"ja", "km", "lo", "my", "th", "zh"}

LEEWAY = 0.1  # of a length that was asked for
_CHARACTERS_A_WORD = 2  # of ours, where they are counted

READ_IN_A_MINUTE = {"words": 230, "characters": 500}


class Size(NamedTuple):
    """So many words, or characters."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit if self.number != 1 else self.unit[:-1]}"


class Band(NamedTuple):
    """From so many words, or characters, to so many."""

    least: int
    most: int
    unit: str

    def __str__(self) -> str:
        return f"{self.least} to {self.most} {self.unit}"


def size_of(text: str) -> Size:
    """The text's size: in characters without blanks, where most are of such a script.

    Of a text that only an archive may bring, its beginning tells.
    """
    words = text.split()
    if _is_dense(text[:UNIT_TOLD_BY]):
        return Size(sum(map(len, words)), "characters")
    return Size(len(words), "words")


def _is_dense(text: str) -> bool:
    if not _MAY_BE_DENSE.search(text):
        return False
    characters = "".join(text.split())
    return 2 * len(DENSE.sub("", characters)) < len(characters)


def unit_of(language: str) -> str:
    """What texts in a language are counted in, given as a code such as `zh-Hans`."""
    return "characters" if language.partition("-")[0] in _DENSE_LANGUAGES else "words"


def wanted_size(content_type: str, length: str, language: str) -> Band:
    """How long a text of this type is to be."""
    least, most = CONTENT_TYPES[content_type].words[length]
    unit = unit_of(language)
    times = _CHARACTERS_A_WORD if unit == "characters" else 1
    return Band(times * least, times * most, unit)


def is_about(size: Size, wanted: Band) -> bool:
    """Whether a text is as long as wanted, or nearly: nobody counts a tenth too much."""
    least, most = (1 - LEEWAY) * wanted.least, (1 + LEEWAY) * wanted.most
    return least <= size.number <= most


def usual_size(sizes: Sequence[Size]) -> Size:
    """The median of the sizes, in the unit that most of them have."""
    [(unit, _)] = Counter(size.unit for size in sizes).most_common(1)
    return Size(round(median(size.number for size in sizes if size.unit == unit)), unit)
