"""A text in which people's own phrases are sought: as many, and as much alike, as they like."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heapreplace
from itertools import accumulate

from smartcontent.texts.folding import MARKS
from smartcontent.texts.quality.parts import Span
from smartcontent.texts.remembering import Letters

PART = rf"[\w{MARKS}]"  # of a word
_TOKEN = re.compile(rf"{PART}+|\s+|[^\w\s]")
_BORDER = "\0"  # between tokens, so that a whole word is found as quickly as any letters
_GAP_MOST = 3  # blanks, of any kind
_WIDER = "  "  # that no phrase has
# Which `casefold` has as different letters, or as two, and `re.IGNORECASE` as the same.
_SAME = {"’": "'", "ı": "i", "ﬅ": "ﬆ", "\u1fd3": "ΐ", "\u1fe3": "ΰ", _BORDER: "\ufffd"}


class _Letters(Letters):
    """One letter for all that differ in case, as `re.IGNORECASE` has it; one apostrophe."""

    def of(self, code: int) -> str:
        letter = chr(code)
        folded = _SAME.get(letter) or letter.casefold()
        return folded if len(folded) == 1 else letter.lower()[0]


_LETTERS = _Letters()


class Haystack:
    """One text, for as many phrases as are sought.

    A pattern of them all tries each at each place, and Python's lock is held meanwhile.
    """

    def __init__(self, text: str) -> None:
        tokens = [found[0] for found in _TOKEN.finditer(text)]  # `findall` holds the lock
        self._starts = list(accumulate(map(len, tokens), initial=0))
        alike = _alike(tokens)
        self._joined = _BORDER.join(("", *alike, ""))
        self._places = list(accumulate((len(each) + 1 for each in alike), initial=1))

    def whole(self, phrases: Iterable[str]) -> Iterator[Span]:
        """Where one of the phrases, which begin and end in a word, stands as whole words.

        The first that there is, and of two at one place the longer; then what is behind it.
        """
        return self._found(phrases, _BORDER)

    def anywhere(self, phrases: Iterable[str]) -> Iterator[Span]:
        """The same, whatever stands before and behind."""
        return self._found(phrases, "")

    def _found(self, phrases: Iterable[str], border: str) -> Iterator[Span]:
        needles = {f"{border}{needle}{border}" for each in phrases if (needle := _needle(each))}
        found = ((self._joined.find(needle), -len(needle), needle) for needle in needles)
        nearest = [each for each in found if each[0] >= 0]
        heapify(nearest)
        end = 0
        while nearest:
            start, _, needle = nearest[0]
            if start >= end:
                end = start + len(needle)
                yield self._place(start + len(border)), self._place(end - len(border))
            again = self._joined.find(needle, end)
            if again < 0:
                heappop(nearest)
            else:
                heapreplace(nearest, (again, -len(needle), needle))

    def _place(self, at: int) -> int:
        token = bisect_right(self._places, at) - 1
        return self._starts[token] + at - self._places[token]


def _needle(phrase: str) -> str:
    return _BORDER.join(_alike(_TOKEN.findall(" ".join(phrase.split()))))


def _alike(tokens: Iterable[str]) -> list[str]:
    """Each as all have it that are found for it; any few blanks in a row are one gap."""
    return [
        (" " if len(token) <= _GAP_MOST else _WIDER)
        if token.isspace()
        else token.translate(_LETTERS)
        for token in tokens
    ]
