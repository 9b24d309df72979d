"""A text without its marks, to be read as it is."""

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from unicodedata import east_asian_width

from smartcontent.exports.blocks import Block, Run, blocks_of, text_of
from smartcontent.exports.document import Document
from smartcontent.texts.markdown import to_html

_WIDEST = 100  # characters of a table; in a wider one each row becomes lines of its own
_DEEPEST = 12  # that anything is further in: blanks before each line are no text, but memory
_RULE = "—" * 10


def to_plain(document: Document) -> bytes:
    """The document's text in UTF-8, its addresses behind what leads to them."""
    blocks = blocks_of(to_html(document.text))
    parts = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        parts += ["\n" if _belong_together(before, block) else "\n\n", _shown(block)]
    return ("".join(parts[1:]) + "\n").encode("utf-8", "replace")


def _belong_together(before: Block | None, block: Block) -> bool:
    return before is not None and before.kind == block.kind == "item"


def _shown(block: Block) -> str:
    if block.kind == "rule":
        return _RULE
    if block.kind == "table":
        return "\n".join(_table(block))
    if block.kind == "code":
        return _indented(block.text.rstrip("\n"), "    ")
    text = with_addresses(block.runs)
    if block.kind == "heading":
        return text
    level = min(block.level, _DEEPEST)
    if block.kind == "item":
        mark = f"{block.number}. " if block.number else "• "
        item = mark + text.replace("\n", "\n" + " " * len(mark))
        return _indented(item, "  " * (level - 1)).rstrip()
    return _indented(text, "  " * level)


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.split("\n"))


def with_addresses(runs: Sequence[Run]) -> str:
    """The runs' text, each address behind its words, unless the words are the address."""
    shown = ""
    for address, linked in groupby(runs, key=lambda run: run.address):
        words = text_of(list(linked))
        shown += words if not address or _is_shown(address, words) else f"{words} ({address})"
    return shown


def _is_shown(address: str, words: str) -> bool:
    return words.strip() in {address, address.removeprefix("mailto:"), address.split("://")[-1]}


def _table(block: Block) -> Iterator[str]:
    # Never filled up to a rectangle: one long row and many short ones would be millions of cells.
    rows = [[with_addresses(cell).replace("\n", " ") for cell in row] for row in block.rows]
    widths = [0] * max(map(len, rows), default=0)
    for row in rows:
        widths[: len(row)] = map(max, widths, map(_width, row))
    if sum(widths) + 2 * len(widths) > _WIDEST:
        yield from _as_lines(rows)
        return
    for number, row in enumerate(rows):
        cells = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)
        )
        yield "  ".join(cells).rstrip()
        if not number:
            yield "  ".join("-" * width for width in widths)


def _as_lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The cells, each on a line behind its heading.

    Headings that no other row would show all of are a row like the others, as are long ones: said
    again for each row they would be millions of characters.
    """
    headings, *rest = rows
    is_shown = len(headings) <= max(map(len, rest), default=0)
    if not is_shown or max(map(len, headings), default=0) > _WIDEST:
        headings, rest = [], [*rows]
    for number, row in enumerate(rest):
        yield from [""] if number else []
        headed = zip_longest(headings[: len(row)], row, fillvalue="")
        yield from (f"{heading}: {cell}" if heading else cell for heading, cell in headed)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
