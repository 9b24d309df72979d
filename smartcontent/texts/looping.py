"""Whether a text that is being written has come into a loop, as texts of small models do."""

import re

TAIL = 3200  # characters that are looked at, however long the text is: four long paragraphs
LEAST = 300  # characters that say the same again and again
TIMES = 4
_BLANK = re.compile(r"\s+")
_CELL_BELOW_HEADINGS = re.compile(r":?-{0,80}:?")
_COUNTED = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)


def loops(text: str) -> bool:
    """Whether the end of the text is one thing, four times or more, one right after the other.

    Blanks may differ, and what counts the items of a list; other numbers not: the rows of a table
    are no loop, nor is the line below its headings as long as it has no more columns than these.
    """
    return _repeats(text) and not _is_below_headings(text)


def _is_below_headings(text: str) -> bool:
    above, _, last = text[-2 * TAIL :].rstrip().rpartition("\n")
    headings = above.rpartition("\n")[2]
    is_new = _is_separator(last) and not _is_separator(headings)
    return is_new and last.count("|") <= headings.count("|")


def _is_separator(line: str) -> bool:
    cells = map(str.strip, line.split("|"))
    return "|" in line and all(map(_CELL_BELOW_HEADINGS.fullmatch, cells))


def _repeats(text: str) -> bool:
    tail = _BLANK.sub(" ", _COUNTED.sub("\n", text[-TAIL:].casefold()))[::-1]
    # The longest border of each beginning, as Knuth, Morris and Pratt find it: what is left of the
    # beginning without its border is what it repeats.
    borders = [0] * len(tail)
    border = 0
    for place in range(1, len(tail)):
        while border and tail[place] != tail[border]:
            border = borders[border - 1]
        border += tail[place] == tail[border]
        borders[place] = border
        length = place + 1
        if length >= LEAST and length >= TIMES * (length - border):
            return True
    return False
