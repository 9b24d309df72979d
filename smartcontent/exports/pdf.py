"""A text as a PDF that holds its own fonts: Latin, Greek and Cyrillic letters.

Other scripts need letters that join or run the other way, or fonts of many megabytes: for these the
page's own print view makes the PDF, with the fonts of the reader's system.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from io import BytesIO
from itertools import chain
from pathlib import Path
from unicodedata import bidirectional, category

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from smartcontent.exports.blocks import Block, Run, blocks_of, text_of
from smartcontent.exports.document import Document, NotInThisFormat
from smartcontent.texts.folding import normalized
from smartcontent.texts.markdown import to_html

_FONTS = Path(__file__).parent / "fonts"
_FACES = {"": "DejaVuSans", "b": "DejaVuSans-Bold", "i": "DejaVuSans-Oblique"}
_BOTH = "DejaVuSans-BoldOblique"
_NAME = "DejaVuSans"
_MARGIN, _STEP = 2.2 * cm, 0.6 * cm
_WIDTH = A4[0] - 2 * _MARGIN
_SIZES = {1: 20, 2: 15, 3: 12.5, 4: 11, 5: 10.5, 6: 10.5}  # of headings, in points
_BODY = 10.5
_LONGEST = 20_000  # characters
_LINES_MOST = 40  # of a paragraph: one over many pages is laid out again for each of them
_DEEPEST = 6  # that anything is further in
_MOST_COLUMNS = 8  # of a table; a wider one becomes lines, as does one with such a tall cell
_TALLEST_REPEATED = A4[1] / 6  # of a table's headings: they are said again on each of its pages
_TAGS = {
    "bold": "b", "italic": "i", "struck": "strike", "underlined": "u", "raised": "super",
    "lowered": "sub",
}  # fmt: skip
_LINK, _LINES = HexColor(0x0563C1), HexColor(0xB0B0B0)


def to_pdf(document: Document) -> bytes:
    """The document's text on pages of A4. Emoji that the font does not have are left out.

    Raises:
        NotInThisFormat: It has letters that the font does not have.
    """
    story = [flowable for block in _blocks(document) for flowable in _flowables(block)]
    story = story or [Spacer(0, 0)]
    # The last heading is kept with nothing: taller than a page, it would be put off to the next one
    # for ever.
    if story[-1].getKeepWithNext():
        story[-1].style.keepWithNext = 0
    out = BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN)
    pages = SimpleDocTemplate(
        out, pagesize=A4, title=document.title, author="", subject="", creator="",
        keywords=", ".join(document.keywords), lang=document.language or "en",
        initialFontName=_NAME, **margins,
    )  # fmt: skip
    pages.build(story)
    return out.getvalue()


@cache
def _glyphs() -> frozenset[int]:
    """The characters that all faces have; the faces are made known to reportlab, too."""
    names = (*_FACES.values(), _BOTH)
    faces = [TTFont(name, _FONTS / f"{name}.ttf") for name in names]
    for face in faces:
        pdfmetrics.registerFont(face)
    pdfmetrics.registerFontFamily(_NAME, _FACES[""], _FACES["b"], _FACES["i"], _BOTH)
    return frozenset.intersection(*(frozenset(face.face.charToGlyph) for face in faces))


def _blocks(document: Document) -> list[Block]:
    """The blocks of the text with what the font has.

    Raises:
        NotInThisFormat: It lacks a letter, or cannot put it as it is written.
    """
    if len(document.text) > _LONGEST:
        raise NotInThisFormat(
            f"The text has {len(document.text):,} characters, and a PDF file is made of "
            f"{_LONGEST:,} at most: open the print view instead, and save it as PDF there."
        )
    text = normalized(document.text)
    glyphs = _glyphs()
    missing = sorted(sign for sign in set(text) if not _has(glyphs, sign))
    letters = [sign for sign in missing if not _may_be_left_out(sign)]
    if letters:
        raise NotInThisFormat(
            f"The font of PDF files has no “{letters[0]}”: open the print view instead, and save it"
            " as PDF there."
        )
    return blocks_of(to_html(text.translate(dict.fromkeys(map(ord, missing)))))


def _has(glyphs: frozenset[int], sign: str) -> bool:
    is_joined = category(sign) in {"Mc", "Mn", "Me"} and not "\u0300" <= sign <= "\u036f"
    runs_left = bidirectional(sign) in {"R", "AL", "AN"}
    return sign.isspace() or (ord(sign) in glyphs and not is_joined and not runs_left)


def _may_be_left_out(sign: str) -> bool:
    """Emoji and what joins or chooses them; what has no look of its own.

    Signs of currencies and mathematics are said, as are units that one sign is for (㎏).
    """
    is_picture = category(sign) in {"So", "Sk"} and not "\u3200" <= sign <= "\u33ff"
    joins_or_chooses = "\ufe00" <= sign <= "\ufe0f" or sign == "\u20e3"
    return is_picture or joins_or_chooses or category(sign)[0] == "C"


def _flowables(block: Block) -> Iterator[Flowable]:
    if block.kind == "rule":
        yield HRFlowable(width="100%", color=_LINES, spaceBefore=8, spaceAfter=8)
    elif block.kind == "table":
        yield from _table(block)
    else:
        yield from _paragraphs(block)


def _paragraphs(block: Block) -> Iterator[Flowable]:
    """The block as one paragraph, or as some that stand close where it has many lines."""
    lines = _code(block.text) if block.kind == "code" else _markup(block.runs)
    mark = (f"{block.number}." if block.number else "•") if block.kind == "item" else None
    for start in range(0, len(lines), _LINES_MOST):
        end = start + _LINES_MOST
        style = _style(block, is_last=end >= len(lines))
        yield Paragraph("<br/>".join(lines[start:end]), style, bulletText=mark)
        mark = None


def _code(text: str) -> list[str]:
    return escape(text.rstrip("\n"), quote=False).replace(" ", "\xa0").split("\n")


def _style(block: Block, is_last: bool) -> ParagraphStyle:
    if block.kind == "heading":
        size = _SIZES[block.level]
        return _styled(f"{_NAME}-Bold", size, spaceBefore=size * 0.8, keepWithNext=1)
    indent = _STEP * min(block.level, _DEEPEST)
    after = 0 if not is_last else 3 if block.kind == "item" else 6
    return _styled(
        _NAME, _BODY, leftIndent=indent, bulletIndent=max(0, indent - _STEP), spaceAfter=after
    )


def _styled(font: str, size: float, **options: float) -> ParagraphStyle:
    return ParagraphStyle(
        "", fontName=font, fontSize=size, leading=size * 1.4, bulletFontName=_NAME,
        bulletFontSize=_BODY, **{"spaceAfter": 6, **options},
    )  # fmt: skip


def _markup(runs: Sequence[Run]) -> list[str]:
    """The lines of some runs in reportlab's own markup."""
    lines = [""]
    for run in runs:
        first, *rest = [_said(line, run) for line in run.text.split("\n")]
        lines[-1] += first
        lines += rest
    return lines


def _said(text: str, run: Run) -> str:
    """A line as its run looks; nothing that was written is a part of the markup."""
    shown = escape(text, quote=False)
    for tag in sorted(_TAGS[mark] for mark in run.marks & _TAGS.keys()):
        shown = f"<{tag}>{shown}</{tag}>"
    if not run.address:
        return shown
    return f'<a href="{escape(run.address)}" color="#{_LINK.hexval()[2:]}"><u>{shown}</u></a>'


def _tallest(block: Block) -> int:
    """The most lines that a cell of a table has."""
    return max((text_of(cell).count("\n") + 1 for row in block.rows for cell in row), default=0)


def _table(block: Block) -> Iterator[Flowable]:
    columns = max((len(row) for row in block.rows), default=0)
    if columns > _MOST_COLUMNS or _tallest(block) > _LINES_MOST:
        for row in block.rows:
            cells = chain.from_iterable((Run(" | "), *cell) for cell in row)
            yield from _paragraphs(Block("paragraph", tuple(cells)[1:]))
    elif columns:
        rows = [[*row, *[()] * (columns - len(row))] for row in block.rows]
        laid_out = [
            [_cell(runs, block, place, number) for place, runs in enumerate(row)]
            for number, row in enumerate(rows)
        ]
        widths = _widths(rows)
        is_short = max(map(_height, laid_out[0], widths)) <= _TALLEST_REPEATED
        yield Table(
            laid_out, widths, repeatRows=int(is_short), splitInRow=1, style=_LOOK, spaceAfter=10
        )


_LOOK = TableStyle([
    ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINES),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("FONTNAME", (0, 0), (-1, -1), _NAME),  # or each would name one that is not in the file
])  # fmt: skip
_ALIGNMENTS = {"left": 0, "center": 1, "right": 2}


def _cell(runs: Sequence[Run], block: Block, place: int, row: int) -> Paragraph:
    alignment = _ALIGNMENTS.get("".join(block.alignments[place : place + 1]), 0)
    font = f"{_NAME}-Bold" if not row else _NAME
    look = _styled(font, _BODY - 1, alignment=alignment, spaceAfter=0)
    return Paragraph("<br/>".join(_markup(runs)), look)


def _height(cell: Paragraph, width: float) -> float:
    _, height = cell.wrap(width, A4[1])
    return float(height)


def _widths(rows: Sequence[Sequence[Sequence[Run]]]) -> list[float]:
    """A width for each column by its longest cell, within bounds: none is crowded out."""
    longest = [max(len(text_of(cell)) for cell in column) for column in zip(*rows, strict=True)]
    shares = [min(max(length, 8), 40) for length in longest]
    return [_WIDTH * share / sum(shares) for share in shares]
