"""A finished text as a file: read again by other programs, and by ourselves."""

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import docx
import pytest
from costs import assert_takes_less, cpu_seconds
from docx.oxml.ns import qn
from docx.shared import Cm
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smartcontent.exports import FORMATS
from smartcontent.exports.document import Document
from smartcontent.exports.front_matter import from_markdown, to_markdown
from smartcontent.exports.html import fragment
from smartcontent.exports.pdf import NotInThisFormat

TEXT = """\
# The *blue* teapot

Subject: Tea & more
Preview: **warm *and* bold**, `code`, ~~gone~~, <u>under</u>, x<sup>2</sup>

- one
- two with [a link](https://example.com/a?b=1&c=2)
  - nested
    1. deep

  second paragraph

3. third
4. fourth

Text between

1. anew

> quoted
> on two lines

```
def f():
    return "<b>"
```

| Name | Price | 名前 |
|:--|--:|:-:|
| Tea | 1.50 | お茶 |
| [Pot](https://pot.example) | | |

---

Mail <mailto:ada@example.com>, see <https://example.com>.
"""
PLAIN = """\
The blue teapot

Subject: Tea & more
Preview: warm and bold, code, gone, under, x2

• one
• two with a link (https://example.com/a?b=1&c=2)
  • nested
    1. deep

  second paragraph

3. third
4. fourth

Text between

1. anew

  quoted
  on two lines

    def f():
        return "<b>"

Name                       Price  名前
-------------------------  -----  ----
Tea                        1.50   お茶
Pot (https://pot.example)

——————————

Mail mailto:ada@example.com, see https://example.com.
"""
DOCUMENT = Document(
    title="The blue teapot",
    text=TEXT,
    content_type="product_description",
    topic="A teapot: blue\nand of glass",
    language="en",
    keywords=("teapot", "blue, glass"),
    model="llama3.2:3b",
    created_at=datetime(2026, 11, 26, 7, 30, tzinfo=UTC),
)
WORDS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("-: \n\r\"'[]{}#|\\\u2028\x85\ufeff")
)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))


@given(
    st.builds(
        Document, title=WORDS, text=WORDS, content_type=WORDS, topic=WORDS, audience=WORDS,
        tone=WORDS, length=WORDS, language=WORDS, instructions=WORDS, model=WORDS,
        keywords=st.lists(WORDS.filter(bool)).map(tuple), created_at=MOMENTS, finished_at=MOMENTS,
    )
)  # fmt: skip
@example(Document("---", "---\ntitle: no\n---\n"))
@example(Document("", "\n\n text \r\n"))
@example(DOCUMENT)
def test_markdown_with_front_matter_is_read_again_without_loss(document):
    assert from_markdown(to_markdown(document)) == document


@given(WORDS)
def test_front_matter_is_of_lines_that_yaml_takes(title):
    lines = to_markdown(Document(title, "")).decode().split("\n")

    assert len(lines) == 5
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", lines[1])


BLANKS = " " * 250_000
WRITTEN = (
    f"title: a{BLANKS}b", f"title{BLANKS}x", f"title: {BLANKS}\rx", f"keywords:\n- a{BLANKS}b",
    f"keywords: a{BLANKS}b", "title: " + "[" * 250_000, "keywords: " + "[" * 250_000,
    "title: " + "9" * 250_000,
)  # fmt: skip


@pytest.mark.parametrize("lines", WRITTEN, ids=range(len(WRITTEN)))
def test_front_matter_of_any_kind_is_read_in_a_moment(lines):
    head = f"---\n{lines}\n---\n".encode()

    assert_takes_less(0.05, lambda: from_markdown(head))
    assert from_markdown(head).text == ""


def test_keywords_on_lines_of_their_own_cost_no_more_than_their_number():
    few, many = (b"---\nkeywords:\n" + b"- 1\n" * n + b"---\n" for n in (2_000, 40_000))
    cost = max(cpu_seconds(lambda: from_markdown(few)), 0.002)

    # Twenty times as many would take 400 times as long if it grew with the square.
    assert_takes_less(60 * cost, lambda: from_markdown(many))


def test_what_is_longer_than_any_brief_is_no_front_matter_and_is_not_taken_apart():
    head = b"---\n" + b"a: [\n" * 1_000_000 + b"---\n"

    assert_takes_less(0.5, lambda: from_markdown(head))
    assert from_markdown(head).text.encode() == head


def test_front_matter_that_people_have_written_is_read_as_they_mean_it():
    written = (
        "\ufeff---\r\ntitle: The blue teapot: 'new'\r\ntone: 'Ada''s'\r\nkeywords:\r\n"
        '  - tea\r\n  - "blue, glass"\r\nlayout: post\r\nlanguage: en  \r\n---\r\n'
        "\r\n# Tea\r\nwarm\r\n"
    )

    assert from_markdown(written.encode()) == Document(
        "The blue teapot: 'new'",
        "# Tea\r\nwarm\r\n",
        tone="Ada's",
        keywords=("tea", "blue, glass"),
        language="en",
    )


def test_keywords_on_one_line_are_told_apart_by_commas():
    assert from_markdown(b"---\nkeywords: tea, blue glass\n---\n").keywords == ("tea", "blue glass")
    assert from_markdown(b"---\nkeywords: [tea, glass]\n---\n").keywords == ("tea", "glass")


def test_a_text_without_front_matter_is_a_text():
    assert from_markdown(b"# Tea\n\n---\n") == Document("", "# Tea\n\n---\n")


def test_plain_text_has_no_marks_and_keeps_its_order():
    assert FORMATS["txt"].write(DOCUMENT).decode() == PLAIN


def test_rows_of_a_wide_table_become_lines():
    cells = ["a" * 40, "b" * 40, "c" * 40]
    text = f"|x|y|z|\n|-|-|-|\n|{'|'.join(cells)}|\n|1|2|3|"

    assert FORMATS["txt"].write(Document("", text)).decode() == (
        f"x: {cells[0]}\ny: {cells[1]}\nz: {cells[2]}\n\nx: 1\ny: 2\nz: 3\n"
    )


@pytest.mark.parametrize(
    "rows",
    [[["warm"]], [["warm", "blue", "green"], ["a", "b"]], [["a", "b"], ["warm", "blue", "green"]],
     [["h" * 200, "warm"], ["a", "b"], ["c"]]],
)  # fmt: skip
def test_wide_table_of_any_rows_loses_no_text(rows):
    wide = [[f"{cell} tea" * 20 for cell in row] for row in rows]
    table = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in wide)

    file = FORMATS["txt"].write(Document("", f"<table>{table}</table>")).decode()

    assert all(cell in file for row in wide for cell in row)


def test_html_is_what_the_page_shows_without_what_only_our_pages_need():
    html = fragment(TEXT)

    assert '<a href="https://example.com/a?b=1&amp;c=2">a link</a>' in html
    assert '<th style="text-align: right">Price</th>' in html
    assert 'return "&lt;b&gt;"' in html
    assert not re.search(r"nofollow|align=|class=|<script|<html", html)


def test_page_says_its_title_language_and_direction():
    page = FORMATS["html"].write(replace(DOCUMENT, title="</title><b>", language="ar")).decode()

    assert page.startswith('<!DOCTYPE html>\n<html lang="ar" dir="rtl">')
    assert "<title>&lt;/title&gt;&lt;b&gt;</title>" in page


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '<img src=x onerror="x()">'])
def test_html_holds_nothing_that_runs(hostile):
    assert not re.search(r"<(script|img)", fragment(f"Tea {hostile}\n\n{hostile}"))


def word_of(document: Document):
    return docx.Document(io.BytesIO(FORMATS["docx"].write(document)))


def test_word_has_its_own_styles_for_what_the_text_has():
    styled = [(p.style.name, p.text) for p in word_of(DOCUMENT).paragraphs if p.text]

    assert styled == [
        ("Heading 1", "The blue teapot"),
        ("Normal", "Subject: Tea & more\nPreview: warm and bold, code, gone, under, x2"),
        ("List Bullet", "one"),
        ("List Bullet", "two with a link"),
        ("List Bullet 2", "nested"),
        ("List Number 3", "deep"),
        ("List Continue", "second paragraph"),
        ("List Number", "third"),
        ("List Number", "fourth"),
        ("Normal", "Text between"),
        ("List Number", "anew"),
        ("Quote", "quoted\non two lines"),
        ("Code", 'def f():\n    return "<b>"'),
        ("Normal", "Mail mailto:ada@example.com, see https://example.com."),
    ]


def test_no_file_has_a_link_that_a_word_processor_takes_for_a_share():
    shares = Document("", '<a href="\\\\evil\\share\\a.docx">a share</a> and [another](//evil/a)')

    assert [link for paragraph in word_of(shares).paragraphs for link in paragraph.hyperlinks] == []
    assert b"evil" not in FORMATS["html"].write(shares)
    assert b"/URI" not in FORMATS["pdf"].write(shares)


@pytest.mark.parametrize("place", ["#", "#tea", " #tea"])
def test_links_to_a_place_on_the_page_are_words_in_files_that_have_no_such_place(place):
    document = Document("", f'[Tea]({place}) and <a href="{place}">pot</a>')

    assert [link for p in word_of(document).paragraphs for link in p.hyperlinks] == []
    assert word_of(document).paragraphs[0].text == "Tea and pot"
    assert FORMATS["txt"].write(document) == b"Tea and pot\n"
    assert b"/Link" not in FORMATS["pdf"].write(document)


def test_word_has_bold_italic_and_links_as_its_own():
    paragraphs = word_of(DOCUMENT).paragraphs
    looks = {run.text: run for paragraph in paragraphs for run in paragraph.runs}
    links = [link for paragraph in paragraphs for link in paragraph.hyperlinks]

    assert looks["blue"].italic
    assert looks["and"].bold
    assert looks["and"].italic
    assert looks["gone"].font.strike
    assert looks["2"].font.superscript
    assert looks["code"].style.name == "Inline Code"
    assert [(link.text, link.address) for link in links] == [
        ("a link", "https://example.com/a?b=1&c=2"),
        ("mailto:ada@example.com", "mailto:ada@example.com"),
        ("https://example.com", "https://example.com"),
    ]


def test_each_numbered_list_in_word_begins_with_its_own_number():
    word = word_of(DOCUMENT)
    numbered = {
        p.text: p._p.pPr.numPr.numId.val for p in word.paragraphs if "Number" in p.style.name
    }
    numbering = word.part.numbering_part.element

    def first(text: str) -> int:
        return numbering.num_having_numId(numbered[text]).lvlOverride_lst[0].startOverride.val

    assert numbered["third"] == numbered["fourth"]
    assert (first("third"), first("anew"), first("deep")) == (3, 1, 1)


@pytest.mark.parametrize(("start", "first"), [("7", 7), ("9" * 9, 999_999_999)] + [
    (said, 1) for said in ("9" * 11, "9" * 5_000, "-3", "٣", "seven", "")
])  # fmt: skip
def test_list_begins_with_a_number_that_word_knows_or_with_one(start, first):
    document = Document("Tea", f'<ol start="{start}"><li>Warm</li></ol>', language="en")

    numbering = word_of(document).part.numbering_part.element

    [override] = numbering.iter(qn("w:startOverride"))
    assert int(override.get(qn("w:val"))) == first
    assert f"{first}. Warm" in FORMATS["txt"].write(document).decode()


def test_quotes_as_deep_as_tags_can_be_stay_on_the_page_in_word():
    deep = "<blockquote>" * 60 + "tea" + "</blockquote>" * 60

    [paragraph] = word_of(Document("", deep)).paragraphs

    assert paragraph.paragraph_format.left_indent < Cm(10)


def test_word_has_tables_with_headings_and_alignments():
    (table,) = word_of(DOCUMENT).tables

    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Name", "Price", "名前"], ["Tea", "1.50", "お茶"], ["Pot", "", ""],
    ]  # fmt: skip
    assert [cell.paragraphs[0].alignment for cell in table.rows[1].cells] == [0, 2, 1]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_word_knows_what_the_file_is_and_how_it_is_spelt():
    word = word_of(replace(DOCUMENT, language="de"))
    about = word.core_properties

    assert (about.title, about.keywords) == ("The blue teapot", "teapot, blue, glass")
    assert about.created == datetime(2026, 11, 26, 7, 30, tzinfo=UTC)
    assert (about.author, about.comments) == ("", "")
    assert 'w:lang w:val="de-DE"' in word.styles.element.xml


def test_arabic_in_word_runs_from_right_to_left():
    word = word_of(Document("", "# شاي\n\n- **أزرق**\n\n|a|b|\n|-|-|\n|1|2|", language="ar"))

    assert all(p._p.pPr.find(qn("w:bidi")) is not None for p in word.paragraphs[:2])
    assert word.paragraphs[1].runs[0].font.cs_bold
    assert word.paragraphs[1].runs[0].font.rtl
    assert word.tables[0]._tbl.tblPr.find(qn("w:bidiVisual")) is not None


@contextlib.contextmanager
def unless_refused() -> Iterator[None]:
    """Whatever is refused, it is so because we say why, not because a library raises something."""
    try:
        yield
    except NotInThisFormat as refused:
        assert not str(refused).startswith("No such file")  # noqa: PT017


ANYTHING = st.text(st.characters(codec="utf-8") | st.sampled_from("*_`#>-|[]()<>1.\n\t\x0b\ufffe"))


@settings(max_examples=20)
@given(ANYTHING, st.sampled_from(sorted(FORMATS)))
@example("<b>\x0b\ufffe\x01</b>&#1;&#11;", "docx")
@example("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>", "docx")
@example("<table></table><ul></ul><li>x</li></ul>", "txt")
@example("", "docx")
def test_whatever_is_in_a_text_it_becomes_a_file(text, form):
    with unless_refused():
        assert FORMATS[form].write(Document("\x0b\ufffe" + text, text, language="en"))


@pytest.mark.parametrize("unit", ["tea ", "- tea\n", "<b>", "> ", "|a", "a\n\n", "[a](b) "])
@pytest.mark.parametrize("form", sorted(FORMATS))
def test_texts_of_any_kind_become_files_in_seconds_at_worst(form, unit):
    assert_takes_less(8, writing(form, (unit * 3_000)[:3_000]))


LONG = {
    "lines of one paragraph": "a\n" * 10_000,
    "lines of code": "```\n" + "a\n" * 9_000 + "```",
    "lines of a cell": f"|a|b|\n|-|-|\n|{'a<br>' * 3_900}|b|\n",
    "numbered lists": "9. a\n7. a\n" * 2_500,
    "addresses": "".join(f"[a](http://b/{number})" for number in range(4_000)),
}


@pytest.mark.parametrize("form", ["docx", "pdf"])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_many_lines_and_links_are_no_work_that_grows_with_their_square(form, text):
    assert_takes_less(9, writing(form, text))  # 2 on a quiet machine; as a square, 12 to 60


def writing(form: str, text: str) -> Callable[[], None]:
    def write() -> None:
        with unless_refused():
            FORMATS[form].write(Document("", text))

    return write


@pytest.mark.parametrize(("form", "made"), [("pdf", "pdf._blocks"), ("docx", "docx.blocks_of")])
def test_what_a_library_cannot_make_leads_to_the_print_view_and_no_word_of_it_to_the_log(
    form, made, monkeypatch, caplog
):
    def broken(_text: object) -> None:
        raise ValueError("a secret word")

    monkeypatch.setattr(f"smartcontent.exports.{made}", broken)

    with pytest.raises(NotInThisFormat, match="open the print view") as refused:
        FORMATS[form].write(Document("", "a secret word"))

    assert refused.value.__suppress_context__
    assert "secret" not in f"{refused.value}{caplog.text}"
    assert "ValueError" in caplog.text


def test_a_word_document_is_made_of_what_people_write_and_of_nothing_endless():
    with pytest.raises(NotInThisFormat, match=r"has 20,000 paragraphs.*take it as HTML"):
        FORMATS["docx"].write(Document("", "- a\n" * 10_000))


RAGGED = f"<table><tr>{'<td></td>' * 200}</tr>{'<tr><td></td></tr>' * 100}</table>"


@pytest.mark.parametrize("table", [RAGGED, f"|a|\n|-|\n|{'a`b` ' * 5_100}|"])
def test_all_that_word_makes_of_a_table_is_counted(table):
    with pytest.raises(NotInThisFormat):
        FORMATS["docx"].write(Document("", table))


def test_short_rows_below_a_long_one_are_written_as_they_are():
    text = f"<table><tr>{'<td>a</td>' * 300}</tr>{'<tr><td>b</td></tr>' * 300}</table>"

    file = FORMATS["txt"].write(Document("", text))

    assert file.decode() == "\n".join(["a"] * 300) + "\n\nb" * 300 + "\n"


LINES = "\na" * 2_000
MULTIPLIED = {
    "a long heading of many rows": "|" + "h" * 5_000 + "|\n|-|\n" + "|a|\n" * 1_000,
    "lines deep in lists": "<ul>" * 1_000 + "x" + LINES + "</ul>" * 1_000,
    "lines deep in quotes": "<blockquote>" * 1_000 + "x" + LINES + "</blockquote>" * 1_000,
    "lines of items deep in lists": '<ol start="999999999">' * 1_000 + "<li>x" + LINES,
}


@pytest.mark.parametrize("form", ["html", "md", "txt"])
@pytest.mark.parametrize("text", MULTIPLIED.values(), ids=MULTIPLIED)
def test_what_stands_beside_many_lines_is_not_written_as_often(text, form):
    assert len(FORMATS[form].write(Document("", text))) < 20 * len(text)


@pytest.mark.parametrize("form", ["docx", "html", "txt"])
def test_a_text_of_a_million_line_ends_is_a_file_at_once_or_none(form):
    text = "a \t&\n" * 200_000
    assert_takes_less(1, writing(form, text))  # 0.1 on a quiet machine; line by line, 10

    with unless_refused():
        file = FORMATS[form].write(Document("", text)).decode()
        assert (form, file.count("a &" if form == "txt" else "&amp;<br>")) in {
            ("txt", 200_000),
            ("html", 199_999),
        }


def test_lines_and_tabs_of_code_are_kept_in_a_word_document():
    file = FORMATS["docx"].write(Document("", "```\n  a\tb\n\nc  \n```\n"))

    assert docx.Document(io.BytesIO(file)).paragraphs[0].text == "  a\tb\n\nc  "
