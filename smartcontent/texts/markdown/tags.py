"""Tags that models write in Markdown: those that do no harm are tags, all else is text.

cmark is shown none of them. A tag goes through it as a sign with a number, every other "<" as a
sign alone, and both come out as what they were meant to be; inside code, as they were written.
What is allowed in the end is the cleaner's to say.
"""

import re
from collections import defaultdict

from markupsafe import escape

from smartcontent.texts.markdown.signs import BLOCK, END, INLINE, LESS_THAN

_ALONE = {"br", "hr"}
IN_A_PARAGRAPH = {
    "a", "b", "code", "del", "em", "i", "ins", "kbd", "mark", "s", "small", "span", "strong", "sub",
    "sup", "u",
}  # fmt: skip
_OF_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
_OF_BLOCKS = _OF_TABLES | {
    "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "ul",
}  # fmt: skip
# What is drawn as another tag that is allowed, or as none: layout of the web's own pages.
_AS_BLOCKS = {
    "address", "article", "aside", "caption", "center", "dd", "details", "dl", "dt", "figcaption",
    "figure", "footer", "header", "main", "nav", "section", "summary",
}  # fmt: skip
_AS_NOTHING = {"abbr", "big", "cite", "dfn", "font", "q", "samp", "time", "tt", "var"}
_DRAWN_AS = dict.fromkeys(_AS_BLOCKS, "div") | dict.fromkeys(_AS_NOTHING, "span")
_DRAWN_AS |= {"strike": "s"}
IN_A_PARAGRAPH |= _AS_NOTHING | {"strike"}
_OF_BLOCKS |= _AS_BLOCKS
MEANT = _ALONE | IN_A_PARAGRAPH | _OF_BLOCKS
# Quotes that do not end would make the cleaner take what follows, tags and all, for a value.
# Those of models that write as in JSON have a backslash before them.
_VALUE = r"""(?:\\?"[^"<>\n]*"|\\?'[^'<>\n]*'|[^\s"'<>]++)"""
_ESCAPED_QUOTE = re.compile(r"""\\(["'])""")
_ATTRIBUTES = rf"""(?:[ \t\n](?:[ \t]*+[^\s"'=<>/]++(?:[ \t]*+=[ \t]*+{_VALUE})?)*+[ \t]*+)?"""
# An address between < and > is a link of Markdown's.
_TAG = rf"<(?!https?://|mailto:)(?:(/?)([a-zA-Z][a-zA-Z0-9]*){_ATTRIBUTES}/?>)?"
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
_OPENING = re.compile(_TAG)
_OPENING_OR_BLANK_LINE = re.compile(rf"{_TAG}|\n\n")
_NUMBERED = re.compile(rf"[{INLINE}{BLOCK}](\d+){END}")
_BREAK_BESIDE_A_BLOCK = re.compile(rf"({BLOCK}\d+{END})<br />\n|<br />\n(?={BLOCK})")
_CODE_OR_TAG = re.compile(r"<code.*?</code>|<[^>]*>", re.DOTALL)


class Tags:
    """The tags of one text."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self.make_tables = False

    def __len__(self) -> int:
        return len(self._written)

    def length_in(self, html: str) -> int:
        """Characters of the tags in the HTML of such a text: a link's title may be in it often."""
        return sum(len(self._written[int(number)]) for number in _NUMBERED.findall(html))

    def hidden(self, text: str) -> str:
        """The text with signs in place of its tags, and of every other "<"."""
        meant = _meant(text)
        return _OPENING.sub(lambda found: self._sign(found, found.start() in meant), text)

    def shown(self, html: str) -> str:
        """The HTML of such a text with its tags in it."""
        html = _BREAK_BESIDE_A_BLOCK.sub(r"\1", html)
        html = _CODE_OR_TAG.sub(lambda found: self._as_written(found[0]), html)
        return _NUMBERED.sub(self._drawn, html).replace(LESS_THAN, "&lt;")

    def _sign(self, found: re.Match[str], is_meant: bool) -> str:
        if not is_meant:
            return LESS_THAN + found[0][1:]
        self._written.append(found[0])
        name = found[2].lower()
        self.make_tables |= name in _OF_TABLES
        kind = BLOCK if name in _OF_BLOCKS else INLINE
        return f"{kind}{len(self._written) - 1}{END}"

    def _as_written(self, part: str) -> str:
        return _NUMBERED.sub(lambda found: escape(self._tag(found)), part)

    def _tag(self, found: re.Match[str]) -> str:
        return self._written[int(found[1])]

    def _drawn(self, found: re.Match[str]) -> str:
        tag = _ESCAPED_QUOTE.sub(r"\1", self._tag(found))
        return _NAME.sub(lambda name: _DRAWN_AS.get(name[0].lower(), name[0]), tag, 1)


def _meant(text: str) -> set[int]:
    """Where those tags begin that stand alone or in pairs: a lonely one is copy about tags."""
    meant: set[int] = set()
    opened: defaultdict[str, list[int]] = defaultdict(list)
    for found in _OPENING_OR_BLANK_LINE.finditer(text):
        name = (found[2] or "").lower()
        if found[0] == "\n\n":
            for each in IN_A_PARAGRAPH & opened.keys():
                del opened[each]
        elif name in _ALONE:
            meant.add(found.start())
        elif not found[1]:
            opened[name].append(found.start())
        elif opened[name] and name in MEANT:
            meant |= {opened[name].pop(), found.start()}
    return meant
