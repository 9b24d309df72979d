"""The tokens that a text is found by, the same for every database and however it was typed.

Letters are compared without case and accents ("Soufflé" is "souffle", "Straße" is "strasse"). In
scripts without blanks between words each character is a token, so that any two of them are found
as a phrase. So is a sign that makes another name of a word: "C++", "C#", "R&D" and ".NET" are no
"c", "r d" or "net", and are found by these, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple
from unicodedata import category, decimal

from smartcontent.texts.folding import normalized
from smartcontent.texts.remembering import Letters

_MOST_OF_A_SIGN = 6
LONGEST = 64  # characters of a token; what is longer is no word, and is found by its beginning
_WORDS_MOST = 20_000  # that are known
_FEW = 4  # tokens of a word
_BRIEF = 4_000  # characters that one field of a brief may have
# To be raised whenever a text gets other tokens, with a migration (0033) that says what is behind.
VERSION = 2

# Letters that no decomposition takes apart.
_PLAIN = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe",
    "þ": "th", "ŋ": "n", "ĸ": "k", "ƒ": "f",
    "ک": "ك", "ی": "ي", "ى": "ي",  # as they are on Persian keyboards, and at the end of words
}  # fmt: skip
# No letters of the word beside them: trademarks, and apostrophes that Unicode counts as letters.
_PARTING = frozenset("™℠ʹʺʻʼʽʾʿ")
# Accents of Latin, Greek and Cyrillic, but й and ї are letters of their own; then Hebrew points,
# Arabic vowel signs and the stroke that makes an Arabic word wider.
_ACCENT = re.compile(
    r"(?<!и)\u0306|(?<!і)\u0308|[\u0300-\u0305\u0307\u0309-\u036f\u0483-\u0487\u0591-\u05bd"
    r"\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff"
    r"\u1dc0-\u1dff\u20d0-\u20f0\xad\u200b-\u200f\u2060\ufe00-\ufe0f]"
)


# To look at all signs takes a process a twentieth of its start: done when the first text comes.
@cache
def _marks() -> str:
    """All combining marks, as ranges of a pattern's class, and what is not seen inside words."""
    marks = [code for code in range(0x300, 0x20000) if category(chr(code))[0] == "M"]
    ends = set(marks)
    begins = (code for code in marks if code - 1 not in ends)
    lasts = (code for code in marks if code + 1 not in ends)
    ranges = zip(begins, lasts, strict=True)
    combining = "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
    return combining + "\xad\u200b-\u200f\u2060\u0640"


# Han, Kana, Thai, Lao, Myanmar, Khmer and so on, and Korean syllables as they come decomposed.
_CHARACTER = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6"
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1075-\u1081\u1780-\u17b3"
    "\u3005-\u3007\u3031-\u3035\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
_KOREAN = "[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?|[\u1160-\u11ff]"
_ITSELF = re.compile(f"[{_CHARACTER}\u1100-\u11ff]")  # a token, or part of a Korean one
# As no database takes signs for words, each becomes digits, as the vowels of Hindi do.
SIGNS = {sign: f"{ord(sign):05x}" for sign in "+#&."}
# Those that count: "+" and "#" behind a word, "&" anywhere, and one dot before a word that stands
# by itself or behind letters: not in "z.B.", "10.Mai" and "3.5", which others write with blanks.
_COUNTED = re.compile(
    r"[+#&.](?:(?<=[^\W_][+#])[+#]*|(?<=&)"
    r"|(?<=\.)(?=[^\W\d_])(?<!\.\.)(?:(?<=[^\W\d_]{2}\.)|(?<![^\W_]\.)))"
)
_SPELT = str.maketrans({sign: f" {digits} " for sign, digits in SIGNS.items()})
_SIGN = re.compile(r"[+#&.][^+#&.]*")
_LETTER, _LETTERS = re.compile(r"[^\W\d_]"), re.compile(r"[^\W\d_]{2}\Z")
# What stands between the tokens of a line of ASCII, as blanks.
_BETWEEN = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))
_WORD = re.compile(r"\S+")


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<run>[{_CHARACTER}]+(?=[{_CHARACTER}]))"  # tokens with no mark behind: one step
        rf"|(?P<word>(?:[{_CHARACTER}]|{_KOREAN})[{_marks()}]*"
        # Nothing of it is given back: a place to go back to at each letter takes 160 bytes.
        rf"|(?:[^\W_{_CHARACTER}\u1100-\u11ff]++[{_marks()}]*+)++)"
        rf"|(?P<signs>[+#][+#{_marks()}]*)|&[{_marks()}]*|\.[.{_marks()}]*"
    )


@cache
def _left_mark() -> re.Pattern[str]:
    return re.compile(f"[{_marks()}]")


class Token(NamedTuple):
    """A token and where it stands in the text, in characters."""

    text: str
    start: int
    end: int


class _Folding(Letters):
    def of(self, code: int) -> str:
        typed = chr(code)
        folded = normalized(normalized(typed, "NFKC").casefold(), "NFKD")
        plain = " " if typed in _PARTING else "".join(map(_plain_letter, folded))
        if "⁄" in plain:  # "2½" is 2 and 1/2, not 21/2
            plain = f" {plain}"
        # No database takes half of a pair, as of a broken emoji; and a sign that is a whole
        # sentence would make a text of them many times as long.
        return "" if 0xD800 <= code < 0xE000 or len(plain) > _MOST_OF_A_SIGN else plain


def _plain_letter(letter: str) -> str:
    digit = decimal(letter, None)  # 3 is ٣ in Arabic, ३ in Hindi
    return _PLAIN.get(letter, letter) if digit is None else str(digit)


_folding = _Folding()


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order."""
    return searchable(text).split()


def searchable(text: str) -> str:
    """The tokens with blanks between: what a database's simplest full-text search reads."""
    return " ".join(filter(None, map(_in_line, text.split("\n"))))


def _in_line(line: str) -> str:
    if line.isascii():  # most are, and what is to be done with it is done in one go
        words = with_signs(line.lower(), _SPELT).translate(_BETWEEN).split()
        is_short = len(line) <= LONGEST or max(map(len, words), default=0) <= LONGEST
        return " ".join(words if is_short else [word[:LONGEST] for word in words])
    return " ".join(filter(None, map(_words_in, line.split())))


def with_signs(folded: str, table: Mapping[int, str]) -> str:
    """The text with the signs that count put by a table; of a text without accents."""
    return _COUNTED.sub(lambda signs: signs[0].translate(table), folded)


def _words_in(typed: str) -> str:
    if len(typed) > LONGEST:
        return _of_long(typed) if len(typed) <= _BRIEF else _of(typed)
    return typed.lower() if _is_plain(typed) else _of_word(typed)


def _is_plain(typed: str) -> bool:
    """Whether it is one word of which nothing but large letters is to be taken off."""
    return typed.isascii() and typed.isalnum()


def _of(text: str) -> str:
    return " ".join([token.text for token in _in_folded(text.translate(_folding))])


def _in_folded(text: str) -> Iterator[Token]:
    """The tokens; those of a run of characters that each are one come as one, with blanks."""
    word, end = None, -1  # the word that ends there
    for found in _token().finditer(text):
        before = word if found.start() == end else None
        word, end = found["word"], found.end()
        if found["run"]:
            yield Token(" ".join(found["run"]), found.start(), end)
        elif word:
            plain = _plain(word)
            if plain:  # of the stroke that makes an Arabic word wider nothing is left
                yield Token(plain, found.start(), end)
        elif found[0][0] == "&" or (before if found["signs"] else _is_named(before, found)):
            for sign in _SIGN.finditer(text, found.start(), end):
                yield Token(SIGNS[sign[0][0]], sign.start(), sign.end())


def _is_named(before: str | None, dot: re.Match[str]) -> bool:
    """Whether a dot is part of the name behind it."""
    is_one = dot[0].count(".") == 1 and _LETTER.match(dot.string, dot.end())
    return bool(is_one) and (before is None or bool(_LETTERS.search(_without_accents(before))))


# Most words have been there before: to know them makes a long text five times as fast.
_of_word = lru_cache(maxsize=_WORDS_MOST)(_of)
# Without blanks a line is as long as a brief, and a thousand rows of a batch may say the same one.
_of_long = lru_cache(maxsize=64)(_of)


def in_words(code: int) -> str | None:
    """What a character is in words, a blank where it parts them; None where it does not fit."""
    folded = _folding[code]
    # What makes another letter of some, or is one by itself.
    if not folded or folded[0] in "\u0306\u0308\u0640":
        return None
    bare = _ACCENT.sub("", folded)
    plain = normalized(bare)
    if _ITSELF.search(bare) or _left_mark().search(plain) or (bare and _left_mark().match(folded)):
        return None
    return re.sub(r"[^\w+#&.]|_", " ", plain)


def placed_tokens(text: str) -> Iterator[Token]:
    """The tokens of a text with their places in it."""
    for word in _WORD.finditer(text):
        typed, first = word[0], word.start()
        if len(typed) <= LONGEST and _is_plain(typed):
            yield Token(typed.lower(), first, word.end())
            continue
        for token in _placed[typed] if len(typed) <= LONGEST else _placed_in(typed):
            yield Token(token.text, first + token.start, first + token.end)


def _placed_in(text: str) -> list[Token]:
    pieces = [_folding[ord(sign)] for sign in text]
    # The character that each one of the folded text comes from.
    origins = [place for place, piece in enumerate(pieces) for _ in piece]
    return [
        Token(token.text, origins[token.start], origins[token.end - 1] + 1)
        for found in _in_folded("".join(pieces))
        for token in _each(found)
    ]


def _each(found: Token) -> Iterable[Token]:
    if " " not in found.text:
        return [found]
    return (Token(sign, at, at + 1) for at, sign in enumerate(found.text[::2], found.start))


class _Placed(dict[str, list[Token]]):
    """Those of words that have been there before. Where each character is a token, hardly one has,
    and its tokens take a hundred times as much memory as itself."""

    def __missing__(self, typed: str) -> list[Token]:
        found = _placed_in(typed)
        if len(found) <= _FEW:
            if len(self) >= _WORDS_MOST:
                self.clear()
            self[typed] = found
        return found


_placed = _Placed()


def _plain(folded: str) -> str:
    """A token of letters and digits alone, which all databases take for one.

    Marks that are left, as in Hindi, stand for vowels. Each becomes digits.
    """
    if len(folded) == 1 or folded.isascii():
        return folded[:LONGEST]
    composed = _without_accents(folded[: 2 * LONGEST])
    return _left_mark().sub(lambda mark: f"{ord(mark[0]):05x}", composed)[:LONGEST]


def _without_accents(folded: str) -> str:
    return normalized(_ACCENT.sub("", folded))
