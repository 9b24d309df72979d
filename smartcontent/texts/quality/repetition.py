"""What a text says again and again: rows of words, and sentences that begin alike."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from smartcontent.texts.quality.parts import WORD, Span

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


def repeated(text: str, sentences: Sequence[Span]) -> list[Repeated]:
    """Sentences that are there twice, rows of four words that are there three times."""
    whole = _most(_sentences_again(text, sentences))
    rows = [row for row in _most(_rows_again(text)) if not any(_inside(row, w) for w in whole)]
    return _most([*whole, *rows])


def _most(repetitions: Iterable[Repeated]) -> list[Repeated]:
    return sorted(repetitions, key=lambda again: -again.count)[:FOUND_MOST]


def _inside(row: Repeated, other: Repeated) -> bool:
    return row.text.casefold() in other.text.casefold()


def _sentences_again(text: str, sentences: Sequence[Span]) -> list[Repeated]:
    seen: dict[str, list[Span]] = {}
    for start, end in sentences:
        words = WORD.findall(text[start:end].casefold())
        if len(words) >= ROW:
            seen.setdefault(" ".join(words), []).append((start, end))
    return [
        Repeated(text[spans[1][0] : spans[1][1]], len(spans), *spans[1])
        for spans in seen.values()
        if len(spans) > 1
    ]


def _rows_again(text: str) -> Iterator[Repeated]:
    words = list(WORD.finditer(text))
    folded = [word[0].casefold() for word in words]
    rows = list(zip(*(folded[n:] for n in range(ROW)), strict=False))
    times = Counter(rows)
    told: set[tuple[str, ...]] = set()
    last = -ROW
    for at, row in enumerate(rows):
        if times[row] >= OFTEN and row not in told:
            told.add(row)
            if at >= last + ROW:  # not the same words, one further on
                span = words[at].start(), words[at + ROW - 1].end()
                yield Repeated(text[span[0] : span[1]], times[row], *span)
                last = at


def beginning_alike(text: str, sentences: Sequence[Span]) -> Iterator[tuple[str, int, Span]]:
    """Runs of three or more sentences whose first word is the same: it, how many, and where."""
    run: list[Span] = []
    first = ""
    for start, end in [*sentences, (0, 0)]:
        word = WORD.search(text, start, end)
        begins = word[0].casefold() if word and not _NUMBERED.match(text, word.end()) else ""
        if begins != first or not begins:
            if len(run) > ALIKE_MOST:
                yield first, len(run), (run[0][0], run[-1][1])
            run, first = [], begins
        run.append((start, end))
