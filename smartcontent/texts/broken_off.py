"""Where a text that broke off is gone on with."""

import re

from smartcontent.texts.counting import DENSE

# A word that such a sign ends is whole: not what opens something, nor the half of an emoji.
_ENDS = frozenset(".,;:!?…)]}|%»”।۔؟،؛")
# An amount, or an address that is in no brackets, may go on behind such a sign.
_MAY_GO_ON = re.compile(r"\d[.,:]\Z|://|www\.|@")
_FULL_WIDTH = re.compile("[\u3000-\u303f\uff00-\uff65]")  # 。and ，stand with no blank behind them


def whole_words(text: str) -> str:
    """The text up to where its last word began, if that may be the half of one: `wa` of `warm`."""
    start = len(text)
    while start and not _divides(text[start - 1]):
        start -= 1
    last = text[start:]
    return open_ended(text if _is_whole(last) else text[:start])


def _is_whole(word: str) -> bool:
    bracketed = max(map(word.rfind, ")]}")) + 1
    return word[-1:] in _ENDS and not _MAY_GO_ON.search(word, bracketed)


def open_ended(text: str) -> str:
    """A text so that what follows is a word of its own; some scripts have no blank between."""
    return text if not text or _divides(text[-1]) else f"{text} "


def _divides(sign: str) -> bool:
    """Whether what stands behind it is a word of its own, without a blank."""
    return sign.isspace() or bool(DENSE.match(sign) or _FULL_WIDTH.match(sign))
