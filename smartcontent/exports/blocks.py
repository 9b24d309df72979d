"""A text as a row of blocks: what word processors and plain text are made of.

They are read from the HTML that the page shows, so a file has the same lists, tables and line ends;
that HTML is clean, well-formed, and has no address that anything is fetched from.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from itertools import groupby

from smartcontent.texts.markdown import AS_TYPED

_MARKS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "s": "struck", "del": "struck",
    "u": "underlined", "ins": "underlined", "code": "code", "kbd": "code", "sup": "raised",
    "sub": "lowered", "mark": "marked",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "li", "ul", "ol", "blockquote", "pre", "table", "hr", "td", "th", "tr",
    "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NUMBER = re.compile(r"[0-9]{1,9}")
_BLANKS, _BLANKS_OF_LINE = re.compile(r"[ \t\n\r\f]+"), re.compile(r"[ \t\r\f]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # in XML


@dataclass(frozen=True)
class Run:
    """Characters that look alike; a newline in them is a break of the line."""

    text: str
    marks: frozenset[str] = frozenset()
    address: str = ""


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, item, quote, code, rule or table."""

    kind: str
    runs: tuple[Run, ...] = ()
    level: int = 0  # of a heading; of an item and what belongs to it, or a quote, how deep it is
    list_id: int = 0  # of an item
    number: int = 0  # of an item, where its list has numbers
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()  # of a table; the first has the headings
    alignments: tuple[str, ...] = ()  # of its columns

    @property
    def text(self) -> str:
        return text_of(self.runs)


def text_of(runs: Sequence[Run]) -> str:
    return "".join(run.text for run in runs)


def printable(text: str) -> str:
    """The text without what no XML may hold."""
    return _FORBIDDEN.sub("", text)


def blocks_of(html: str) -> list[Block]:
    """The blocks of HTML that `to_html` has made."""
    if html.startswith(AS_TYPED):
        return _as_typed(html)
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_block()
    return reader.blocks


def _as_typed(html: str) -> list[Block]:
    """One paragraph: a reader of HTML takes half a minute for a million line ends."""
    lines = html.removeprefix(AS_TYPED).removesuffix("</div>").replace("<br>", "\n")
    text = _BLANKS_OF_LINE.sub(" ", unescape(lines)).replace("\n ", "\n")
    runs = _trimmed([Run(printable(text))])
    return [Block("paragraph", runs)] if runs else []


@dataclass
class _List:
    """An open list."""

    id: int
    next_number: int  # 0 where it has none


class _Reader(HTMLParser):
    """Keeps what is open while the HTML goes by; nothing in it calls itself, however deep it is."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._runs: list[Run] = []
        self._marks = Counter[str]()  # of each, how many are open
        self._look = frozenset[str]()
        self._addresses: list[str] = []
        self._lists: list[_List] = []
        self._lists_begun = 0
        self._heading = self._quotes = self._tables = 0
        self._is_code = False
        self._item: Block | None = None  # that has begun, and has nothing yet
        self._rows: list[list[tuple[Run, ...]]] = []
        self._alignments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self.end_block()
        if tag in _MARKS:
            self._mark(_MARKS[tag], 1)
        elif tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag in _BEGINNING:
            _BEGINNING[tag](self, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.end_block()
        if tag in _MARKS:
            self._mark(_MARKS[tag], -1)
        elif tag in _HEADINGS:
            self._heading = 0
        elif tag in _ENDING:
            _ENDING[tag](self)

    def handle_data(self, data: str) -> None:
        if self._is_code:
            self._add(data)
            return
        begins_line = bool(self._runs) and self._runs[-1].text.endswith("\n")
        text = _BLANKS.sub(" ", data)
        self._add(text.lstrip(" ") if begins_line else text)

    def _mark(self, mark: str, more: int) -> None:
        self._marks[mark] += more
        self._look = frozenset(+self._marks)

    def _add(self, text: str) -> None:
        address = self._addresses[-1] if self._addresses else ""
        self._runs.append(Run(printable(text), self._look, address))

    def end_block(self) -> None:
        """Make a block of what was gathered; in a cell of a table, a line."""
        if self._tables:
            self._add("\n")
            return
        runs = tuple(_joined(self._runs)) if self._is_code else _trimmed(self._runs)
        self._runs = []
        if runs:
            self.blocks.append(self._block(runs))

    def _block(self, runs: tuple[Run, ...]) -> Block:
        level = len(self._lists)
        if self._is_code:
            return Block("code", runs, level)
        if self._item:
            item, self._item = self._item, None
            return replace(item, runs=runs)
        if self._heading:
            return Block("heading", runs, self._heading)
        if self._lists:
            return Block("continued", runs, level)
        return Block("quote", runs, self._quotes) if self._quotes else Block("paragraph", runs)

    def _begin_list(self, first: int) -> None:
        self._lists_begun += 1
        self._lists.append(_List(self._lists_begun, first))

    def _end_list(self) -> None:
        self._lists.pop()

    def _begin_item(self, given: dict[str, str]) -> None:
        if not self._lists or self._tables:
            return
        last = self._lists[-1]
        self._item = Block("item", (), len(self._lists), last.id, last.next_number)
        last.next_number += bool(last.next_number)

    def _end_item(self) -> None:
        if self._item:
            self.blocks.append(self._item)
            self._item = None

    def _begin_quote(self, given: dict[str, str]) -> None:
        self._quotes += 1

    def _end_quote(self) -> None:
        self._quotes -= 1

    def _begin_code(self, given: dict[str, str]) -> None:
        self._end_item()
        self._is_code = True

    def _end_code(self) -> None:
        self._is_code = False

    def _begin_table(self, given: dict[str, str]) -> None:
        self._tables += 1
        if self._tables == 1:
            self._rows, self._alignments = [], []

    def _end_table(self) -> None:
        self._tables -= 1
        if not self._tables:
            rows = tuple(tuple(row) for row in self._rows if row)
            self._runs = []
            self.blocks.append(Block("table", rows=rows, alignments=tuple(self._alignments)))

    def _begin_row(self, given: dict[str, str]) -> None:
        if self._tables == 1:
            self._rows.append([])

    def _begin_cell(self, given: dict[str, str]) -> None:
        if self._tables == 1:
            self._runs = []
            if len(self._rows) == 1:
                self._alignments.append(given.get("align", ""))

    def _end_cell(self) -> None:
        if self._tables == 1 and self._rows:
            self._rows[-1].append(_trimmed(self._runs))
            self._runs = []


def _number(given: dict[str, str]) -> int:
    """Where a list begins: at one where the number has more digits than Markdown's or Word's."""
    start = given.get("start", "")
    return int(start) if _NUMBER.fullmatch(start) else 1


def _address(given: dict[str, str]) -> str:
    """Where a link leads; one to a place on the page leads nowhere, for a file has none such."""
    address = printable(given.get("href", ""))
    return "" if address.lstrip().startswith("#") else address


_BEGINNING: dict[str, Callable[[_Reader, dict[str, str]], None]] = {
    "ul": lambda reader, given: reader._begin_list(0),
    "ol": lambda reader, given: reader._begin_list(_number(given)),
    "li": _Reader._begin_item,
    "blockquote": _Reader._begin_quote,
    "pre": _Reader._begin_code,
    "table": _Reader._begin_table,
    "tr": _Reader._begin_row,
    "td": _Reader._begin_cell,
    "th": _Reader._begin_cell,
    "hr": lambda reader, given: reader.blocks.append(Block("rule")),
    "br": lambda reader, given: reader._add("\n"),
    "a": lambda reader, given: reader._addresses.append(_address(given)),
}
_ENDING: dict[str, Callable[[_Reader], None]] = {
    "ul": _Reader._end_list,
    "ol": _Reader._end_list,
    "li": _Reader._end_item,
    "blockquote": _Reader._end_quote,
    "pre": _Reader._end_code,
    "table": _Reader._end_table,
    "td": _Reader._end_cell,
    "th": _Reader._end_cell,
    "a": lambda reader: reader._addresses.clear(),  # none is inside another
}


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs with those that look alike as one: each line of a text has come as its own."""
    for (marks, address), alike in groupby(runs, key=lambda run: (run.marks, run.address)):
        yield Run(text_of(list(alike)), marks, address)


def _trimmed(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs without blanks around them all, and without those that have nothing."""
    kept = [run for run in _joined(runs) if run.text]
    while kept and not kept[0].text.strip(" \n"):
        del kept[0]
    while kept and not kept[-1].text.strip(" \n"):
        del kept[-1]
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip(" \n"))
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip(" \n"))
    return tuple(kept)
