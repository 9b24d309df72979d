"""A rewritten text beside the one before it, sentence by sentence, to choose among."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from math import ceil

from smartcontent.texts.diff import diff
from smartcontent.texts.quality.parts import sentences

# To choose among: a page of more is megabytes, and holds up others while it is drawn.
REWRITES_MOST = 2_000
# Of a text, as many as nobody types; what is behind them stands together.
SENTENCES_MOST = 20_000


@dataclass(frozen=True)
class Said:
    """A sentence, or several, and the blanks between it and what stands before."""

    lead: str
    text: str


@dataclass(frozen=True)
class Rewrite:
    """What stood there, and what was made of it; either may be nothing."""

    before: Said
    after: Said

    @property
    def is_change(self) -> bool:
        return self.before.text != self.after.text


def by_sentence(before: str, after: str) -> list[Rewrite]:
    """The sentences of both texts in order, each beside the one it became.

    Where it cannot be told which became which, several stand together; so they do where there are
    more than REWRITES_MOST.
    """
    first, second = _sentences(before), _sentences(after)
    rewrites = [
        Rewrite(_together(olds), _together(news))
        for (i, j), (i_to, j_to) in pairwise(_meetings(first, second))
        for olds, news in _pairs(first[i:i_to], second[j:j_to])
    ]
    several = ceil(len(rewrites) / REWRITES_MOST) or 1
    return [_as_one(rewrites[n : n + several]) for n in range(0, len(rewrites), several)]


@dataclass(frozen=True)
class Mixed:
    """A text with some of its sentences rewritten, and whether most of what could be was."""

    text: str
    is_mostly_new: bool


def mixed(rewrites: Sequence[Rewrite], numbers: Collection[int]) -> Mixed:
    """The text with those of the rewrites, counted from 1; most by their characters."""
    weights = {
        number: len(each.before.text + each.after.text)
        for number, each in enumerate(rewrites, 1)
        if each.is_change
    }
    taken = sum(weight for number, weight in weights.items() if number in numbers)
    return Mixed(chosen(rewrites, numbers), 2 * taken > sum(weights.values()))


def chosen(rewrites: Sequence[Rewrite], numbers: Collection[int]) -> str:
    """The text with those of the rewrites, counted from 1; all else stays as it was."""
    text, was_new = "", False
    for number, rewrite in enumerate(rewrites, 1):
        is_new = number in numbers
        said, other = (rewrite.after, rewrite.before) if is_new else (rewrite.before, rewrite.after)
        if not said.text:
            continue
        # What began its own text has no blank before it, and stands behind the other's now.
        lead = said.lead or (other.lead if is_new != was_new else "")
        text += (lead if text else "") + said.text
        was_new = is_new
    return text


def _sentences(text: str) -> list[Said]:
    """The text in pieces, each a sentence with the marks before it; no blanks at either end."""
    text = text.strip()
    stops = [stop for _, stop in islice(sentences(text), SENTENCES_MOST)]
    pieces = [text[start:stop] for start, stop in pairwise([0, *stops[:-1], len(text)])]
    leads = [piece[: len(piece) - len(piece.lstrip())] for piece in pieces]
    return [Said(lead, piece.lstrip()) for lead, piece in zip(leads, pieces, strict=True) if piece]


def _meetings(first: list[Said], second: list[Said]) -> Iterator[tuple[int, int]]:
    """How many sentences of each text stand before a place at which both begin one."""
    before, after = _in_lines(first), _in_lines(second)
    begins, becomes = _begins(before), _begins(after)
    i = j = 0
    yield 0, 0
    for piece in diff("".join(before), "".join(after)):
        steps = [0, *(end.end() for end in re.finditer("\n", piece.text))]
        for step in steps if piece.op == "equal" else ():
            if i + step in begins and j + step in becomes:
                yield begins[i + step], becomes[j + step]
        i += len(piece.text) if piece.op != "insert" else 0
        j += len(piece.text) if piece.op != "delete" else 0
    yield len(first), len(second)


def _in_lines(said: list[Said]) -> list[str]:
    """A sentence a line, so that the last words of all are compared alike."""
    return [each.text.replace("\n", " ") + "\n" for each in said]


def _begins(lines: list[str]) -> dict[int, int]:
    """Where each line begins, and the end."""
    ends = accumulate(map(len, lines), initial=0)
    return {place: number for number, place in enumerate(ends)}


def _pairs(olds: list[Said], news: list[Said]) -> Iterator[tuple[list[Said], list[Said]]]:
    """As many as before: one by one. Otherwise nobody knows which became which."""
    if len(olds) == len(news):
        yield from (([old], [new]) for old, new in zip(olds, news, strict=True))
    else:
        yield olds, news


def _as_one(rewrites: list[Rewrite]) -> Rewrite:
    befores, afters = zip(*((each.before, each.after) for each in rewrites), strict=True)
    return Rewrite(*(_together([said for said in side if said.text]) for side in (befores, afters)))


def _together(said: list[Said]) -> Said:
    if not said:
        return Said("", "")
    first, *others = said
    return Said(first.lead, first.text + "".join(each.lead + each.text for each in others))
