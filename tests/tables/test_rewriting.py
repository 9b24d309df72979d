"""What calamine gets of a workbook: cells and texts that were written anew, and nothing else."""

import random
import re
from collections import Counter
from copy import deepcopy
from io import BytesIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

import pytest
from python_calamine import CalamineError, CalamineWorkbook
from workbooks import MAIN, row, workbook

from smartcontent.tables.reading import read_table
from smartcontent.tables.rewriting import Rewriting
from smartcontent.tables.table import TableError
from smartcontent.tables.unpacking import unpacked

TABLE = row(1, "Topic", "Tone") + row(2, "Tea", "warm")
SHEET = "xl/worksheets/sheet1.xml"
STYLES = "xl/styles.xml"


def read(*args: str, **options) -> list[tuple[int, tuple[str, ...]]]:
    return [tuple(each) for each in read_table(workbook(*args, **options)).rows]


ODD = {
    "a row in a formula": '<row r="3000"><c r="A1"><f><row r="1"/></f></c><c><v>1</v></c></row>',
    "a row in a text": '<row r="3000"><c r="A1"><is><row r="1"/></is></c><c><v>1</v></c></row>',
    "a row in a value": '<row r="3000"><c r="A1"><v><row r="1"/></v></c><c><v>1</v></c></row>',
    "a cell outside of rows": '<c r="A3"><v>1</v></c>',
    "rows that are something else's": f"<other>{row(3, 1)}</other>",
    "a cell that is something else's": "<row><other><c><v>1</v></c></other></row>",
    "a shared text before the first": '<row><c t="s"><v>-1</v></c></row>',
    "a row before the first": '<row r="-1"><c><v>1</v></c></row>',
    "a kind that there is not": '<row><c t="x"><v>1</v></c></row>',
}


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_no_element_in_an_odd_place_makes_a_cell_nearer(rows):
    with pytest.raises(TableError, match=r"damaged|a cell in row 3,000"):
        read(TABLE + rows)


@pytest.mark.parametrize(
    ("named", "shared"),
    [
        ('<c t="s"><f><c/></f><v>0</v></c>', "<sst>{}</sst>"),
        ('<c t="s"><is><c/></is><v>0</v></c>', "<sst>{}</sst>"),
        ('<c t="s"><v>0</v></c>', "<sst><c>{}</c></sst>"),
        ('<c t="s"><v>0</v></c>', "<other>{}<sst/></other>"),
    ],
)
def test_shared_texts_count_wherever_elements_stand(named, shared):
    text = f"<si><t>{'a' * 30_000}</t></si>"

    with pytest.raises(TableError, match=r"far more than a table|cannot be read"):
        read(f"<row>{named * 70}</row>" * 10, shared=shared.format(text))


def test_what_a_part_says_of_itself_is_not_heard():
    """Memory would be taken for a great many texts."""
    shared = f'<sst xmlns="{MAIN}" uniqueCount="4294967296"/>'

    assert read(TABLE, shared=shared) == [(2, ("Tea", "warm"))]


@pytest.mark.parametrize("inside", ["<a:sheetData/>", "<a:b:sst/>"])
def test_no_part_of_another_kind_has_cells_or_texts(inside):
    with pytest.raises(TableError, match="damaged"):
        read(TABLE, parts={STYLES: f"<styleSheet>{inside}</styleSheet>"})


def test_texts_are_read_as_they_were_written():
    cells = (
        '<c r="A2" t="inlineStr"><is><r><rPr><b/></rPr><t> Tea </t></r><r><t xml:space="preserve">'
        " &amp; milk</t></r><rPh><t>ti</t></rPh></is></c>"
        '<c r="B2" t="str"><f>A1</f><v>a &lt;b> &#233;<!-- -->!</v></c>'
        '<c r="C2" t="s"><v> 0 </v></c>'
        '<c r="D2" t="inlineStr"><v>no</v><is><t><![CDATA[<b>]]></t></is><extLst/></c>'
        '<c r="E2" t="inlineStr"><is><t>a_x000D_&#13;&#10;b</t></is></c>'
    )
    shared = f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>Blue</x:t><x:phoneticPr/></x:si></x:sst>'
    rows = f'{row(1, *"abcde")}<row r="2">{cells}<extLst><c><v>1</v></c></extLst></row>'
    file = unpacked(workbook(rows, shared=shared)).file
    with CalamineWorkbook.from_filelike(file) as book:
        read_as = book.get_sheet_by_index(0).to_python()[1]

    assert read_as == ["Tea & milk", "a <b> é!", "Blue", "<b>", "a\r\r\nb"]


def test_what_programs_put_beside_the_cells_is_left_out():
    beside = (
        '<mergeCells><mergeCell ref="A1:B1"/></mergeCells><mc:AlternateContent><mc:Choice/>'
        "</mc:AlternateContent><extLst><ext><x14:sparkline><xm:f>A1</xm:f></x14:sparkline></ext>"
        "</extLst>"
    )
    parts = {
        SHEET: f"<worksheet><cols/><sheetData>{TABLE}<extLst/></sheetData>{beside}</worksheet>",
        "xl/drawings/drawing1.xml": "<xdr:wsDr><xdr:row>9</xdr:row></xdr:wsDr>",
        "xl/externalLinks/externalLink1.xml": "<externalLink><sheetData><row/></sheetData>"
        "</externalLink>",
    }
    file = unpacked(workbook("", parts=parts)).file

    assert set(parts) & set(ZipFile(file).namelist()) == {SHEET}
    assert read("", parts=parts) == [(2, ("Tea", "warm"))]


NAMES = ["row", "c", "f", "v", "is", "t", "r", "rPh", "si", "sheetData", "x:c", "a:b:c", "other"]
VALUES = {"r": ["B2", "A9", "7", "3000", "ZZZ1", "x"], "t": ["s", "str", "inlineStr", "b", "n"]}
BEGINS = (
    '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c t="inlineStr"><is><t>cup</t>'
    '</is></c></row><row><c t="s"><f>A1</f><v>1</v></c><c r="C2" t="str"><v>pot</v></c></row>'
    "</sheetData><extLst/></worksheet>",
    "<sst><si><t>tea</t></si><si><r><t>herbal</t></r><rPh><t>x</t></rPh></si></sst>",
)
WRITTEN = re.compile(r'<c r="([A-Z]+)(\d+)"(?: t="(\w+)")?>(?:<v>([^<]*)</v>|<is>(.*?)</is>)</c>')


def scrambled(chance: random.Random, begins: str) -> str:
    """Elements moved, doubled, nested, renamed and given other places."""
    root = ElementTree.fromstring(begins)
    for _ in range(chance.randint(1, 5)):
        within = chance.choice([each for each in root.iter() if len(each)])
        into, moved = chance.choice(list(root.iter())), chance.choice(list(within))
        into.insert(chance.randint(0, len(into)), deepcopy(moved))
        if chance.random() < 0.3 and len(within) > 1:
            within.remove(moved)
        into.insert(0, Element(chance.choice(NAMES)))
        changed = chance.choice(list(root.iter()))
        key = chance.choice(list(VALUES))
        changed.set(key, chance.choice(VALUES[key]))
        if chance.random() < 0.2 and changed is not root:
            changed.tag = chance.choice(NAMES)
    return ElementTree.tostring(root, "unicode")


def reckoned(file: BytesIO) -> Counter[str]:
    """The characters in the cells as they were written, by their places."""
    with ZipFile(file) as parts:
        sheet, shared = (parts.read(name).decode() for name in (SHEET, "xl/sharedStrings.xml"))
    file.seek(0)
    assert set(re.findall(r"<(\w+)", WRITTEN.sub("", sheet))) == {"worksheet", "sheetData"}
    texts = [re.sub("<.*?>", "", each) for each in re.findall("<si>(.*?)</si>", shared)]
    found = Counter[str]()
    for column, number, kind, value, inline in WRITTEN.findall(sheet):
        text = texts[int(value)] if kind == "s" and int(value) < len(texts) else value
        found[column + number] = len(text or re.sub("<.*?>", "", inline))
    return found


def test_what_is_read_was_reckoned_however_elements_are_scrambled():
    chance, times_read = random.Random(5), 0
    for _ in range(200):
        sheet, shared = (scrambled(chance, each) for each in BEGINS)
        try:
            file = unpacked(workbook("", shared=shared, parts={SHEET: sheet})).file
        except TableError:
            continue
        places = reckoned(file)
        try:
            with CalamineWorkbook.from_filelike(file) as book:
                rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        except CalamineError:
            continue
        times_read += bool(rows)
        read_as = {
            f"{chr(65 + place)}{number}": str(cell)
            for number, each in enumerate(rows, 1)
            for place, cell in enumerate(each)
            if cell != ""
        }
        assert set(read_as) <= set(places)
        assert all(len(text) <= max(places[place], 5) for place, text in read_as.items())
    assert times_read > 30


@pytest.mark.parametrize("kind", ["", ' t="b"', ' t="str"', ' t="inlineStr"'])
def test_cells_with_blanks_alone_are_none(kind):
    """Else a sheet of them, named twenty times, is read as often: none of the sheets is filled."""
    blank = f'<row r="1"><c r="A1"{kind}><v> </v></c></row>'
    sheet = f"<worksheet><sheetData>{blank}</sheetData></worksheet>"

    assert Rewriting().of(sheet.encode()) == b"<worksheet><sheetData></sheetData></worksheet>"
