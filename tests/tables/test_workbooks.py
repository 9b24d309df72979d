"""XLSX files as spreadsheet programs export them, and as somebody who means harm makes them."""

import contextlib
import random
import re
import struct
from itertools import pairwise
from unittest.mock import Mock

import pytest
from costs import assert_takes_less
from gevent import GreenletExit
from odd_zips import PACKED, claims, with_extra_fields
from workbooks import DATE, LINKS, MAIN, MOMENT, cell, packed, row, workbook

from smartcontent.tables import workbook as reading_of_workbooks
from smartcontent.tables.reading import read_table
from smartcontent.tables.table import TableError

TABLE = row(1, "Topic", "Tone") + row(2, "Tea", "warm")


def read(*args: str, **options) -> list[tuple[int, tuple[str, ...]]]:
    return [tuple(each) for each in read_table(workbook(*args, **options)).rows]


def test_cells_are_read_as_they_are_seen():
    values = (
        cell("A2", 46356, DATE) + cell("B2", 46356.3125, MOMENT) + cell("C2", 12.0)
        + cell("D2", 0.1 + 0.2) + cell("E2", 4006381333931) + cell("F2", "007")
        + '<c r="G2" t="b"><v>1</v></c><c r="H2" t="e"><v>#N/A</v></c>'
    )  # fmt: skip
    rows = read(row(1, *"abcdefgh") + f'<row r="2">{values}</row>')

    assert rows == [
        (2, ("2026-11-30", "2026-11-30 07:30", "12", "0.3", "4006381333931", "007", "TRUE", ""))
    ]


def test_excel_keeps_texts_apart_from_their_cells():
    shared = (
        f'<sst xmlns="{MAIN}" count="3" uniqueCount="3"><si><t>Topic</t></si>'
        "<si><r><t xml:space='preserve'>Blue </t></r><r><t>glass</t></r></si></sst>"
    )
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>'
    )

    assert read(rows, shared=shared) == [(2, ("Blue glass",))]


def test_google_sheets_writes_a_thousand_rows_whatever_is_in_them():
    empty = "".join(row(number, *[None] * 26) for number in range(3, 1_001))

    assert read(TABLE + empty) == [(2, ("Tea", "warm"))]


def test_excel_remembers_the_format_of_rows_far_below():
    far = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'

    assert read(TABLE + far) == [(2, ("Tea", "warm"))]


def test_table_may_stand_below_and_right_of_the_corner():
    rows = row(3, None, "Topic", "Tone") + row(5, None, "Tea", "warm")

    assert read(rows) == [(5, ("Tea", "warm"))]


def test_cells_without_a_place_stand_behind_each_other():
    rows = '<row><c t="inlineStr"><is><t>Topic</t></is></c></row><row><c><v>1</v></c></row>'

    assert read(rows) == [(2, ("1",))]


def test_first_sheet_that_people_see_with_something_in_it_is_read():
    table = read_table(workbook(row(1, "secret"), "", TABLE, row(1, "more"), hidden=1))

    assert table.headings == ("Topic", "Tone")
    assert table.notes == ("Only the first sheet, “Sheet 3”, was read; the file has more.",)


def test_formulas_whose_results_are_missing_are_told():
    formulas = (
        '<c r="A3"><f>1+1</f><v></v></c><c r="B3"><f>1+1</f></c><c r="C3"><f>1</f><v>1</v></c>'
    )
    table = read_table(workbook(f'{TABLE}<row r="3">{formulas}</row>'))

    assert table.rows[1].cells == ("", "", "1")
    assert "Formulas whose results are not in the file (2)" in table.notes[0]


def prefixed(rows: str) -> str:
    return re.sub(r"<(/?)(?=[a-z])", r"<\1x:", rows)


FAR = '<row r="9"><c r="XFD1048576"><v>1</v></c></row>'
HOSTILE = {
    "the last cell of all": TABLE + FAR,
    "its place in small letters": TABLE + FAR.lower(),
    "its place as an entity": TABLE + FAR.replace("XFD", "&#88;FD"),
    "in a row of number 0": TABLE + FAR.replace('"9"', '"0"'),
    "in a row of no number": TABLE + FAR.replace('"9"', '"x"'),
    "a column beyond the last": TABLE + FAR.replace("XFD", "ZZZZ"),
    "a cell without a place, after many rows": f"{TABLE}{'<row/>' * 2_500}<row>{FAR}</row>",
    "rows that go on although their cells begin anew": TABLE
    + '<row><c r="A1"/></row>' * 2_500
    + "<row><c><v>1</v></c></row>",
    "more elements than a table has": TABLE + "<row/>" * 510_000,
    "blanks": TABLE + " " * 31_500_000,
    "no end": TABLE + "<row>",
}


@pytest.mark.parametrize("rows", HOSTILE.values(), ids=HOSTILE)
def test_no_sheet_makes_the_process_ask_for_all_memory(rows):
    with pytest.raises(TableError):
        read(rows)


HOSTILE_PARTS = {
    "sheet with prefixes": {
        "xl/worksheets/sheet1.xml": f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>'
        f"{prefixed(TABLE + FAR)}</x:sheetData></x:worksheet>"
    },
    "sheet of another name": {
        "xl/other.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{FAR}</sheetData></worksheet>',
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="rId1" Type="{LINKS}'
        '/worksheet" Target="other.xml"/></Relationships>',
    },
    "entities of entities": {
        "xl/styles.xml": '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
        + "]><a>&i;</a>"
    },
    "a long format that each style names": {
        "xl/styles.xml": f'<styleSheet><numFmts><numFmt numFmtId="1" formatCode="{"0" * 501}"/>'
        "</numFmts></styleSheet>"
    },
    "too many parts": {f"xl/{number}.xml": "<a/>" for number in range(1_001)},
}  # fmt: skip


LONG = "a" * 300_000
# Python's lock is kept until each is read to its end.
IN_ONE_GO = {
    "a comment": f"{TABLE}<!--{LONG}-->",
    "a comment of tags": f"{TABLE}<!--{'<b>' * 100_000}-->",
    "characters": f"{TABLE}<a><![CDATA[{'<' * 300_000}]]></a>",
    "an instruction": f"{TABLE}<?a {'<' * 300_000}?>",
    "an attribute": f'{TABLE}<row a="{LONG}"/>',
    "attributes": TABLE + "<row" + "".join(f" a{number}=''" for number in range(40_000)) + "/>",
    "blanks": TABLE + " " * 300_000,
}


@pytest.mark.parametrize("rows", IN_ONE_GO.values(), ids=IN_ONE_GO)
def test_nothing_is_read_in_one_go_that_nobody_means(rows):
    with pytest.raises(TableError, match="unpacks to far more than a table"):
        read(rows)


@pytest.mark.parametrize("is_first", [True, False])
def test_shared_texts_count_as_often_as_cells_name_them(is_first):
    """There would be a copy of it for each."""
    names = "".join(f'<c t="s"><v>\n{number % 2}\n</v>\n</c>' for number in range(1_000))
    shared = f"<si><r><t>{'a' * 15_000}</t></r><r><t>{'b' * 15_000}</t></r></si>"
    table = f'<sst xmlns="{MAIN}">{shared}<si><t>Tea</t></si></sst>'
    rows = "".join(f"<row>{names[: len(names) // 5]}</row>" for _ in range(10))
    name = "xl/a.xml" if is_first else "xl/z.xml"

    with pytest.raises(TableError, match="unpacks to far more than a table"):
        read(rows, parts={name: table})


@pytest.mark.parametrize("of_a_cell", [True, False])
def test_signs_that_grow_as_they_are_written_count_as_what_they_become(of_a_cell):
    """Named by no cell, too: written anew five times as long, and copied, they fill the memory."""
    texts = f"<t><![CDATA[{'&' * 250_000}]]></t>" * 17 + "<t>\U0001f642</t>"
    table = f'<sst xmlns="{MAIN}"><si>{texts}</si></sst>'
    rows = f'{TABLE}<row><c t="inlineStr"><is>{texts}</is></c></row>' if of_a_cell else TABLE

    with pytest.raises(TableError, match="unpacks to far more than a table"):
        read(rows, shared="" if of_a_cell else table)


@pytest.mark.parametrize("parts", HOSTILE_PARTS.values(), ids=HOSTILE_PARTS)
def test_no_part_makes_the_process_ask_for_all_memory(parts):
    with pytest.raises(TableError):
        read(TABLE, parts=parts)


def test_part_that_unpacks_to_more_than_it_says_is_not_read():
    rows = TABLE + " " * 5_000_000
    made = workbook(rows)
    size = len(f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>')
    assert made.count(size.to_bytes(4, "little")) >= 1

    with pytest.raises(TableError, match="damaged"):
        read_table(made.replace(size.to_bytes(4, "little"), (1_000).to_bytes(4, "little")))


def test_list_of_parts_that_takes_long_to_read_is_not_read():
    parts = {f"docProps/{number}": "" for number in range(24)}
    made = with_extra_fields(workbook(TABLE, parts=parts), 16_383)

    def read_it():
        with pytest.raises(TableError, match="damaged"):
            read_table(made)

    assert_takes_less(0.05, read_it)  # 0.25 where all that is behind each record is copied
    assert read_table(with_extra_fields(workbook(TABLE), 100)).rows


def test_parts_that_lie_over_each_other_are_not_read():
    made = workbook(TABLE)

    with pytest.raises(TableError, match="damaged"):
        read_table(claims(len(made), made, PACKED))


def test_workbook_of_tens_of_thousands_of_parts_is_not_read():
    parts = {f"{number}": "" for number in range(10_000)}

    with pytest.raises(TableError, match="unpacks to far more than a table"):
        read(TABLE, parts=parts)


@pytest.mark.parametrize(
    ("number_format", "number"), [(14, "-1e308"), (14, "-inf"), (46, "1e10"), (46, "-1e17")]
)
def test_moments_that_cannot_be_counted_to_get_a_sentence(number_format, number):
    """calamine panics, which is no Exception, or Python's own dates end before."""
    styles = f'<styleSheet><cellXfs><xf numFmtId="{number_format}"/></cellXfs></styleSheet>'
    far = f'<row><c s="0"><v>{number}</v></c></row>'

    with pytest.raises(TableError, match="cannot be read"):
        read(TABLE + far, parts={"xl/styles.xml": styles})


@pytest.mark.parametrize("ends", [SystemExit, KeyboardInterrupt, GreenletExit])
def test_what_ends_a_process_is_no_workbook_that_cannot_be_read(ends, monkeypatch):
    monkeypatch.setattr(reading_of_workbooks, "_filled_sheets", Mock(side_effect=ends))

    with pytest.raises(ends):
        read(TABLE)


def far_part(whole: bytes) -> bytes:
    """A workbook whose first part is said to stand 2**63 bytes away, as only ZIP64 can say it."""
    listed, end = whole.index(b"PK\1\2"), whole.index(b"PK\5\6")
    name_ends = listed + 46 + int.from_bytes(whole[listed + 28 : listed + 30], "little")
    extra = struct.pack("<HHQ", 1, 8, 2**63)
    far = bytearray(whole[:name_ends] + extra + whole[name_ends:])
    struct.pack_into("<H", far, listed + 30, len(extra))
    struct.pack_into("<I", far, listed + 42, 2**32 - 1)
    struct.pack_into("<I", far, end + len(extra) + 12, end - listed + len(extra))
    return bytes(far)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (far_part(workbook(TABLE)), "damaged"),
        (b"PK\x03\x04 and no more", "damaged"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "no workbook"),
        (packed({"Index/Document.iwa": ""}), "no workbook"),
        (packed({"xl/workbook.xml": "<workbook/>"}), "cannot be read"),
        (workbook(""), "nothing in it"),
        (workbook(row(1, "Topic")), "only one row"),
    ],
)
def test_a_workbook_that_cannot_be_used_gets_one_clear_sentence(file, sentence):
    with pytest.raises(TableError, match=sentence):
        read_table(file)


def test_a_damaged_file_is_read_or_refused_whatever_the_damage():
    chance, whole = random.Random(5), workbook(TABLE)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(TableError):
            assert read_table(bytes(damaged)).headings
