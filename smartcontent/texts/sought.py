"""Text as a search looks for it and through it: in time that grows with its length alone."""

import re
from unicodedata import combining, normalize

# Python sorts the accents on a letter in time that grows with the square of their number, and
# lets no other thread go on meanwhile. No language has more; Unicode's UAX #15 draws the line here.
ACCENTS_MOST = 30
# All that may come to an accent, of which some are none yet. That the other planes are in it whole
# makes the pattern 40 times as fast; no language of ours is written there.
_ACCENTS = "".join(c for c in map(chr, range(0x300, 0x10000)) if combining(normalize("NFD", c)[0]))
_TOO_MANY = re.compile(f"([{_ACCENTS}\U00010000-\U0010ffff]{{{ACCENTS_MOST + 1},}})")


def composed(text: str) -> str:
    """The text with each accent in one encoding (NFC), but where more are on a letter than fit."""
    if len(text) <= ACCENTS_MOST:
        return normalize("NFC", text)
    parts = _TOO_MANY.split(text)
    parts[::2] = [normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def as_sought(text: str) -> str:
    """The text without what a search does not mind: large letters, how an accent is encoded."""
    # Small letters of composed ones may come apart.
    return composed(composed(text).casefold())
