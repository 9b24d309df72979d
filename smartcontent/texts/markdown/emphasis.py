"""Bold beside punctuation, where CommonMark takes the stars for what they are not.

Its rule needs a blank between "**Title:**" and the word that follows. Chinese and Japanese have
no blanks ("**标题：**内容"), Korean hangs its particles on ("**한국어(Korean)**은"). With a sign
that is no punctuation in between, stars open and close as they were meant to.
"""

import re
import unicodedata

from smartcontent.texts.markdown.signs import ANY, GLUE

_ASCII_SYMBOLS = "$+<=>^`|~"
_PUNCTUATION = re.escape(
    _ASCII_SYMBOLS
    + "".join(c for c in map(chr, range(0x10000)) if unicodedata.category(c)[0] == "P")
)
_BESIDE = rf"[{_PUNCTUATION}]"
_ELSE = rf"[^\s{_PUNCTUATION}]"
# A single star is also a sign of arithmetic and of footnotes: only where no blanks are written.
_FULL_WIDTH = "[\u3000-\u303f\uff01-\uff65]"
_WITHOUT_BLANKS = (
    rf"[{ANY}\u1100-\u11ff\u2e80-\u2fff\u3040-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    rf"\uff66-\uffdc\U00020000-\U0003ffff]"
)
_TWO = r"(?<![*\\])\*{2,}(?!\*)|(?<![~\\])~~(?!~)"
_ONE = r"(?<![*\\])\*(?!\*)"
_AFTER = re.compile(
    rf"(?<={_BESIDE})(?:{_TWO})(?={_ELSE})"
    rf"|(?<={_BESIDE}){_ONE}(?={_WITHOUT_BLANKS})|(?<={_FULL_WIDTH}){_ONE}(?={_ELSE})"
)
_BEFORE = re.compile(
    rf"(?<={_ELSE})(?:{_TWO})(?={_BESIDE})"
    rf"|(?<={_WITHOUT_BLANKS}){_ONE}(?={_BESIDE})|(?<={_ELSE}){_ONE}(?={_FULL_WIDTH})"
)


# Nor do underscores end bold in the middle of what CommonMark takes for a word.
_UNDERSCORES = re.compile(r"(?<![\w\\])__(?=[^\s_])([^_\n]*[^\s_])__(?=[^\x00-\x7f])")
_PAIR = re.compile(r"(?<![*\\])(\*\*)(?!\*)")


def glued(text: str) -> str:
    """The text with a sign between stars and punctuation where a letter is on the other side."""
    return "\n".join(map(_glued, text.split("\n")))  # between two lines other threads go on


def _glued(line: str) -> str:
    if "__" in line:
        line = _UNDERSCORES.sub(r"**\1**", line)
    if "*" not in line and "~" not in line:
        return line
    line = _touching(line) if "** " in line or " **" in line else line
    return _BEFORE.sub(rf"\g<0>{GLUE}", _AFTER.sub(rf"{GLUE}\g<0>", line))


def _touching(line: str) -> str:
    """The line with "**Title: **text" as "**Title:** text"; "2 ** 3" is arithmetic."""
    parts = _PAIR.split(line)
    # Before, a mark, inside, a mark, between, …: two marks a pair.
    if len(parts) % 4 != 1 or "`" in line:
        return line
    for place in range(2, len(parts), 4):
        inside = parts[place]
        bare = inside.strip()
        is_one_sided = inside.startswith(bare) != inside.endswith(bare)
        if bare and is_one_sided and not parts[place - 2].endswith("("):
            before, after = inside.split(bare, 1)
            parts[place - 2] += before
            parts[place], parts[place + 2] = bare, after + parts[place + 2]
    return "".join(parts)
