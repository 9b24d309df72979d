"""A model's Markdown on the finished page: as people mean it, and never anything that runs."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smartcontent.texts.markdown import LONGEST, to_html


def read(text: str) -> str:
    """What is read of the text on the page."""
    return unescape(re.sub(r"<[^>]*>", "", to_html(text))).strip()


def shape(text: str) -> str:
    """The HTML without what only lays it out."""
    return to_html(text).replace("\n", "")


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


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("1986. A great winter", ['<ol start="1986">']),
        ("1. Tea\n2. Cup\n\n1. Pot\n2. Jug", ["<ol>", "<ol>"]),
        ("3. Tea\n2. Cup\n1. Pot", ['<ol start="3">', '<ol start="2">', "<ol>"]),
        ("1. Tea\n1. Cup\n1. Pot", ["<ol>"]),
        ("- Tea\n  1. hot\n  2. blue\n\n  1. new", ["<ol>", "<ol>"]),
    ],
)
def test_number_that_a_line_begins_with_is_what_is_shown(text, lists):
    assert re.findall(r"<ol.*?>", to_html(text)) == lists


@pytest.mark.parametrize("row", ["| 1 | 2 |", "1 | 2"])
def test_line_below_a_table_is_no_row_of_it(row):
    html = shape(f"| a | b |\n|---|---|\n{row}\nTea\nis warm.")

    assert html.endswith("</table><p>Tea<br>is warm.</p>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Tea[^1]\n\n[^1]: warm", "<p>Tea[^1]</p><p>[^1]: warm</p>"),
        ("![A cup](https://example.org/x.png) of tea", "<p>A cup of tea</p>"),
        ("##Tea\nwarm", "<h2>Tea</h2><p>warm</p>"),
        ("#tea #warm", "<p>#tea #warm</p>"),
    ],
)
def test_what_has_no_place_on_the_page_is_there_in_words(text, html):
    assert shape(text) == html


def test_columns_of_a_table_keep_their_alignment():
    html = to_html("| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |")

    for tag, values in (("th", "abc"), ("td", "123")):
        for align, value in zip(("left", "center", "right"), values, strict=True):
            assert f'<{tag} align="{align}">{value}</{tag}>' in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("1. Tea\n  - hot\n  - blue", "<ol><li>Tea<ul><li>hot</li><li>blue</li></ul></li></ol>"),
        ("10. Tea\n  * hot", '<ol start="10"><li>Tea<ul><li>hot</li></ul></li></ol>'),
        ("1) Tea\n  1) hot", "<ol><li>Tea<ol><li>hot</li></ol></li></ol>"),
        (
            "- Tea\n  - hot\n    - very\n- Cup",
            "<ul><li>Tea<ul><li>hot<ul><li>very</li></ul></li></ul></li><li>Cup</li></ul>",
        ),
        ("1. Tea\n\t- hot", "<ol><li>Tea<ul><li>hot</li></ul></li></ol>"),
        ("1. Tea\n\n  hot", "<ol><li><p>Tea</p><p>hot</p></li></ol>"),
        ("1. Tea\n  ```\n  a\n    b\n  ```", "<ol><li>Tea<pre><code>a  b</code></pre></li></ol>"),
        ("> 1. Tea\n>   - hot", None),
        (" 9. Tea\n10. Cup", '<ol start="9"><li>Tea</li><li>Cup</li></ol>'),
    ],
)
def test_what_is_indented_by_two_belongs_to_the_item(text, html):
    html = html or "<blockquote><ol><li>Tea<ul><li>hot</li></ul></li></ol></blockquote>"

    assert shape(text) == html


@pytest.mark.parametrize("indent", ["    ", "\t", "      ", "> " + " " * 6])
def test_blanks_before_prose_make_no_code_of_it(indent):
    html = to_html(f"{indent}Tea is *warm*.\n\nSo:\n\n{indent}it is.\n\n1.      Tea")

    assert "<em>warm</em>" in html
    assert "<code" not in html


def test_fence_in_the_text_stays_code_with_its_blanks():
    html = to_html("Tea:\n\n```html\n    <b>a</b>\n# b\n---\n**字：**字\n```\n")

    assert "<pre><code>    &lt;b&gt;a&lt;/b&gt;\n# b\n---\n**字：**字\n</code></pre>" in html


@pytest.mark.parametrize(
    "text",
    [
        "**标题：**内容",
        "他说**“你好”**吗",
        "**「名前」**は",
        "これは**（重要）**です",
        "**한국어(Korean)**은",
        '그는 **"차"**를',
        "**Preis:**9 €",
        "**Sale!**🎉",
        "お茶**🍵。**飲む",
        "**标题：**<br>内容",
        "<b>x</b>**(y)**z",
        "字***（重要）***字",
        "__标题：__内容",
        "**Title: **warm",
        "Tea is ** warm**.",
    ],
)
def test_bold_beside_punctuation_is_bold(text):
    html = to_html(text)

    assert "*" not in html
    assert html.count("<strong>") == 1


def test_blanks_between_stars_and_a_word_stay_blanks():
    html = "<p><strong>a</strong> b <strong>c</strong> d</p>"

    assert shape("**a** b **c **d") == html


@pytest.mark.parametrize("text", ["*「強調」*です", "这是*重点。*对", "~~（旧）~~新"])
def test_other_emphasis_beside_full_width_punctuation_is_meant_too(text):
    assert not set("*~") & set(to_html(text))


@pytest.mark.parametrize(
    "text",
    [
        "2*(3+4)*5",
        "5 * 3 * 2",
        "5 ** 3 ** 2",
        "f(**a, **b)",
        r"\*\*(a)\*\*b",
        "`**字：**字`",
        "f(**kwargs)",
        "9 €*",
    ],
)
def test_stars_that_are_none_of_markdowns_stay(text):
    assert read(text) == text.replace("\\", "").replace("`", "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Tea<br>warm<br/>and<BR />so", "<p>Tea<br>warm<br>and<br>so</p>"),
        ("H<sub>2</sub>O, m<sup>2</sup>", "<p>H<sub>2</sub>O, m<sup>2</sup></p>"),
        ("<b>a</b> <i>b</i> <u>c</u>", "<p><b>a</b> <i>b</i> <u>c</u></p>"),
        ("<em>a</em> <strong>**b**</strong>", None),
        ("<p>Tea</p>\n<p>is **warm**</p>", "<p>Tea</p><p>is <strong>warm</strong></p>"),
        (
            "<ul>\n  <li>Tea</li>\n\n  <li>Cup</li>\n</ul>",
            "<ul><li>Tea</li><li>Cup</li></ul>",
        ),
        ('<ol start="3"><li>Tea</li></ol>', '<ol start="3"><li>Tea</li></ol>'),
        ("<h2>Tea</h2>\nwarm", "<h2>Tea</h2>warm"),
        ('<span style="color:red">Tea</span>', "<p>Tea</p>"),
        ("<font color=red>Tea</font> <strike>x</strike>", "<p>Tea <s>x</s></p>"),
        ("<center>Tea</center>", "<div>Tea</div>"),
        ("<details><summary>a</summary>b</details>", "<div><div>a</div>b</div>"),
        (
            '<a href="https://example.org" target="_blank">Tea</a>',
            '<p><a href="https://example.org" rel="noopener noreferrer nofollow">Tea</a></p>',
        ),
        (
            "<a href=https://example.org/?a=b\ttitle = 'Tea'id=\"x\"/>Tea</a >",
            '<p><a href="https://example.org/?a=b" title="Tea" rel="noopener noreferrer nofollow">'
            "Tea</a></p>",
        ),
        (
            r"""<a title=\'a "b"\' href=\"https://example.org/\">Tea</a> """
            r"""<b class=\"a b='x\">c</b>""",
            '<p><a title="a &quot;b&quot;" href="https://example.org/" '
            'rel="noopener noreferrer nofollow">Tea</a> <b>c</b></p>',
        ),
        (r"`<b class=\"a\">c</b>`", r"<p><code>&lt;b class=\"a\"&gt;c&lt;/b&gt;</code></p>"),
    ],
)
def test_harmless_tags_are_what_they_say(text, html):
    assert shape(text) == (html or "<p><em>a</em> <strong><strong>b</strong></strong></p>")


LONG = f"<a href=\"https://example.org/?{'x' * 300}\" title='Tea'>"


@pytest.mark.parametrize(
    "part",
    [
        f"<p>{LONG}<b>Tea</b></a> is <i>**warm**</i></p>",
        f"<div>{LONG}<h3>Tea</h3><p>is <em>warm</em></p></a></div>",
        f"- {LONG}Tea</a> is <b><i>warm</b></i>",
        f"[Tea **is <u>warm</u>**](https://example.org/?{'x' * 300})\n\n",
        f"<table><tr><td>{LONG}<b>Tea</b></a></td><td><strong>warm</strong></td></tr></table>",
    ],
)
def test_many_links_that_are_closed_where_they_were_opened_are_links(part):
    times = LONGEST // 450
    html = to_html(f"{part}\n" * times)

    assert html.count("<a ") == times
    assert read(f"{part}\n" * times).count("Tea") == times


def test_large_table_with_a_long_text_below_is_a_table():
    row = f"<tr>\n{'  <td>Tea & <b>cup</b></td>' * 4}\n</tr>\n"
    html = to_html(f"<table>\n{row * 250}</table>\n\n" + 'The "tea" is **warm**.\n\n' * 400)

    assert (html.count("<td>"), html.count("<strong>")) == (1_000, 400)


@pytest.mark.parametrize(
    "address",
    [
        *(r"\\evil\share\a.docx", r"\evil", "//evil/a.docx", r"/\evil", r"http:\\evil\a"),
        *("/&#9;/evil/a", " //evil/a", "%5C%5cevil%5Cshare", "%2F%2Fevil", "/%5Cevil", r"a\b"),
    ],
)
@pytest.mark.parametrize("text", ['<a href="{}">Tea</a>', "[Tea]({})"])
def test_link_to_a_share_or_to_another_host_without_a_scheme_is_none(text, address):
    assert "href" not in to_html(text.format(address))


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/?q=%5Cd",
        "HTTP://example.org//a",
        "mailto:a@b.c",
        "/a//b",
        "#tea",
        "a/b",
    ],
)
def test_other_links_stay(address):
    assert f'href="{address}"' in to_html(f"[Tea]({address})")


@pytest.mark.parametrize(
    "tag",
    ["<b>", "</b>", "<li>", "<title>", "<unknown>x</unknown>", "<!-- x -->", "<b x='>y</b>"],
)
@pytest.mark.parametrize("around", ["Write {} here", "Write `{}` here", "a\n\n{}\n\nb"])
def test_tag_that_is_none_is_shown_as_it_was_written(tag, around):
    assert read(around.format(tag)).split() == around.replace("`", "").format(tag).split()


def test_tags_in_a_cell_and_beside_code_keep_their_place():
    html = shape("| a |\n|---|\n| x<br>y `<br>` |")

    assert "<td>x<br>y <code>&lt;br&gt;</code></td>" in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("---\ntitle: Tea\ntags:\n  - a\n---\n# Tea", None),
        ('+++\ntitle = "Tea"\n+++\nHi', '<pre><code>title = "Tea"</code></pre><p>Hi</p>'),
        (
            "Subject: Tea\nPreview: warm\n---\nHi",
            "<p>Subject: Tea<br>Preview: warm</p><hr><p>Hi</p>",
        ),
        ("Tea\n----\nHi", "<h2>Tea</h2><p>Hi</p>"),
        ("Tea\n===\nHi", "<h1>Tea</h1><p>Hi</p>"),
        ("Yours,\n--\nAda", "<p>Yours,<br>--<br>Ada</p>"),
        ("Tea\nCup\n======\nHi", "<p>Tea<br>Cup<br>======<br>Hi</p>"),
        ("---\n\nTea\n\n---", "<hr><p>Tea</p><hr>"),
    ],
)
def test_dashes_are_what_they_were_drawn_for(text, html):
    about = "<pre><code>title: Teatags:  - a</code></pre><h1>Tea</h1>"

    assert shape(text) == (html or about)


ALLOWED = {
    *("a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "small", "strong", "sub"),
    *("sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
HARMLESS = {"href": r"(https?:|mailto:).*|[^:]*|[^:]*%.*|:.*", "align": "left|center|right"}
HARMLESS |= dict.fromkeys(("title", "rel", "start"), ".*")


class _Harms(HTMLParser):
    """Notes every tag and attribute that is not of those that can do no harm."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.found += [] if tag in ALLOWED else [tag]
        for name, value in attributes:
            is_harmless = re.fullmatch(HARMLESS.get(name, "no"), value or "", re.DOTALL)
            self.found += [] if is_harmless else [f"{tag} {name}={value}"]


def harms(html: str) -> list[str]:
    parser = _Harms()
    parser.feed(html)
    return parser.found


DOES_HARM = [
    "onmouseover=alert(1)",
    "onclick='alert(1)'",
    "style=background:url(//x)",
    "class=x id=x",
    "href=javascript:alert(1)",
    'href="jav&#x09;ascript:x"',
    "href='data:text/html,x'",
    "src=//x background=//x formaction=//x",
    "align=javascript:x",
    "title='>' onclick=x",
]


@pytest.mark.parametrize("attribute", DOES_HARM)
@pytest.mark.parametrize("around", ["{}", "**{}**", "- {}", "| {} |\n|---|\n| x |", "[x](/u '{}')"])
def test_no_tag_that_is_allowed_carries_harm(attribute, around):
    tags = [*sorted(ALLOWED), "span", "script", "svg", "img", "style", "iframe"]
    for tag in tags:
        assert harms(to_html(around.format(f"<{tag} {attribute}>x</{tag}>"))) == []
    assert harms(to_html(around.format(f"<br {attribute}>"))) == []


def test_what_would_harm_is_recognised():
    assert len(harms("<script></script><a href='javascript:x' onclick=x><p id=x>")) == 4


PARTS = [
    *"ab字。:|*<>`\"'&",
    *("**", "~~", "\n", "\n\n", "  ", "    ", "\t", "- ", "1. ", "1234567. ", "> ", "# "),
    *("---", "--", "===", "| a |\n|--|\n", "```\n", "~~~\n", "[a](", ")", "javascript:x"),
    *("<b>", "</b>", "<br>", "<li>", "</li>", "<p>", "</p>", "<code>", "</code>", "<a href='"),
    *(" onclick=x>", "<script>", "</script>", "<!--", "\ue000", "\ue0020\ue004"),
]
FRAGMENTS = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)
IN_TAGS = re.compile(r"</?(?:b|br|li|p)>")


def words(text: str) -> list[str]:
    return re.findall("[ab字]", IN_TAGS.sub("", text))


@settings(max_examples=400)
@given(FRAGMENTS)
def test_nothing_of_any_text_runs(text):
    assert harms(to_html(text)) == []


@settings(max_examples=400)
@given(FRAGMENTS.filter(lambda text: not re.search(r"```|~~~|[|<\[]", IN_TAGS.sub("", text))))
@example("- -     a")
@example("- >     a")
@example("10.     a\n\n          b")
@example("1. a\n   5. b\n\n          c")
@example("-\n\n    a")
def test_of_a_text_without_a_fence_nothing_is_code_and_no_word_is_lost(text):
    html = to_html(text)

    assert "<pre" not in html
    assert words(read(text)) == words(text)
