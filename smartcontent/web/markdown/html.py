"""Markdown drawn by cmark, then cleaned: HTML that can do no harm, and holds nobody up."""

from functools import lru_cache

import nh3
from cmarkgfm import cmark
from cmarkgfm.cmark import Options
from markupsafe import Markup

from smartcontent.web.markdown.emphasis import glued
from smartcontent.web.markdown.lines import as_meant
from smartcontent.web.markdown.signs import GLUE, without_signs
from smartcontent.web.markdown.tags import Tags
from smartcontent.web.threads import slowly

# What marketing copy needs. No images: one from elsewhere would tell its host who reads.
_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "small", "strong", "sub", "sup",
    "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ALIGNMENTS = {"left", "center", "right"}
_EXTENSIONS = ["table", "strikethrough"]
# A line end stays one, as in the text while it was written: "Subject: …⏎Preview: …" are two lines.
# One tilde is none that strikes through: "10~20, 30~40" are ranges in Korean.
_OPTIONS = Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE

# What is longer is no marketing copy: it is shown as it was written.
LONGEST = 100_000
LONGEST_HTML = 500_000
# The cleaner's time grows with the square of the depth, and these are what can nest.
MOST_NESTING = 5_000
_NESTING = ("<blockquote", "<ul", "<ol", "<em", "<strong", "<del")
_AT_ONCE = 1_000


def to_html(text: str) -> Markup:
    """The text rendered, then cleaned as HTML (the other order lets hostile Markdown through).

    A text that would take long is answered as plain paragraphs.
    """
    if len(text) > LONGEST:
        return _plain(text)
    html: Markup = _html(text) if len(text) <= _AT_ONCE else slowly(_html, text)
    return html


@lru_cache(maxsize=16)  # who looks again at a large text waits no second time
def _html(text: str) -> Markup:
    tags = Tags()
    source = glued(tags.hidden(as_meant(without_signs(text))))
    drawn = cmark.markdown_to_html_with_extensions(source, _OPTIONS, _EXTENSIONS)
    if len(drawn) > LONGEST_HTML or sum(map(drawn.count, _NESTING)) + len(tags) > MOST_NESTING:
        return _plain(text)
    html = tags.shown(drawn.replace(GLUE, ""))
    return Markup(_cleaned(html).replace("<p></p>", ""))  # noqa: S704


def _cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        tag_attribute_values={"td": {"align": _ALIGNMENTS}, "th": {"align": _ALIGNMENTS}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _plain(text: str) -> Markup:
    # A word processor that the text is copied to knows <br>, and nothing of our style sheet.
    lines = Markup("<br>").join(text.splitlines())
    return Markup('<div class="as-typed">{}</div>').format(lines)
