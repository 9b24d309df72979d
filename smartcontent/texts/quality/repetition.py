"""What a text says again and again: rows of words, and sentences that begin alike."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartcontent.texts.quality.parts import WORD, Parts, Span

ROW = 4  # words
OFTEN = 3  # times
ALIKE_MOST = 2  # sentences in a row that may begin with the same word
FOUND_MOST = 10
_NUMBERED = re.compile(r" \d")  # "Step 1" and "Step 2" are to begin alike


@dataclass(frozen=True)
class Repeated:
    """Some words, how often they are there, and where the second time is."""

    text: str
    count: int
    start: int
    end: int


def repeated(text: str, parts: Parts) -> list[Repeated]:
    """Sentences that are there twice, rows of four words that are there three times."""
    whole = _most(_sentences_again(text, parts))
    rows = [
        row for row in _most(_rows_again(text, parts)) if not any(_inside(row, w) for w in whole)
    ]
    return _most([*whole, *rows])


def _most(repetitions: Iterable[Repeated]) -> list[Repeated]:
    return sorted(repetitions, key=lambda again: -again.count)[:FOUND_MOST]


def _inside(row: Repeated, other: Repeated) -> bool:
    return row.text.casefold() in other.text.casefold()


def _sentences_again(text: str, parts: Parts) -> list[Repeated]:
    seen: dict[str, list[Span]] = {}
    for span in parts.sentences:
        words = parts.folded[parts.words_in(span)]
        if len(words) >= ROW:
            seen.setdefault(" ".join(words), []).append(span)
    return [
        Repeated(text[spans[1][0] : spans[1][1]], len(spans), *spans[1])
        for spans in seen.values()
        if len(spans) > 1
    ]


def _rows_again(text: str, parts: Parts) -> Iterator[Repeated]:
    rows = list(zip(*(parts.folded[n:] for n in range(ROW)), strict=False))
    times = Counter(rows)
    told: set[tuple[str, ...]] = set()
    last = -ROW
    for at, row in enumerate(rows):
        if times[row] >= OFTEN and row not in told:
            told.add(row)
            if at >= last + ROW:  # not the same words, one further on
                span = parts.span(slice(at, at + ROW))
                yield Repeated(text[span[0] : span[1]], times[row], *span)
                last = at


def beginning_alike(text: str, parts: Parts) -> Iterator[tuple[str, int, Span]]:
    """Runs of three or more sentences whose first word is the same: it, how many, and where."""
    run: list[Span] = []
    first = ""
    for start, end in [*parts.sentences, (0, 0)]:
        word = WORD.search(text, start, end)
        begins = word[0].casefold() if word and not _NUMBERED.match(text, word.end()) else ""
        if begins != first or not begins:
            if len(run) > ALIKE_MOST:
                yield first, len(run), (run[0][0], run[-1][1])
            run, first = [], begins
        run.append((start, end))
