"""A text whose tokens are its words, folded so that they are found in it in one go.

To take a text apart into tokens with their places is slow. Where all of its letters are of scripts
with blanks between words, a pattern finds the same tokens in the text as a whole.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from smartcontent.texts.remembering import Letters
from smartcontent.texts.search.query import Phrase
from smartcontent.texts.search.tokens import LONGEST, SIGNS, in_words, with_signs

_OTHERWISE = "\0"  # for a character that is no part of words alone, such as a Chinese one
# What a sign that counts is in the folded text, which has none of these by itself.
_FOUND_AS = {"+": "＋", "#": "＃", "&": "＆", ".": "．"}
_SIGNS = {SIGNS[sign]: stands for sign, stands in _FOUND_AS.items()}


class Words(NamedTuple):
    """The text as it was typed, and with its words folded."""

    typed: str
    folded: str


class _Folding(Letters):
    def of(self, code: int) -> str:
        folded = in_words(code) if code else " "
        return _OTHERWISE if folded is None else folded


_folding = _Folding()
_COUNTING = str.maketrans(_FOUND_AS)


def as_words(text: str) -> Words | None:
    """The text, if its words are its tokens; of a part of them blanks are no boundary."""
    folded = text.lower() if text.isascii() else text.translate(_folding)
    return None if _OTHERWISE in folded else Words(text, folded)


def places(words: Words, phrase: Phrase) -> Iterator[tuple[int, int]]:
    """Where the phrase begins and ends in what was typed, each time."""
    # Between words signs tell; a single word is the same with them.
    is_one = len(phrase.tokens) == 1
    folded = words.folded if is_one else with_signs(words.folded, _COUNTING)
    found = [(hit.start(), hit.end(1)) for hit in _pattern(phrase).finditer(folded)]
    if not found or _is_one_by_one(words.typed):
        yield from found
        return
    origins = [at for at, sign in enumerate(words.typed) for _ in _folding[ord(sign)]]
    origins.append(len(words.typed))
    for start, end in found:
        # Accents of its last letter may follow, of which nothing is left.
        yield origins[start], max(origins[end - 1] + 1, origins[end])


def _is_one_by_one(typed: str) -> bool:
    """Whether each character became one, so that places are the same."""
    return typed.isascii() or all(len(_folding[ord(sign)]) == 1 for sign in set(typed))


@lru_cache(maxsize=1_000)  # of a query, asked of each text of a page, and of its parts
def _pattern(phrase: Phrase) -> re.Pattern[str]:
    """Its first word, in what it consumes, so that another may begin within; then the others."""
    first, *rest = phrase.tokens
    is_open = [len(token) == LONGEST for token in phrase.tokens]
    is_open[-1] |= phrase.is_beginning  # and so it may go on
    behind = _end(first, is_open[0])
    for before, token, goes_on in zip(phrase.tokens, rest, is_open[1:], strict=False):
        behind += _between(before, token) + _SIGNS.get(token, token) + _end(token, goes_on)
    # Letters come first, which are sought fast.
    begins = _SIGNS.get(first, rf"{first}(?<![^\W_]{first})")
    return re.compile(rf"{begins}(?=({behind}))")


def _end(token: str, goes_on: bool) -> str:
    if token in _SIGNS:
        return ""
    return r"[^\W_]*" if goes_on else r"(?![^\W_])"


def _between(before: str, token: str) -> str:
    is_word = before not in _SIGNS and token not in _SIGNS
    return rf"(?:[^\w{''.join(_FOUND_AS.values())}]|_)" + ("+" if is_word else "*")
