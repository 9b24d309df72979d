"""How much a text may become while it is drawn: what becomes more is shown as it was written.

None of it is the text of somebody who wants to be read.
"""

import re

from smartcontent.texts.markdown.tags import IN_A_PARAGRAPH, Tags

# What is longer is no marketing copy.
LONGEST = 100_000
LONGEST_HTML = 500_000
_LONGEST_CLEANED = 2 * LONGEST_HTML  # of which the last 16 are kept
# The cleaner's time grows with the square of the depth, and these are what can nest.
_MOST_NESTING = 5_000
_NESTING = ("<blockquote", "<ul", "<ol", "<em", "<strong", "<del")
# The cleaner puts what stands in a table, but in none of its cells, before it: every tag, entity
# and line for itself, with a look at all that is there already.
_MOST_MOVED = 20_000
# Lines in a list are put further in, each by as much as the marks of all the items around it.
_MOST_GROWN, _ADDED = 2, 10_000
# cmark fills rows up, and its table ends at a blank line for certain: not every cell is written.
_MOST_CELLS = 20_000
_FEW_CELLS = 100  # that may be empty
_BLANK_LINE = re.compile(r"\n[ \t]*(?=\n)")
# HTML's "formatting elements": what closes a paragraph around one opens a copy of it in the next.
_COPIED = {"a", "b", "code", "em", "i", "s", "small", "strong", "u"}
_TAG = re.compile(r"<(/?)(?!br\b|hr\b)(\w+)[^>]*>", re.IGNORECASE)


class TooMuch(Exception):
    """A text becomes more than anybody means."""


def longest_placed(text: str) -> int:
    """Characters that the text may have once its lines are put where they belong."""
    return _MOST_GROWN * len(text) + _ADDED


def check_cells(text: str) -> None:
    """Look at the cells that its tables have, were each as wide as the widest line around it.

    Raises:
        TooMuch: There are more than anybody reads, or far more than are written.
    """
    parts = _BLANK_LINE.split(text)
    if sum(map(_cells, parts)) > min(_MOST_CELLS, len(text) + _FEW_CELLS):
        raise TooMuch


def _cells(part: str) -> int:
    if "|" not in part:
        return 0
    lines = part.split("\n")
    return len(lines) * max(line.count("|") for line in lines)


def check_html(html: str, tags: Tags) -> None:
    """Look at what was drawn, before the tags written in the text are in it and it is cleaned.

    Raises:
        TooMuch: It is long, what is in it may nest deeply, or much may stand in no cell of a table.
    """
    nesting = len(tags) + sum(map(html.count, _NESTING))
    if len(html) + tags.length_in(html) > LONGEST_HTML or nesting > _MOST_NESTING:
        raise TooMuch
    if tags.make_tables and len(tags) + html.count("<") + html.count("&") > _MOST_MOVED:
        raise TooMuch


def check_copies(html: str) -> None:
    """Look at what is open at each tag, before it is cleaned: the cleaner may copy all of it there.

    Raises:
        TooMuch: That is long. What is closed where it was opened counts for nothing.
    """
    opened: list[tuple[str, int]] = []  # names, and lengths: none of a block
    copied = length = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if tag[1]:
            length -= _closed(opened, name)
            copied += length
        else:
            copied += length
            own = len(tag[0]) if name in _COPIED else int(name in IN_A_PARAGRAPH)
            opened.append((name, own))
            length += own
        if copied > LONGEST_HTML:
            raise TooMuch


def check_cleaned(html: str) -> None:
    """Look at what is shown and kept: each link has a "rel" now, for one.

    Raises:
        TooMuch: It is long.
    """
    if len(html) > _LONGEST_CLEANED:
        raise TooMuch


def _closed(opened: list[tuple[str, int]], name: str) -> int:
    """The length of what a tag closes: 0 where a block between may keep it open in the cleaner."""
    for index in reversed(range(len(opened))):
        if opened[index][0] == name:
            return opened.pop(index)[1]
        if not opened[index][1]:
            break
    return 0
