"""A text as a Word document, in Word's own styles: so that it takes on the look of its reader's."""

import re
from collections.abc import Sequence
from datetime import UTC
from io import BytesIO
from itertools import chain
from typing import Any, cast

import docx
from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.numbering import CT_Num
from docx.oxml.table import CT_Tbl
from docx.oxml.text.paragraph import CT_P
from docx.oxml.text.run import CT_R
from docx.shared import Cm, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run as WordRun

from smartcontent.exports.blocks import Block, Run, blocks_of, printable
from smartcontent.exports.document import Document, NotInThisFormat
from smartcontent.exports.html import direction
from smartcontent.texts.markdown import to_html

_STEP = Cm(1)  # that a quote is further in by
_DEEPEST_QUOTE = 8  # Markdown's; written as tags they may leave the page, and what Word takes
_DEEPEST = 3  # Word has no styles for lists further in
_ALIGNMENTS = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_MOST_PIECES = 10_000  # each takes a fifth of a millisecond
_LONGEST_PROPERTY = 255  # characters
_COUNTRIES = {"en": "US", "uk": "UA", "ar": "SA", "hi": "IN", "ja": "JP", "ko": "KR", "zh": "CN"}
_LINK_COLOUR = RGBColor(0x05, 0x63, 0xC1)
# What Word has behind these in a paragraph's properties; in another order it calls a file damaged.
_BEHIND_BIDI = (
    "w:adjustRightInd",
    "w:snapToGrid",
    "w:spacing",
    "w:ind",
    "w:contextualSpacing",
    "w:jc",
)
_BEHIND_BORDERS = ("w:shd", "w:tabs", "w:bidi", *_BEHIND_BIDI)


def to_docx(document: Document) -> bytes:
    """The document's text; title, keywords, language and date are the file's properties.

    Raises:
        NotInThisFormat: It has far more in it than anybody writes.
    """
    blocks = blocks_of(to_html(document.text))
    _check(blocks)
    writer = _Writer(document)
    for block in blocks:
        writer.write(block)
    out = BytesIO()
    writer.word.save(out)
    return out.getvalue()


def _check(blocks: Sequence[Block]) -> None:
    pieces = sum(map(_pieces, blocks))
    if pieces > _MOST_PIECES:
        raise NotInThisFormat(
            f"The text has {pieces:,} paragraphs, lines, cells and pieces that look different, and "
            f"a Word document is made of {_MOST_PIECES:,} at most: take it as HTML, or print this "
            "page."
        )


def _pieces(block: Block) -> int:
    """What Word has of a block; each row of a table has as many cells as its longest."""
    cells = list(chain.from_iterable(block.rows))
    filled_up = len(block.rows) * _columns(block) - len(cells)
    looks = len(block.runs) + sum(max(1, len(cell)) for cell in cells)
    line_ends = sum(run.text.count("\n") for run in chain(block.runs, *cells))
    return 1 + looks + filled_up + line_ends


def _columns(block: Block) -> int:
    return max(map(len, block.rows), default=0)


class _Writer:
    """Writes one block after the other.

    Styles are named by their ids and elements put where they belong: python-docx looks through all
    of them each time, which takes minutes for the longest texts.
    """

    def __init__(self, document: Document) -> None:
        self.word: Word = docx.Document()
        self._is_right_to_left = direction(document.language) == "rtl"
        self._numberings: dict[int, int] = {}  # Word's, by the list that has it
        self._targets: dict[str, str] = {}  # of links, by their addresses
        _tell(self.word, document)
        _add_styles(self.word)
        self._usual_numberings = _usual_numberings(self.word)
        numbering = self.word.part.numbering_part.element
        self._first_number = 1 + max(known.numId for known in numbering.num_lst)
        self._width = self.word._block_width
        self._end: Any = self.word.element.body.sectPr  # what a document's body ends with

    def write(self, block: Block) -> None:
        if block.kind == "table":
            self._table(block)
            return
        paragraph = self._paragraph(_style(block))
        self._fill(paragraph, block.runs, is_code=block.kind == "code")
        if block.kind == "rule":
            _draw_line(paragraph)
        elif block.kind == "quote":
            paragraph.paragraph_format.left_indent = _STEP * min(block.level, _DEEPEST_QUOTE)
        elif block.kind == "item" and block.number:
            self._number(paragraph, block)

    def _paragraph(self, style: str) -> Paragraph:
        added = cast(CT_P, OxmlElement("w:p"))
        added.style = _id_of(style)
        self._end.addprevious(added)
        return Paragraph(added, self.word._body)

    def _fill(self, paragraph: Paragraph, runs: Sequence[Run], is_code: bool = False) -> None:
        if self._is_right_to_left:
            properties = paragraph._p.get_or_add_pPr()
            properties.insert_element_before(OxmlElement("w:bidi"), *_BEHIND_BIDI)
        for run in runs:
            added = paragraph.add_run()
            _said(added._r, run.text.rstrip("\n") if is_code else run.text)
            for name in chain.from_iterable(_FONTS[mark] for mark in run.marks & _FONTS.keys()):
                setattr(added.font, name, True)
            added.font.rtl = self._is_right_to_left or None
            if run.address:
                self._link(paragraph, added, run.address)
            elif "code" in run.marks and not is_code:
                added._r.style = _id_of("Inline Code")

    def _link(self, paragraph: Paragraph, run: WordRun, address: str) -> None:
        if address not in self._targets:
            known = f"rIdLink{len(self._targets)}"
            kind = RELATIONSHIP_TYPE.HYPERLINK
            self.word.part.rels.add_relationship(kind, address, known, is_external=True)
            self._targets[address] = known
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), self._targets[address])
        run._r.style = "Hyperlink"
        paragraph._p.append(link)
        link.append(run._r)

    def _number(self, paragraph: Paragraph, block: Block) -> None:
        """Have each list of its own begin with its own number."""
        if block.list_id not in self._numberings:
            number = self._first_number + len(self._numberings)
            added = CT_Num.new(number, self._usual_numberings[_style(block)])
            added.add_lvlOverride(ilvl=0).add_startOverride(block.number)
            self.word.part.numbering_part.element.append(added)
            self._numberings[block.list_id] = number
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = self._numberings[block.list_id]

    def _table(self, block: Block) -> None:
        columns = _columns(block)
        if not columns:
            return
        added = CT_Tbl.new_tbl(len(block.rows), columns, self._width)
        self._end.addprevious(added)
        table = Table(added, self.word._body)
        table._tbl.tblStyle_val = _id_of("Table Grid")
        if self._is_right_to_left:
            table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
        for element, row in zip(table._tbl.tr_lst, block.rows, strict=True):
            for place, (cell, runs) in enumerate(zip(element.tc_lst, row, strict=False)):
                paragraph = Paragraph(cell.p_lst[0], table)
                self._fill(paragraph, runs)
                if any(block.alignments[place : place + 1]):
                    paragraph.alignment = _ALIGNMENTS[block.alignments[place]]
        _make_headings(table.rows[0])
        self._paragraph("Normal")  # or the next table would be one with it


def _said(run: CT_R, text: str) -> None:
    """Put a text into a run: element by element, which is faster by far than sign by sign."""
    for part in filter(None, _APART.split(text)):
        element = run.makeelement(_ELEMENTS.get(part, _TEXT))
        if part not in _ELEMENTS:
            element.text = part
            element.set(_SPACE, "preserve")  # or blanks at its ends are none
        run.append(element)


_TEXT, _ELEMENTS = qn("w:t"), {"\n": qn("w:br"), "\t": qn("w:tab")}
_APART = re.compile("([\n\t])")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def _usual_numberings(word: Word) -> dict[str, int]:
    """The definitions of the numbers of Word's own lists, by their styles."""
    numbering = word.part.numbering_part.element
    names = ("List Number", *(f"List Number {deep}" for deep in range(2, _DEEPEST + 1)))
    numbers = {name: word.styles[name].element.pPr.numPr.numId.val for name in names}
    return {n: numbering.num_having_numId(id).abstractNumId.val for n, id in numbers.items()}


def _id_of(style: str) -> str:
    return style.replace(" ", "")


# By python-docx's names; Arabic and Hebrew letters are bold by a property of their own.
_FONTS = {
    "bold": ("bold", "cs_bold"), "italic": ("italic", "cs_italic"), "struck": ("strike",),
    "underlined": ("underline",), "raised": ("superscript",), "lowered": ("subscript",),
}  # fmt: skip


def _style(block: Block) -> str:
    if block.kind == "heading":
        return f"Heading {block.level}"
    if block.kind in _STYLES:
        return _STYLES[block.kind]
    deep = min(block.level, _DEEPEST)
    name = "List Continue" if block.kind == "continued" else "List Bullet"
    name = "List Number" if block.number else name
    return name if deep == 1 else f"{name} {deep}"


_STYLES = {"paragraph": "Normal", "rule": "Normal", "quote": "Quote", "code": "Code"}


def _draw_line(paragraph: Paragraph) -> None:
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().insert_element_before(borders, *_BEHIND_BORDERS)


def _make_headings(row: Any) -> None:
    """Have a table's first row stand out, and again on each page that the table goes on to."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell in row.cells:
        for run in cell.paragraphs[0].runs:
            run.font.bold = run.font.cs_bold = True


def _add_styles(word: Word) -> None:
    link = word.styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
    link.font.underline = True
    link.font.color.rgb = _LINK_COLOUR
    word.styles.add_style("Inline Code", WD_STYLE_TYPE.CHARACTER).font.name = _MONOSPACED
    code = word.styles.add_style("Code", WD_STYLE_TYPE.PARAGRAPH)
    code.base_style = word.styles["Normal"]
    code.font.name = _MONOSPACED


_MONOSPACED = "Courier New"


def _tell(word: Word, document: Document) -> None:
    """Write what the file is: its properties, and the language that it is spelt in."""
    about = word.core_properties
    about.title = printable(document.title)[:_LONGEST_PROPERTY]
    about.keywords = printable(", ".join(document.keywords))[:_LONGEST_PROPERTY]
    about.language = printable(document.language)
    about.author = about.comments = ""
    if document.created_at:
        about.created = about.modified = document.created_at.astimezone(UTC).replace(tzinfo=None)
    language = document.language.partition("-")[0]
    if language.isascii() and language.isalpha():
        spelt = f"{language}-{_COUNTRIES.get(language, language.upper())}"
        for name in ("val", "eastAsia", "bidi"):
            _language_element(word).set(qn(f"w:{name}"), spelt)


def _language_element(word: Word) -> Any:
    return word.styles.element.find(f"{qn('w:docDefaults')}//{qn('w:lang')}")
