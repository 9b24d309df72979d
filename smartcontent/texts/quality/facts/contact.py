"""E-mail and web addresses, handles and telephone numbers."""

import re
from collections.abc import Iterator

from smartcontent.texts.quality.facts.fact import ADDRESS, EMAIL, HANDLE, PHONE, Fact

_LABEL = r"[^\W_](?:[\w-]{0,62})"
# Domains that copy names without "www."; others are words with a full stop and no blank.
_TOP = (
    "com|org|net|info|biz|edu|gov|eu|io|co|app|dev|shop|store|online|site|blog|club|cafe|me|tv|ai"
    "|de|at|ch|fr|es|it|pt|nl|be|pl|ua|tr|uk|ie|us|ca|mx|br|in|id|jp|kr|cn|au|nz|se|no|dk|fi"
    "|example|test|invalid"
)
_EMAIL = re.compile(rf"(?<![\w.+%-])[\w.+%-]{{1,64}}@({_LABEL}(?:\.{_LABEL}){{1,8}})")
_PATH = r"(?:[/?#][^\s<>\"'«»“”„*|\x1f]*)?"
_ADDRESS = re.compile(
    rf"(?=\w)(?:\bhttps?://[^\s<>\"'«»“”„*|\x1f]+|(?<![\w@.-])(?:www\.{_LABEL}(?:\.{_LABEL}){{1,8}}"
    rf"|(?:{_LABEL}\.){{1,4}}(?:{_TOP})\b(?!\.\w)){_PATH})"
)
_HANDLE = re.compile(r"(?<![\w@.])@(\w[\w.]{1,38}\w)(?:@[\w.-]+\w)?")
_PHONE = re.compile(
    r"(?=[+(\d])(?<![\w.,/-])(?:\+|00)?\(?\d(?:[ ()/.-]{0,3}\d){5,14}(?![\w]|[.,/-]\d)"
)
_GROUPED = re.compile(r"\d{1,3}(?:([ .])\d{3})(?:\1\d{3})*")
_YEARS = re.compile(r"(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d")
_PIECE = re.compile(r"\S+")
_ENDS = ".,;:!?)]}…"
_SAME_DIGITS = 6  # of one number written with and without what goes before it


def addresses(text: str) -> Iterator[Fact]:
    """E-mail addresses, web addresses and handles; numbers inside them are no facts."""
    # None of them has a blank in it; nearly all that stands between blanks is a word.
    pieces = [each.span() for each in _PIECE.finditer(text) if not _is_word(each[0])]
    for kind, pattern in ((EMAIL, _EMAIL), (ADDRESS, _ADDRESS), (HANDLE, _HANDLE)):
        for piece in pieces:
            for found in pattern.finditer(text, *piece):
                yield _of(kind, found.start(), found[0].rstrip(_ENDS))


def _is_word(piece: str) -> bool:
    return "." not in piece[:-1] and "@" not in piece and "://" not in piece


def _of(kind: str, start: int, said: str) -> Fact:
    same = re.sub(r"^https?://|^www\.|(?<=://)www\.", "", said.casefold()).removeprefix("www.")
    implied = {(ADDRESS, re.split(r"[/?#]", same, maxsplit=1)[0])} if kind == ADDRESS else set()
    readings = frozenset({(kind, same.rstrip("/"))})
    return Fact(kind, start, start + len(said), readings, implied=frozenset(implied))


def phones(text: str) -> Iterator[Fact]:
    """Telephone numbers, read as their last digits: country codes and zeros come and go."""
    for found in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if len(digits) >= 7 and not _is_number(found[0]):
            yield Fact(PHONE, *found.span(), frozenset({(PHONE, _significant(digits))}))


def _is_number(said: str) -> bool:
    if said.isdigit() and said[0] != "0":
        return len(said) < 9
    grouped = _GROUPED.fullmatch(said)
    is_one = grouped is not None and not (grouped[1] == " " and len(said) > 10)
    return is_one or bool(_YEARS.fullmatch(said))


def _significant(digits: str) -> str:
    return digits.lstrip("0")[-_SAME_DIGITS - 1 :]
