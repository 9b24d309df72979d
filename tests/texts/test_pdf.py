"""A text as a PDF that is read on any machine."""

import re

import pytest

from smartcontent.exports.document import Document
from smartcontent.exports.pdf import NotInThisFormat, _blocks, _flowables, to_pdf

EVERY_KIND = (
    "# The *blue* **teapot**\n\nΕλληνικά: ψυχή\n\n- Їжак\n  1. zażółć gęślą jaźń\n\n> Tiếng Việt\n"
    "\n```\na  b\n```\n\n|a|b|\n|-|-:|\n|1|[x](https://x.example/?a=1&b=2)|\n\n---\n\n"
    "~~gone~~ <u>x</u>\n"
)


def test_it_says_what_it_is_and_in_which_language():
    pdf = to_pdf(Document("Tea", "warm", language="de", keywords=("blue", "glass")))

    assert pdf.startswith(b"%PDF-")
    assert b"/Title (Tea)" in pdf
    assert b"/Keywords (blue, glass)" in pdf
    assert b"/Lang (de)" in pdf


def test_every_font_that_it_names_is_in_it():
    pdf = to_pdf(Document("", EVERY_KIND))
    named = set(re.findall(rb"/BaseFont /(\S+)", pdf))

    assert {name.split(b"+")[1] for name in named} >= {
        b"DejaVuSans", b"DejaVuSans-Bold", b"DejaVuSans-BoldOblique",
    }  # fmt: skip
    assert pdf.count(b"/FontFile2") == len(named)
    assert b"Helvetica" not in pdf


def test_a_link_leads_where_it_led():
    assert b"https://x.example/?a=1&b=2" in to_pdf(Document("", EVERY_KIND))


@pytest.mark.parametrize(
    "text", ["茶", "مرحبا", "שלום", "हिन्दी", "한국어", "ไทย", "0.01 ₿", "5 ㎏", "a ⟂ b", "৳ 5"]
)
def test_letters_that_its_font_cannot_show_lead_to_the_print_view(text):
    with pytest.raises(NotInThisFormat, match="open the print view"):
        to_pdf(Document("", f"Tea, {text}"))


def test_a_very_long_text_leads_to_the_print_view():
    with pytest.raises(NotInThisFormat, match=r"has 20,001 characters.*open the print view"):
        to_pdf(Document("", "x" * 20_001))


@pytest.mark.parametrize(
    "text",
    [
        "Sale 🎉👩‍🚀 1️⃣ ✓ → ★",
        "",
        "e\u0301 I\u0302",
        "1. a\n" * 30,
        f"|a|b|\n|-|-|\n|{'long ' * 3_000}|x|",
        f"|{'a|' * 60}\n|{'-|' * 60}\n|{'1|' * 60}",
        f"|{'long ' * 3_000}|b|\n|-|-|\n|1|2|",
        f"<table><tr><td>{'long ' * 2_000}</td></tr></table>",
        "# " + "long " * 1_000,
        "# a" + "<br>a" * 30,
        "# b\n\n# a" + "<br>a" * 79,  # its second half is as tall as a page, too
        "[x](#y)",
        "[x](#)",
        "x" * 5_000,
        '<b><i>x</b>y</i> [<b>](https://x.example/"<>&) &lt;para&gt; </para> <font>',
        "\x0b\x01 &#1; \ufffe",
    ],
)
def test_whatever_else_is_in_a_text_becomes_pages(text):
    assert to_pdf(Document("", text)).rstrip().endswith(b"%%EOF")


def pages_of(text: str) -> int:
    return to_pdf(Document("", text)).count(b"/Type /Page\n")


def test_no_empty_page_follows_a_full_one():
    full = "\n\n".join("a" + "<br>a" * lines for lines in (15, 15, 14))

    assert (pages_of(full), pages_of(f"{full}<br>a")) == (1, 2)


def test_tall_headings_of_a_table_are_not_said_again_on_each_page():
    def pages(heading: str) -> int:
        rows = "|a|\n" * 1_000
        return pages_of(f"|{heading}|\n|-|\n{rows}")

    assert pages("long " * 300) <= pages("a") + 2


def test_a_paragraph_of_many_lines_is_laid_out_in_parts_that_stand_as_close():
    def height(lines: int) -> float:
        text = "- " + "a  \n  " * (lines - 1) + "a"
        return sum(f.wrap(400, 9_999)[1] + f.getSpaceAfter() for f in flowables(text))

    assert len(flowables("a\n" * 200)) == 5
    assert height(80) == pytest.approx(2 * height(40) - 3)


def flowables(text: str) -> list:
    return [part for block in _blocks(Document("", text)) for part in _flowables(block)]
