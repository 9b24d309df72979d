"""Where a query is found in a text, and the piece of it that shows so."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from smartcontent.texts.search.query import Phrase, Query
from smartcontent.texts.search.tokens import placed_tokens
from smartcontent.texts.search.words import as_words, places

BEGIN, END = "[[", "]]"
LENGTH = 160  # characters of a snippet, without its marks
_BEFORE = 40  # characters before what was found
_TO_A_WORD = 20  # characters that an end may be moved by, so as not to cut a word
# A long text is looked through part by part, each with the beginning of the next: time by its
# length, memory by a part's. What comes long after the first hit is not worth the time.
PART, OVERLAP = 2_000, 200
LONGEST = 120_000  # characters: more have only archives brought, a second and more of work
_PARTS_BEYOND = 10


class Hit(NamedTuple):
    """A place in a text, in characters, and the number of the phrase that was found there."""

    start: int
    end: int
    phrase: int


class Part(NamedTuple):
    """A part of a text, and what was found in it, in order."""

    text: str
    hits: Sequence[Hit]


def hits(text: str, asked: Query) -> list[Hit]:
    """Where each phrase that is wanted stands in the text, in order."""
    words = as_words(text)
    places_of = _among_tokens(text) if words is None else partial(places, words)
    return sorted(
        Hit(start, end, number)
        for number, phrase in enumerate(asked.wanted)
        for start, end in places_of(phrase)
    )


def _among_tokens(text: str) -> Callable[[Phrase], Iterator[tuple[int, int]]]:
    """Where a phrase begins and ends: sought in all tokens as one text, which is fast."""
    words = list(placed_tokens(text))
    joined = f" {' '.join([word.text for word in words])} "
    begins = list(accumulate([len(word.text) + 1 for word in words], initial=0))

    def places_of(phrase: Phrase) -> Iterator[tuple[int, int]]:
        sought = f" {' '.join(phrase.tokens)}{'' if phrase.is_beginning else ' '}"
        at = joined.find(sought)
        while at >= 0:
            first = bisect_left(begins, at)
            yield words[first].start, words[first + len(phrase.tokens) - 1].end
            at = joined.find(sought, at + 1)

    return places_of


def best_part(text: str, asked: Query) -> Part | None:
    """The part of a text that has most of the query; None where its beginning has nothing of it."""
    best, most, first = None, 0, 0
    for start in range(0, min(len(text), LONGEST), PART):
        part = text[start : start + PART + OVERLAP]
        found = hits(part, asked)
        different = len({hit.phrase for hit in found})
        if different > most:
            best, most, first = Part(part, found), different, first or start
        if best is not None and (most == len(asked.wanted) or start - first > _PARTS_BEYOND * PART):
            break
    return best


def snippet(part: Part, length: int = LENGTH) -> str:
    """The piece of the part that has most of the query, what was found between [[ and ]].

    It is the part's beginning where nothing is found, and on one line.
    """
    text, found = part
    first = _best(found, length - _BEFORE)
    start, end = _window(text, first.start if first else 0, length)
    inside = [hit for hit in found if start <= hit.start and hit.end <= end]
    marked = _marked(text, inside, start, end).strip()
    return ("…" if start else "") + re.sub(r"\s+", " ", marked) + ("…" if end < len(text) else "")


def _best(found: Sequence[Hit], length: int) -> Hit | None:
    """The first hit of those within this length that have the most different phrases."""
    fitting = [hit for hit in found if hit.end - hit.start <= length]
    best, most, last = next(iter(found), None), 0, 0
    counts: Counter[int] = Counter()
    for first in fitting:
        while last < len(fitting) and fitting[last].end <= first.start + length:
            counts[fitting[last].phrase] += 1
            last += 1
        different = sum(count > 0 for count in counts.values())
        if different > most:
            best, most = first, different
        counts[first.phrase] -= 1
    return best


def _window(text: str, around: int, length: int) -> tuple[int, int]:
    """Where a piece of the text begins and ends: at blanks, where there are some nearby."""
    start = max(0, min(around - _BEFORE, len(text) - length))
    end = min(len(text), start + length)
    if start:
        blank = re.search(r"\s", text[start : min(start + _TO_A_WORD, around)])
        start += blank.end() if blank else 0
    if end < len(text):
        blanks = list(re.finditer(r"\s", text[end - _TO_A_WORD : end]))
        end -= _TO_A_WORD - blanks[-1].start() if blanks else 0
    return start, end


def _marked(text: str, found: Sequence[Hit], start: int, end: int) -> str:
    parts, done = [], start
    for first, last in merged(found):
        parts += [text[done:first], BEGIN, text[first:last], END]
        done = last
    return "".join([*parts, text[done:end]])


def merged(found: Sequence[Hit]) -> list[tuple[int, int]]:
    """The places without overlaps: two phrases may share a word."""
    places: list[tuple[int, int]] = []
    for hit in found:
        if places and hit.start < places[-1][1]:
            places[-1] = (places[-1][0], max(places[-1][1], hit.end))
        else:
            places.append((hit.start, hit.end))
    return places
