"""How long a text is, in what its readers count in: words, or characters."""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

# Letters of scripts without blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
# The pages' script (sizes.js) has them, too.
DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)

_DENSE_LANGUAGES = {"ja", "km", "lo", "my", "th", "zh"}

READ_IN_A_MINUTE = {"words": 230, "characters": 500}


class Size(NamedTuple):
    """So many words, or characters."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit if self.number != 1 else self.unit[:-1]}"


def size_of(text: str) -> Size:
    """The text's size: in characters without blanks, where most are of such a script."""
    words = text.split()
    if text.isascii():
        return Size(len(words), "words")
    characters = "".join(words)
    spaced = len(DENSE.sub("", characters))
    if 2 * spaced < len(characters):
        return Size(len(characters), "characters")
    return Size(len(words), "words")


def unit_of(language: str) -> str:
    """What texts in a language are counted in, given as a code such as `zh-Hans`."""
    return "characters" if language.partition("-")[0] in _DENSE_LANGUAGES else "words"


def usual_size(sizes: Sequence[Size]) -> Size:
    """The median of the sizes, in the unit that most of them have."""
    [(unit, _)] = Counter(size.unit for size in sizes).most_common(1)
    return Size(round(median(size.number for size in sizes if size.unit == unit)), unit)
