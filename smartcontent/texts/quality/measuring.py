"""How long a text is where it is to be posted: each platform counts in its own way."""

import re
from collections.abc import Callable
from unicodedata import east_asian_width

import regex

from smartcontent.texts.folding import normalized
from smartcontent.texts.remembering import remembered
from smartcontent.texts.scanning import scan

ADDRESS_COUNTS = 23  # on X and Mastodon, however long it is
_GRAPHEME = regex.compile(r"\X")
# Flags are pairs; the library looks back from each to the first of a row of them.
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_ONE_FLAG = "\U0001f3c1"
_EMOJI = regex.compile(
    r"\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\N{VARIATION"
    r" SELECTOR-16}?\N{COMBINING ENCLOSING KEYCAP}"
)
_TEXT_SIGNS = frozenset("©®™")  # emoji only where a variation selector says so
# The stop or comma behind an address is none of it.
_SCHEME = re.compile(r"https?://[^\s<>\"“”«»]*[^\s<>\"“”«».,:;!?…'’。、！？」』]", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@.#-])(?:[^\W_](?:[\w-]{0,62})\.){1,4}"
    r"(?:com|org|net|info|biz|edu|gov|eu|io|co|app|dev|shop|store|online|site|blog|de|at|ch|fr|es|it"
    r"|pt|nl|be|pl|uk|ie|us|ca|me|tv|ai|ly|gg|xyz|link|page|fm|cc|jp|kr|cn|tw|au|nz|se|dk|fi|cz|br|mx"
    r"|club|cafe|agency|studio|tech|cloud|news|berlin|london|wien|swiss|design|world|events)\b(?!@|\.\w)"
    r"(?:[/?#](?:[^\s<>\"“”«»]*[^\s<>\"“”«».,:;!?…'’。、！？」』])?)?",
    re.IGNORECASE,
)
_HASHTAG = re.compile(r"(?<![\w&#/])#(?!\d+\b)\w+")
_WEIGHS_ONE = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # X's own table
# Widths of Arial at 20 pixels, as a page of results sets a title.
_WIDTHS = {
    **dict.fromkeys("ijl'|", 4.4), **dict.fromkeys("ft.,:;!/\\ []I", 5.6),
    **dict.fromkeys("r()-`\"", 6.9), **dict.fromkeys("ckJsvxyz", 10.0),
    **dict.fromkeys("wCDHNRU", 14.4), **dict.fromkeys("GOQ", 15.6), **dict.fromkeys("mM", 16.7),
    **dict.fromkeys("ABEKPSVXY&", 13.3), **dict.fromkeys("FTZ", 12.2), "W": 18.9, "%": 17.8,
    "@": 20.3, "—": 20.0,
}  # fmt: skip
_USUAL_WIDTH = 11.1


def weighted(text: str) -> int:
    """As X counts: 23 an address, 2 an emoji or an East Asian letter, 1 the rest."""
    rest, addresses = _without_addresses(normalized(text), bare=True)
    return ADDRESS_COUNTS * addresses + _weights(rest)


def _weights(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_weight, _graphemes(text)))


def _graphemes(text: str) -> list[str]:
    return _GRAPHEME.findall(_FLAG.sub(_ONE_FLAG, text))


@remembered(10_000)
def _weight(grapheme: str) -> int:
    if is_emoji(grapheme):
        return 2
    return sum(1 if any(a <= ord(c) <= b for a, b in _WEIGHS_ONE) else 2 for c in grapheme)


def is_emoji(grapheme: str) -> bool:
    """Whether it is drawn as a picture."""
    if grapheme.isascii() or grapheme in _TEXT_SIGNS:
        return False
    return bool(_EMOJI.search(grapheme))


def graphemes(text: str) -> int:
    """What people call characters: a flag or a family is one."""
    return len(text) - text.count("\r\n") if text.isascii() else len(_graphemes(text))


def mastodon(text: str) -> int:
    """Graphemes; 23 an address with https, and of a handle only the name."""
    rest, addresses = _without_addresses(text, bare=False)
    return ADDRESS_COUNTS * addresses + graphemes(re.sub(r"(@\w+)@[\w.-]+\w", r"\1", rest))


def _without_addresses(text: str, bare: bool) -> tuple[str, int]:
    rest, addresses = _SCHEME.subn("", text)
    if not bare:
        return rest, addresses
    spans = [found.span() for found in scan(_BARE, rest)]  # `subn` would hold the lock
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    kept = (rest[a:b] for a, b in zip([0, *ends], [*starts, len(rest)], strict=True))
    return "".join(kept), addresses + len(spans)


def utf16(text: str) -> int:
    """As JavaScript counts: an emoji is two or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def wide(text: str) -> int:
    """East Asian letters are 2."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def pixels(text: str) -> int:
    """How wide a title is among search results, about."""
    widths = (20.0 if east_asian_width(c) in "WF" else _WIDTHS.get(c, _USUAL_WIDTH) for c in text)
    return round(sum(widths))


def hashtags(text: str) -> int:
    """How many hashtags there are."""
    return len(_HASHTAG.findall(text))


UNITS: dict[str, Callable[[str], int]] = {
    "characters": len,
    "weighted": weighted,
    "graphemes": graphemes,
    "mastodon": mastodon,
    "utf16": utf16,
    "wide": wide,
    "pixels": pixels,
    "hashtags": hashtags,
}
