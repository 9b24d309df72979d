"""Lines of Markdown as people mean them, put where CommonMark has them.

People and models indent what belongs to an item by two blanks or more, however wide its number is;
four blanks before prose mean nothing to them; a few dashes under a line are a rule, no heading of
it; and what stands between dashes in front of a text is about it, and no heading either.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from smartcontent.texts.markdown.bounds import TooMuch, longest_placed
from smartcontent.texts.markdown.signs import GLUE

_FURTHER_IN = 2  # blanks that what belongs to an item stands further in than the item's mark
_TAB = 4
_MARK = re.compile(r"([-+*]|(\d{1,9})[.)])(?:[ \t]+|$)")
_MARKS = re.compile(r"(?:(?:[-+*]|\d{1,9}[.)])[ \t]+|>[ \t]*)*")  # behind another
_BLANKS = re.compile(r"[ \t]+")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_FENCE = re.compile(r"`{3,}(?=[^`]*$)|~{3,}")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_ROW = re.compile(r"\|")
_QUOTE = re.compile(r">[ \t]?")
# Nobody means more; and a line may become so much longer than it was.
_DEEPEST_QUOTE, _DEEPEST_ITEM = 8, 12
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*$")
_UNDERLINE_LEAST = {"=": 3, "-": 4}
_METADATA = re.compile(
    r"(---|\+\+\+)[ \t]*\n(?=\w[\w-]*[ \t]?[:=])"
    # No two begin with the same sign: a line that could be two of them doubled the ways to try.
    r"((?:\w[\w-]*[ \t]?[:=].*\n|[ \t#\[].*\n|-[ \t].*\n|\n)+)\1[ \t]*(?:\n|$)"
)
_HEADING_WITHOUT_BLANK = re.compile(r"(#{2,6})(?=[^\W\d_])")
_ALIGNMENTS = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*\|?[ \t]*$")
_FOOTNOTE = re.compile(r"\[(?=\^[^\]\s]{1,20}\])")


class _Item(NamedTuple):
    """An open item of a list."""

    mark: int  # the column of its mark, as it was written
    text: int  # the column of its text, as it is put
    number: int | None  # that it was written with


def as_meant(text: str) -> str:
    """The text, every line where CommonMark wants it for what it was meant to be.

    Raises:
        TooMuch: That is far more than was written.
    """
    lines = "\n".join(text.splitlines())
    about = _METADATA.match(lines)
    if about:
        lines = f"~~~\n{about[2]}~~~\n\n{lines[about.end() :]}"
    return "\n".join(_placed(lines))


def _placed(lines: str) -> Iterator[str]:
    placing = _Placing()
    left = longest_placed(lines)
    for line in lines.split("\n"):
        placed = placing.place(line)
        left -= len(placed)
        if left < 0:
            raise TooMuch
        yield placed


class _Placing:
    """Places one line after the other."""

    def __init__(self, deep: int = 0) -> None:
        self._deep = deep
        self._quote: _Placing | None = None  # that the line before was in
        self._items: list[_Item] = []
        self._left: _Item | None = None  # the last that was closed, where no text came since
        self._is_item_empty = False
        self._is_in_table = False
        self._paragraph = 0  # lines that the next one may go on with
        self._fence = ""  # that is open
        self._moved = 0  # columns that it was moved by

    def place(self, line: str) -> str:
        """The line at the column of what it belongs to."""
        body = line.lstrip(" \t")
        column = len(line[: len(line) - len(body)].expandtabs(_TAB))
        if self._fence:
            return self._in_fence(column, body)
        if not body:
            return self._blank()
        underline = _UNDERLINE.match(body) if self._paragraph and self._belongs(column) else None
        return self._under(underline[1]) if underline else self._line(column, body)

    def _line(self, column: int, body: str) -> str:
        body = _HEADING_WITHOUT_BLANK.sub(r"\1 ", body, count=1) if body[0] == "#" else body
        is_text = not any(p.match(body) for p in (_MARK, _RULE, _FENCE, _HEADING, _ROW, _QUOTE))
        if is_text and self._paragraph:
            return self._text(body)
        has_left = self._leave(column)
        quote = _QUOTE.match(body) if self._deep < _DEEPEST_QUOTE else None
        if quote:
            return self._quoted(body[quote.end() :])
        self._quote = None
        if is_text or _ROW.match(body) or _QUOTE.match(body):
            return self._text(body)
        if _RULE.match(body) or _HEADING.match(body):
            return self._apart(body)
        if fence := _FENCE.match(body):
            return self._open(fence[0], column, body)
        mark = _MARK.match(body)
        assert mark, "the last of all"
        if self._begins(mark, has_left):
            return self._item(column, mark)
        return self._text(mark[1][:-1] + "\\" + mark[1][-1] + body[mark.end(1) :])

    @property
    def _column(self) -> int:
        return self._items[-1].text if self._items else 0

    def _put(self, body: str) -> str:
        return " " * self._column + body

    def _belongs(self, column: int) -> bool:
        return not self._items or column >= self._items[-1].mark + _FURTHER_IN

    def _leave(self, column: int) -> bool:
        """Close the items that what stands at this column does not belong to; whether any were."""
        known = len(self._items)
        self._left = None
        while not self._belongs(column):
            self._left = self._items.pop()
        return len(self._items) < known

    def _blank(self) -> str:
        if self._is_item_empty:  # nor is what comes after a blank line its text
            self._items.pop()
        self._is_item_empty, self._paragraph, self._quote = False, 0, None
        self._is_in_table = False
        return ""

    def _quoted(self, line: str) -> str:
        self._quote = self._quote or _Placing(self._deep + 1)
        placed = self._quote.place(line)
        self._paragraph, self._is_item_empty = self._quote._paragraph, False
        return "\n".join(self._put(f"> {each}") for each in placed.split("\n"))

    def _text(self, body: str) -> str:
        if self._is_in_table and "|" not in body:  # what comes below a table is no row of it
            return f"{self._blank()}\n{self._text(body)}"
        self._is_in_table |= self._paragraph > 0 and "|" in body and bool(_ALIGNMENTS.match(body))
        self._paragraph += 1
        self._is_item_empty = False
        return self._put(body if "`" in body else _FOOTNOTE.sub(r"\\[", body))

    def _apart(self, body: str) -> str:
        self._paragraph = 0
        self._is_item_empty = False
        return self._put(body)

    def _under(self, marks: str) -> str:
        """A title that is underlined at some length stays one; else it is a rule, or a sign."""
        if self._paragraph == 1 and len(marks) >= _UNDERLINE_LEAST[marks[0]]:
            return self._apart(marks)
        is_rule = len(marks) >= 3 and marks[0] == "-"
        return "\n" + self._apart(marks) if is_rule else self._text("\\" + marks)

    def _begins(self, mark: re.Match[str], has_left: bool) -> bool:
        """Whether it begins an item: in the middle of a paragraph not every number does."""
        is_first = (mark[2] is None or int(mark[2]) == 1) and mark.end() < len(mark.string)
        return is_first or has_left or not self._paragraph

    def _item(self, column: int, mark: re.Match[str]) -> str:
        rest = mark.string[mark.end() :]
        rest = _MARKS.sub(lambda marks: _BLANKS.sub(" ", marks[0]), rest, count=1)
        del self._items[_DEEPEST_ITEM:]
        begun = self._put(f"{mark[1]} ")
        number = int(mark[2]) if mark[2] else None
        between = f"\n{self._put(GLUE)}\n\n" if self._is_of_another_list(number) else ""
        self._items.append(_Item(column, len(begun), number))
        self._paragraph = int(bool(rest))
        self._is_item_empty = not rest
        if fence := _FENCE.match(rest):
            self._open(fence[0], column + mark.end(), rest)
        return between + begun + rest

    def _is_of_another_list(self, number: int | None) -> bool:
        """Whether the count does not go on: CommonMark would, whatever is written."""
        before = self._left.number if self._left else None
        return None not in (number, before) and number not in (before, (before or 0) + 1)

    def _open(self, fence: str, column: int, body: str) -> str:
        self._fence = fence
        self._moved = self._column - column
        return self._apart(body)

    def _in_fence(self, column: int, body: str) -> str:
        if body.startswith(self._fence) and not body.strip(f"{self._fence[0]} \t"):
            self._fence = ""
            return self._put(body)
        return " " * max(column + self._moved, self._column) + body if body else ""
