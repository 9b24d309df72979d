"""Tables that people open in a spreadsheet program: no cell does more than be read."""

import csv
import io
import re
import zipfile

import pytest
from costs import cpu_seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from smartcontent.tables.reading import read_table
from smartcontent.tables.writing import csv_of, xlsx_of

RISKY = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\xa0=1", "\u200b=1",
    "\u061c=1", "\u2066=1", "\u3164=1", "\ufe0f=1", "\ufff9=1", "\U000e0001=1",
    "\ufeff=1", "\x00=1", "＝1+1", "＋1", "－x", "＠x", "﹦1", "﹣x", "−x",
    "=cmd|' /C calc'!A0", "- a list", '=HYPERLINK("https://x.example?"&A1)', "+49 30 1234",
    "--1", "==",
]  # fmt: skip
HARMLESS = [
    "Tea", "-5", "+5", "-12,50", "−3", "-1.234,5", "-12%", "1e-5", "12.5", "007", "-",
    "a = b", "tea@example.com", "#sale", "'quoted'", "", "10-20", "Title\n=====\nText",
    "Tea; @northwind (our shop)", "Call; +49 (0)30 1234 or write", "a; - b", "| - | + |", "5; +3%",
]  # fmt: skip


def from_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", RISKY)
def test_what_would_be_a_formula_begins_with_an_apostrophe(text):
    assert from_csv(csv_of([text], [[text]])) == [[f"'{text}"]] * 2


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_stays_as_it_is(text):
    assert from_csv(csv_of(["Topic"], [[text]]))[1] == [text]


def test_no_formula_begins_where_another_delimiter_ends_a_cell():
    written = from_csv(csv_of(["Topic"], [["10; =cmd|x\n=1+1\t＝2|=3"]]))[1][0]

    assert written == "10; '=cmd|x\n'=1+1\t'＝2|'=3"


@pytest.mark.parametrize(
    "formula", ["+cmd|' /C calc'!A0", "@SUM(1+1)", "-1+HYPERLINK(A1)", "＋1+cmd|x", "＠SUM(A1)"]
)
def test_behind_another_delimiter_no_sign_begins_a_formula(formula):
    for end in (";", "; ", "|", ";\n", "\t", " \t "):
        written = from_csv(csv_of(["Topic"], [[f"Tea{end}{formula}"]]))[1][0]
        assert written == f"Tea{end}'{formula}"


def test_item_of_a_list_in_a_list_is_no_formula():
    text = "Tea\n\t- product(s)"

    assert from_csv(csv_of(["Topic"], [[text]]))[1][0] == text


def test_a_formula_behind_many_ends_of_cells_has_one_apostrophe():
    assert from_csv(csv_of(["Topic"], [["a\n\n =1;\t＝2"]]))[1][0] == "a\n\n '=1;\t'＝2"


@pytest.mark.parametrize(
    "unit",
    [
        "\t",
        "\n",
        "\r\n ",
        "\n;",
        "| ",
        "\u200b",
        "a\t",
        "==",
        "\n==",
        ";+",
        "|+a",
        "\t-",
        "\t+a",
        " \t",
    ],
)
def test_any_text_is_written_in_a_moment(unit):
    """With the square of their number, the blank lines of one text held all up for minutes."""
    text = "x" + unit * (100_000 // len(unit)) + "x"

    assert cpu_seconds(lambda: csv_of(["Text"], [[text]])) < 0.5  # 0.01 on a quiet machine


def test_numbers_stay_numbers():
    assert from_csv(csv_of(["n"], [[-5], [1.5], ["-2"]])) == [["n"], ["-5"], ["1.5"], ["-2"]]
    sheet = zipfile.ZipFile(
        io.BytesIO(xlsx_of(["n"], [[-5], [1.5], ["-2"], ["12.5"], ["007"], ["0.30"], ["1" * 16]]))
    ).read("xl/worksheets/sheet1.xml")

    assert re.findall(rb'r="A\d"( s="\d")?( t="s")?><v>([-\d.]+)', sheet)[1:5] == [
        (b"", b"", b"-5"), (b"", b"", b"1.5"), (b"", b"", b"-2"), (b"", b"", b"12.5"),
    ]  # fmt: skip
    assert sheet.count(b't="s"') == 4  # the heading and what no number would show


def test_excel_knows_the_encoding_by_its_mark():
    assert csv_of(["Größe"], []).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("text", RISKY)
def test_in_a_workbook_such_a_text_is_a_text_also_when_it_is_edited(text):
    book = zipfile.ZipFile(io.BytesIO(xlsx_of([text], [[text]])))
    sheet = book.read("xl/worksheets/sheet1.xml")

    assert b"<f>" not in sheet
    assert sheet.count(b't="s"') == 2
    assert book.read("xl/styles.xml").count(b'quotePrefix="1"') == 2


CELLS = st.text(st.characters(codec="utf-8") | st.sampled_from('=+-@;,"\n'), max_size=20)


@settings(max_examples=40)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=4))
def test_whatever_is_written_is_read_again(rows):
    blanks = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\ufeff\u2028\u2029\ufffe\uffff\s]+")

    def visible(cells: list[list[str]]) -> list[list[str]]:
        kept = [[blanks.sub("", cell) for cell in row] for row in cells]
        return [row for row in kept if any(row)]

    headings = ["Topic", "Tone"]
    for row in rows:
        row[0] = f"Tea {row[0]}"
    table = read_table(xlsx_of(headings, rows))

    assert visible([list(row.cells) for row in table.rows]) == visible(
        [row[: len(table.headings)] for row in rows]
    )


def test_a_text_longer_than_excel_takes_is_cut_and_says_so():
    table = read_table(xlsx_of(["Text"], [["x" * 40_000]]))

    assert len(table.rows[0].cells[0]) == 32_767
    assert table.rows[0].cells[0].endswith("x…")
