"""Markdown drawn by cmark, then cleaned: HTML that can do no harm, and holds nobody up."""

import re
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

import nh3
from markupsafe import Markup, escape

from smartcontent.texts.markdown.bounds import (
    LONGEST,
    TooMuch,
    check_cells,
    check_cleaned,
    check_copies,
    check_html,
)
from smartcontent.texts.markdown.drawing import drawn
from smartcontent.texts.markdown.emphasis import glued
from smartcontent.texts.markdown.lines import as_meant
from smartcontent.texts.markdown.signs import GLUE, without_signs
from smartcontent.texts.markdown.tags import Tags

# What marketing copy needs. No images: one from elsewhere would tell its host who reads.
_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "small", "strong", "sub", "sup",
    "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
AS_TYPED = '<div class="as-typed">'  # what is shown as it was written: lines, and nothing else
_ALIGNMENTS = {"left", "center", "right"}
_LINE_END = re.compile(r"<br(?: /)?>|</?(?:p|li|h[1-6]|tr|div|pre)(?: [^>]*)?>")
_TAG = re.compile(r"<[^>]*>")
_WITH_SCHEME = re.compile(r"[\x00-\x20]*(?:https?|mailto):", re.IGNORECASE)
_NOT_READ = re.compile(r"[\x00-\x20]")  # by what follows a link
_IMAGE = re.compile(r'<img src="[^"]*" alt="([^"]*)"[^>]*>')


def to_html(text: str) -> Markup:
    """The text rendered, then cleaned as HTML (the other order lets hostile Markdown through).

    A text that would take long is answered as plain paragraphs.
    """
    if len(text) > LONGEST:
        return _plain(text)
    return _html(text)


@lru_cache(maxsize=256)  # the beginnings of some pages of a list
def to_text(text: str) -> str:
    """A short text without its marks, line by line as it was when it was written."""
    try:
        html = _drawn(text)
    except TooMuch:
        html = str(_plain(text))
    lines = _TAG.sub("", _LINE_END.sub("\n", html)).split("\n")
    return "\n".join(filter(None, (" ".join(unescape(line).split()) for line in lines)))


@lru_cache(maxsize=16)  # who looks again at a large text waits no second time
def _html(text: str) -> Markup:
    try:
        html = _cleaned(_drawn(text))
        check_cleaned(html)
    except TooMuch:
        return _plain(text)
    return Markup(html.replace("<p></p>", ""))  # noqa: S704


def _drawn(text: str) -> str:
    tags = Tags()
    source = glued(tags.hidden(as_meant(without_signs(text))))
    check_cells(source)
    html = _IMAGE.sub(r"\1", drawn(source))  # in words, as for those who cannot see it
    check_html(html, tags)
    html = tags.shown(html.replace(GLUE, ""))
    check_copies(html)
    return html


def _cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        attribute_filter=_without_share,
        tag_attribute_values={"td": {"align": _ALIGNMENTS}, "th": {"align": _ALIGNMENTS}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _without_share(tag: str, name: str, value: str) -> str | None:
    """No link that a word processor takes for a share, whose server it asks and signs in to."""
    if (tag, name) != ("a", "href"):
        return value
    address = value if _WITH_SCHEME.match(value) else unquote(value)
    address = _NOT_READ.sub("", address)
    return None if "\\" in address or address.startswith("//") else value


def _plain(text: str) -> Markup:
    # A word processor that the text is copied to knows <br>, and nothing of our style sheet.
    lines = "<br>".join(str(escape(text)).splitlines())
    return Markup(f"{AS_TYPED}{lines}</div>")  # noqa: S704
