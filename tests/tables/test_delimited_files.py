"""CSV and its kin, as Excel, LibreOffice, Google Sheets and Numbers export them."""

import codecs

import pytest
from costs import assert_takes_less

from smartcontent.tables.encodings import decoded
from smartcontent.tables.reading import read_table
from smartcontent.tables.table import LONGEST_CELL, TableError

HEADINGS = ("Thema", "Zielgruppe", "Preis")
ROWS = [
    (2, ("Tee, Tassen; Kännchen", "Leute, die\nTee mögen", "12,50")),
    (4, ('Die „große“ 5" Kanne', "", "007")),
]
EXCEL = (
    "Thema;Zielgruppe;Preis\r\n"
    '"Tee, Tassen; Kännchen";"Leute, die\nTee mögen";12,50\r\n'
    ";;\r\n"
    '"Die „große“ 5"" Kanne";;007\r\n'
    ";;\r\n;;\r\n;;\r\n"
)
LIBRE_OFFICE = (
    '"Thema","Zielgruppe","Preis"\n'
    '"Tee, Tassen; Kännchen","Leute, die\nTee mögen","12,50"\n'
    ",,\n"
    '"Die „große“ 5"" Kanne",,"007"\n'
)
GOOGLE_SHEETS = (
    "Thema,Zielgruppe,Preis\r\n"
    '"Tee, Tassen; Kännchen","Leute, die\nTee mögen","12,50"\r\n'
    ",,\r\n"
    '"Die „große“ 5"" Kanne",,007'
)
NUMBERS = (
    "Thema;Zielgruppe;Preis\n"
    '"Tee, Tassen; Kännchen";"Leute, die\nTee mögen";12,50\n'
    ";;\n"
    '"Die „große“ 5"" Kanne";;007\n'
    ";;"
)
UNICODE_TEXT = EXCEL.replace(";;;", "").replace("Tassen; ", "Tassen# ").replace(";", "\t")
FILES = {
    "Excel, CSV UTF-8": EXCEL.encode("utf-8-sig"),
    "Excel, CSV (Windows)": EXCEL.encode("cp1252"),
    "Excel, CSV (Macintosh)": EXCEL.replace("\r\n", "\r").encode("mac_roman", "replace"),
    "Excel, Unicode Text": UNICODE_TEXT.replace("#", ";").encode("utf-16"),
    "Excel, with its hint": b"sep=;\r\n" + EXCEL.encode("utf-8"),
    "LibreOffice": LIBRE_OFFICE.encode(),
    "LibreOffice, UTF-16": codecs.BOM_UTF16_BE + LIBRE_OFFICE.encode("utf-16-be"),
    "LibreOffice, UTF-16 without a mark": LIBRE_OFFICE.encode("utf-16-le"),
    "LibreOffice, UTF-32": LIBRE_OFFICE.encode("utf-32"),
    "Google Sheets": GOOGLE_SHEETS.encode(),
    "Numbers": NUMBERS.encode(),
    "Numbers, CR": NUMBERS.replace("\n", "\r").encode(),
    "pipes": NUMBERS.replace("Tassen; ", "Tassen# ").replace(";", "|").replace("#", ";").encode(),
}


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_table_is_the_same_whichever_program_wrote_it(file):
    table = read_table(file)

    assert table.headings == HEADINGS
    assert [tuple(row) for row in table.rows] == ROWS
    assert table.notes == ()


def test_hint_may_name_a_blank_of_which_two_have_an_empty_cell_between_them():
    table = read_table(b"sep= \r\nThema Zielgruppe Preis\r\nTee  12,50\r\n")

    assert (table.headings, [cells for _, cells in table.rows]) == (
        HEADINGS,
        [("Tee", "", "12,50")],
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Temat;Odbiorcy\nŻółty dzbanek ze szkła;ludzie, którzy lubią herbatę\n", "cp1250"),
        ("Тема;Аудитория\nСиний стеклянный чайник;люди, которые любят чай\n", "cp1251"),
        ("Sujet;Public\nThéière « bleue » – 12 €;gens d’été, cœur\n", "cp1252"),
        ("Konu;Kitle\nMavi cam çaydanlık;çayı seven insanlar için ılık ışık\n", "cp1254"),
        ("Thema;Ton\nKännchen für Größere;schön süß\n", "cp850"),
        ("トピック;対象\n青いガラスのティーポット;お茶が好きな人\n", "cp932"),
        # Short ones.
        ("題名;主題\n新商品;急須\n", "cp932"),
        ("ｷｰﾜｰﾄﾞ;題名\nｺｰﾋｰ;新商品\n", "cp932"),
        ("topic;audience\n春の新茶キャンペーン;女性\n", "euc_jp"),
        ("标题\n茶壶\n", "gb18030"),
        ("topic;audience\n夏季促销活动;年轻女性\n", "gb18030"),
        ("產品名稱;價格\n玻璃壺;98\n", "big5"),
        ("제목\n찻잔\n", "cp949"),
        ("topic;audience\n여름 할인 행사;젊은 여성\n", "cp949"),
        ("topic;audience\nЛетняя распродажа;женщины\n", "cp1251"),
        ("topic;audience\nЛетняя распродажа;женщины\n", "koi8_r"),
        ("Тема;Аудитория\nСиний чайник;любители чая\n", "cp866"),
        ("topic;audience\nΚαλοκαιρινές εκπτώσεις;γυναίκες\n", "cp1253"),
        ("topic;audience\nמבצע קיץ;נשים\n", "cp1255"),
        ("topic;audience\nتخفيضات الصيف;النساء\n", "cp1256"),
        ("topic;audience\nลดราคาหน้าร้อน;ผู้หญิง\n", "cp874"),
        ("topic;audience\nYaz indirimi başladı;kadınlar\n", "cp1254"),
        ("Tárgy;Célcsoport\nKék üvegkancsó tűzálló;őszi\n", "cp1250"),
        ("tuote;yleisö\nkätevä määrä;päivää\n", "cp1252"),
        ("título;público\nTetera azul;niños\n", "cp850"),
    ],
)
def test_letters_of_before_unicode_are_read_as_they_were_meant(text, encoding):
    table = read_table(text.encode(encoding))

    assert ";".join(table.headings) == text.split("\n")[0]
    assert ";".join(table.rows[0].cells) == text.split("\n")[1]


@pytest.mark.parametrize(
    ("text", "encoding", "gap"),
    [
        ("Topic,Tone\n", "cp1252", b"\x90"),
        ("Temat\nŻółty dzbanek ze szkła;ludzie, którzy lubią herbatę\n", "cp1250", b"\x81"),
        ("Тема;Аудитория\nСиний стеклянный чайник;люди, которые любят чай\n", "cp1251", b"\x98"),
        ("标题;受众\n蓝色玻璃茶壶;喜欢喝茶的人\n", "gb18030", b"\xff"),
    ],
    ids=["English", "Polish", "Russian", "Chinese"],
)
def test_bytes_that_are_no_letters_hold_nobody_up_however_many_they_are(text, encoding, gap):
    lines = text.encode(encoding) * 800  # from the first of them it is told
    with_gaps = lines + gap * (2_000_000 - len(lines))

    assert decoded(lines + gap)[:-1] == text * 800
    assert_takes_less(0.22, lambda: decoded(with_gaps))  # 0.1; 0.3 to 0.9 with a call for each


@pytest.mark.parametrize("text", ["Thema\nschöne Kännchen für Größere\n", "标题\n蓝色玻璃茶壶\n"])
def test_unicode_with_a_broken_letter_is_refused_and_the_line_named(text):
    for broken in (text.encode() + b"\xff;x\n", text.encode() + "ä".encode("cp1252") + b";y"):
        with pytest.raises(TableError, match="in UTF-8, but line 3 has"):
            read_table(broken)

    assert read_table(text.encode() + b"\xe4;y", "ibm850").rows


@pytest.mark.parametrize(
    "text", ["Topic\nTea, cups, and pots\nMore, tea\n", "Topic (product, brand)\nTea\nCup; pot\n"]
)
def test_signs_of_prose_make_no_columns_of_one(text):
    table = read_table(text.encode())

    assert len(table.headings) == 1
    assert [cell for row in table.rows for cell in row.cells] == text.strip().split("\n")[1:]


def test_signs_of_prose_in_many_rows_do_not_outvote_the_columns():
    rows = "".join(f"Tea, {n}, blue, warm;people\n" for n in range(40))

    assert read_table(f"topic;audience\n{rows}".encode()).headings == ("topic", "audience")


def test_columns_are_those_that_most_rows_keep_to():
    rows = "".join(f"Tea{', blue' * (n % 5)};people\n" for n in range(40))

    table = read_table(f"Topic (what, who, where);Audience\n{rows}".encode())

    assert table.headings == ("Topic (what, who, where)", "Audience")


def test_every_heading_is_there_once_and_none_is_empty():
    table = read_table(b"\n\nTopic,Topic,,Topic (2),\na,b,c,d,\n,,,,\ne,,,,,f\n")

    assert table.headings == ("Topic", "Topic (3)", "Column C", "Topic (2)", "Column F")
    assert [tuple(row) for row in table.rows] == [
        (4, ("a", "b", "c", "d", "")),
        (6, ("e", "", "", "", "f")),
    ]


def test_thirty_columns_and_a_thousand_rows_are_read():
    line = ",".join(f"c{n}" for n in range(30))
    table = read_table("\r\n".join([line] * 1_001).encode())

    assert len(table.headings) == 30
    assert len(table.rows) == 1_000


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "nothing in it"),
        (b"\xef\xbb\xbf", "nothing in it"),
        (b",,,\r\n,,,\r\n", "nothing in it"),
        (b"Topic,Tone\n", "only one row"),
        (b"a,b\n" + b"1,2\n" * 1_001, "more than 1,000 rows"),
        (b"a," * 100 + b"b\n" + b"1," * 100 + b"2", "more than 100 columns"),
        (b"a,b\n1," + b"x" * (LONGEST_CELL + 1), "Cell B2 has 32,768 characters"),
        (b"a," + b"b " * 200 + b"c\n1,2\n", "Cell B1 is a heading of 401 characters"),
        (b"a,b\n1,2\n3,\"4\n5,6\n", "In row 3 a quotation mark opens a cell"),
        (b'a,b\n1,"2\n' + b"5,6\n" * 100_000, "quotation mark missing"),
        (b"a,b\n" + b"1,2\n" * 800_000, "at most 2 MB"),
        (b"%PDF-1.7 \xe2\xe3", "is a PDF"),
        (b" \n<!DOCTYPE html><table>", "web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "older Excel, or has a password"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no table"),
        (bytes(range(256)) * 40, "cannot be read|no table"),
        (b"\xff\xfea\0,\0\0", "cannot be read"),
        (b"GIF89a\x01\x02\x03\x04\x05\x06", "no table"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_gets_one_clear_sentence(file, sentence):
    with pytest.raises(TableError, match=sentence):
        read_table(file)
