"""What changed from one text to another, word by word, in work that has a bound."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, groupby
from typing import Literal

from smartcontent.texts.folding import MARKS

Op = Literal["equal", "insert", "delete"]
Match = tuple[int, int, int]  # where it is in the first text, in the second, and how long

# Scripts without blanks between words are compared by characters: Thai to Khmer, Japanese, Chinese.
_DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# A word, number or address goes with the punctuation and the blanks after it.
_WORD = re.compile(
    rf"[{_DENSE}]|(?:(?![{_DENSE}])\w)(?:(?![{_DENSE}])[\w{MARKS}'’-]|[.,:/@](?=\w))*+[^\w\s]*\s*|[^\w\s]+\s*|\s+"
)
_LINE = re.compile(r"[^\n]*\n+|[^\n]+")
# Comparing looks at every pair of equal words, which many repetitions make as many as the square
# of their number. So many are looked at; what is left then has changed as a whole.
PAIRS_MOST = 1_500_000
# Where there are more, the words that stand once in both divide the texts first.
PAIRS_AT_ONCE = 10_000
# Each row of equal words leaves one more range to compare, which takes as long as many pairs do.
ROWS_MOST = 20_000
# Of lines that changed, so many characters are compared word by word: two texts as long as may be
# typed. Only an archive brings longer ones.
CHARACTERS_MOST = 200_000
# A page of more is megabytes, and holds up others while it is drawn.
PIECES_MOST = 5_000


@dataclass(frozen=True)
class Piece:
    """Some text that both have, or only the second (insert), or only the first (delete)."""

    op: Op
    text: str


@dataclass
class _Budget:
    """How many pairs may still be looked at, rows be found, and characters be compared by words."""

    pairs: int
    rows: int
    characters: int


def diff(first: str, second: str) -> list[Piece]:
    """The pieces that without `insert` join to the first text, without `delete` to the second."""
    budget = _Budget(PAIRS_MOST, ROWS_MOST, CHARACTERS_MOST)
    rough = list(_compared(_LINE.findall(first), _LINE.findall(second), budget))
    return _few(_joined(_without_islands(_joined(_by_words(rough, budget)))))


def _by_words(pieces: list[Piece], budget: _Budget) -> Iterator[Piece]:
    """Lines that changed, compared word by word."""
    for _, group in groupby(_joined(pieces), key=lambda piece: piece.op == "equal"):
        changed = list(group)
        length = sum(len(piece.text) for piece in changed)
        if len(changed) == 1 or length > budget.characters or not budget.rows:
            yield from changed
            continue
        budget.characters -= length
        before, after = (_WORD.findall(piece.text) for piece in changed)
        yield from _compared(before, after, budget)


def _compared(a: Sequence[str], b: Sequence[str], budget: _Budget) -> Iterator[Piece]:
    """The rows of equal words, and between them what is deleted and inserted."""
    i = j = 0
    for a_from, b_from, size in [*_matches(a, b, budget), (len(a), len(b), 0)]:
        yield Piece("delete", "".join(a[i:a_from]))
        yield Piece("insert", "".join(b[j:b_from]))
        yield Piece("equal", "".join(a[a_from : a_from + size]))
        i, j = a_from + size, b_from + size


def _matches(a: Sequence[str], b: Sequence[str], budget: _Budget) -> list[Match]:
    """Both ends first, then the words that stand once in both, then the longest rows between."""
    found, ranges = [], [(0, len(a), 0, len(b))]
    for around in ranges:  # grows meanwhile
        a_from, a_to, b_from, b_to = around
        if a_from == a_to or b_from == b_to or not budget.rows:
            continue
        part_a, part_b = a[a_from:a_to], b[b_from:b_to]
        dividing = _ends(part_a, part_b) or _anchors(part_a, part_b, budget)
        new = (dividing or _longest(part_a, part_b, budget))[: budget.rows]
        budget.rows -= len(new)
        matches = [(i + a_from, j + b_from, size) for i, j, size in new]
        found += matches
        ranges += _between(matches, around) if dividing else []
    return sorted(found)


def _ends(a: Sequence[str], b: Sequence[str]) -> list[Match]:
    """The equal words at the beginning and at the end."""
    head = _equal_at_start(a, b)
    tail = _equal_at_start(a[head:][::-1], b[head:][::-1])
    ends = [(0, 0, head), (len(a) - tail, len(b) - tail, tail)]
    return [match for match in ends if match[2]]


def _equal_at_start(a: Sequence[str], b: Sequence[str]) -> int:
    pairs = zip(a, b, strict=False)
    return next((n for n, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def _longest(a: Sequence[str], b: Sequence[str], budget: _Budget) -> list[Match]:
    """The longest rows of equal words, largest parts first, until the budget is spent."""
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    times = Counter(b)
    cost = [0, *accumulate(times[word] + 1 for word in a)]
    found, ranges = [], [(0, len(a), 0, len(b))]
    for a_from, a_to, b_from, b_to in ranges:  # grows meanwhile
        pairs = cost[a_to] - cost[a_from]
        if a_from == a_to or b_from == b_to or pairs > budget.pairs:
            continue
        budget.pairs -= pairs
        match = matcher.find_longest_match(a_from, a_to, b_from, b_to)
        if match.size:
            found.append((match.a, match.b, match.size))
            ranges += _between([match], (a_from, a_to, b_from, b_to))
    return found


def _between(
    matches: Sequence[Match], around: tuple[int, int, int, int]
) -> Iterator[tuple[int, int, int, int]]:
    i, a_to, j, b_to = around
    for a_from, b_from, size in [*matches, (a_to, b_to, 0)]:
        yield i, a_from, j, b_from
        i, j = a_from + size, b_from + size


def _anchors(a: Sequence[str], b: Sequence[str], budget: _Budget) -> list[Match]:
    """Where many words are said often: those that stand once in both, in the same order."""
    in_a, in_b = Counter(a), Counter(b)
    pairs = sum(times * in_b[word] for word, times in in_a.items())
    if pairs <= PAIRS_AT_ONCE or budget.pairs <= 0:
        return []
    budget.pairs -= len(a) + len(b)
    where = {word: j for j, word in enumerate(b) if in_b[word] == in_a[word] == 1}
    places = [(i, where[word]) for i, word in enumerate(a) if word in where]
    return _rows(_increasing(places))


def _rows(places: Sequence[tuple[int, int]]) -> list[Match]:
    """Places one after the other in both texts, as one."""
    rows = groupby(enumerate(places), key=lambda each: (each[1][0] - each[0], each[1][1] - each[0]))
    found = ([place for _, place in row] for _, row in rows)
    return [(*row[0], len(row)) for row in found]


def _increasing(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest row of places whose order is the same in both texts (patience sorting)."""
    ends: list[int] = []  # of a row of each length, the least place in b where one ends
    last: list[int] = []  # which of the places that is
    before: list[int] = []  # of each place, the one that goes before it in its row
    for number, (_, j) in enumerate(places):
        length = bisect_left(ends, j)
        ends[length : length + 1] = [j]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    row, at = [], last[-1] if last else -1
    while at >= 0:
        row.append(places[at])
        at = before[at]
    return row[::-1]


def _without_islands(pieces: list[Piece]) -> Iterator[Piece]:
    """Equal words that are shorter than the changes on both sides are changes, too.

    "the" and "of" stand in any two sentences; kept, they cut a rewritten one to shreds.
    """
    changed = [0]  # the longer of what was deleted and inserted, since the last piece that stays
    for index, piece in enumerate(pieces):
        if piece.op != "equal":
            changed[0] = max(changed[0], len(piece.text))
            yield piece
        elif len(piece.text.strip()) <= min(changed[0], _change_at(pieces, index + 1)):
            changed[0] += len(piece.text)
            yield from (Piece("delete", piece.text), Piece("insert", piece.text))
        else:
            changed[0] = 0
            yield piece


def _few(pieces: list[Piece]) -> list[Piece]:
    """PIECES_MOST at most: where there are more, the shortest that both have are changes, too."""
    shortest = 1
    while len(pieces) > PIECES_MOST:
        shortest *= 2
        pieces = _joined(_without_short_ones(pieces, shortest))
    return pieces


def _without_short_ones(pieces: list[Piece], shortest: int) -> Iterator[Piece]:
    for piece in pieces:
        if piece.op == "equal" and len(piece.text) < shortest:
            yield from (Piece("delete", piece.text), Piece("insert", piece.text))
        else:
            yield piece


def _change_at(pieces: list[Piece], index: int) -> int:
    lengths = [len(piece.text) for piece in pieces[index : index + 2] if piece.op != "equal"]
    return max(lengths, default=0)


def _joined(pieces: Iterator[Piece] | list[Piece]) -> list[Piece]:
    """One deletion and one insertion at most between two equal pieces; none is empty."""
    joined = []
    for is_equal, group in groupby(
        (piece for piece in pieces if piece.text), key=lambda piece: piece.op == "equal"
    ):
        texts: dict[Op, list[str]] = {"equal": [], "delete": [], "insert": []}
        for piece in group:
            texts[piece.op].append(piece.text)
        ops: tuple[Op, ...] = ("equal",) if is_equal else ("delete", "insert")
        joined += [Piece(op, "".join(texts[op])) for op in ops if texts[op]]
    return joined
