"""A model's Markdown on the finished page: as people mean it, and never anything that runs."""

import re

import pytest

from smartcontent.web.markdown import LONGEST, to_html


@pytest.mark.parametrize("end", ["\n", "\r\n", "  \n"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Subject: Tea", "Preview: warm"),
        ("✅ Warm", "✅ Blue"),
        ("Ada Lovelace", "12 Tea Street"),
        ("• Warm", "• Blue"),
        ("- Tea", "warm"),
        ("> Tea", "> — Ada"),
        ("お茶", "温かい"),
    ],
)
def test_line_ends_stay(first, second, end):
    html = to_html(first + end + second)

    assert f"{first.lstrip('-> ')}<br>\n{second.lstrip('> ')}" in html


def test_lines_of_a_text_too_long_to_draw_stay():
    assert "Tea<br>warm &lt;b&gt;" in to_html("Tea\nwarm <b>" + " " * LONGEST)


def test_one_tilde_strikes_nothing_through():
    assert to_html("10~20분, 30~40분 ~~50~~") == "<p>10~20분, 30~40분 <del>50</del></p>\n"


@pytest.mark.parametrize("between", ["Warm it.", "- Warm it.", "```\nwarm\n```", "Warm.\n\nGo on:"])
def test_numbering_goes_on_over_what_stands_between(between):
    html = to_html(f"1. Tea\n\n{between}\n\n2. Cup\n\n{between}\n\n3. Pot")

    assert re.findall(r"<ol.*?>", html) == ["<ol>", '<ol start="2">', '<ol start="3">']


def test_number_that_a_line_begins_with_is_what_is_shown():
    assert '<ol start="1986">' in to_html("1986. A great winter")


def test_columns_of_a_table_keep_their_alignment():
    html = to_html("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |")

    for tag, values in (("th", "abc"), ("td", "123")):
        for align, value in zip(("left", "center", "right"), values, strict=True):
            assert f'<{tag} align="{align}">{value}</{tag}>' in html
