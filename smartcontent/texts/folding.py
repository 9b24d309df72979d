"""Texts and names that look the same made the same, in time that grows with their length alone."""

import re
from typing import Literal
from unicodedata import combining, normalize

# Python sorts the accents on a letter in time that grows with the square of their number, and
# lets no other thread go on meanwhile. No language has more; Unicode's UAX #15 draws the line here.
ACCENTS_MOST = 30
# All that may come to an accent, of which some are none yet. That the other planes are in it whole
# makes the pattern 40 times as fast; no language of ours is written there.
_ACCENTS = "".join(c for c in map(chr, range(0x300, 0x10000)) if combining(normalize("NFD", c)[0]))
_TOO_MANY = re.compile(f"([{_ACCENTS}\U00010000-\U0010ffff]{{{ACCENTS_MOST + 1},}})")

# Marks of Latin and Arabic, vowels of Hindi, and what joins letters, for a pattern's class: parts
# of a word that are no `\w`.
MARKS = (
    "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
    "\u200c\u200d"
)

# The same seen or not: soft hyphens, blanks without width, marks of direction, kinds of an emoji.
_UNSEEN = dict.fromkeys(map(ord, "\xad\u200b\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"))


def normalized(text: str, form: Literal["NFC", "NFKC", "NFKD"] = "NFC") -> str:
    """The text in a form of Unicode's, but where more accents are on a letter than fit.

    The only way to `unicodedata.normalize`, which ruff refuses elsewhere.
    """
    if len(text) <= ACCENTS_MOST:
        return normalize(form, text)
    parts = _TOO_MANY.split(text)
    parts[::2] = [normalize(form, part) for part in parts[::2]]
    return "".join(parts)


def as_sought(text: str) -> str:
    """The name without what people do not mind: large letters, and what looks the same.

    That is how an accent is encoded, how wide a letter is, which kind of blank stands there, and
    what nobody sees.
    """
    seen = normalized(text, "NFKC").translate(_UNSEEN)
    # Small letters of composed ones may come apart.
    return " ".join(normalized(seen.casefold(), "NFKC").split())
