"""Times of day, read as minutes since midnight; without "am" or "pm" one may be either."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import count
from typing import NamedTuple

from smartcontent.texts.quality.facts.fact import TIME, Fact
from smartcontent.texts.quality.starts import Starts, first_words

_HOUR = r"(?<![\w.,:])(?P<hour>2[0-4]|[01]?\d)(?!\d)"
_DAYPART = {
    "en": r" in the (?:morning|evening|afternoon)| at night| tonight",
    "de": r" (?:abends|nachmittags|morgens|vormittags|früh|am abend|am morgen|am nachmittag)",
    "fr": r" du (?:matin|soir)| de l'après-midi",
    "es": r" (?:de|por) la (?:mañana|tarde|noche)",
    "it": r" (?:di sera|di mattina|del mattino|del pomeriggio|di pomeriggio)",
    "pt": r" da (?:manhã|tarde|noite)",
    "nl": r" 's (?:ochtends|avonds|middags)",
}
_LATE = re.compile(
    "evening|afternoon|night|abend|nachmittag|soir|après|tarde|noche|sera|pomer|noite|avond|middag"
)
# What stands before a bare hour, and what may follow it where it is one.
_BEFORE = {
    "en": "at|from|until|till|by|before|after",
    "de": "um|ab|bis|gegen|vor|nach",
    "fr": "à|dès|vers|jusqu'à|avant|après|de",
    "es": "a las?|las",
    "it": "alle|dalle|ore|le|entro le|all'",
    "pt": "às|das|até às",
    "nl": "om|vanaf|tot",
}
_FOLLOWS = {
    "en": "on|in the|and|to|until|we|with|this|tomorrow|tonight|sharp|at|for|or|every|each",
    "de": "am|und|bis|in der|an|öffne[tn]|geht|beginnt|im|sind|ist",
    "fr": "et|à|le|au|dans|en|pour",
    "es": "y|a|en|de la|del|con|hasta|para|por la|abrimos|horas",
    "it": "e|alle|a|al|in|di|del|nel|con|fino|per|apriamo",
    "pt": "e|às|em|da|no|na|com|até|para",
    "nl": "tot|en|in|op|bij",
}
_UNITS = {
    "en": r" ?(?P<half>a\.?m\b\.?|p\.?m\b\.?)| o'clock",
    "de": r" ?uhr\b(?: (?P<minutes_after>[0-5]\d)\b)?",
    "nl": r" ?uur\b",
}
_H = r" ?h(?:eures?)?\b ?(?P<minutes_h>[0-5]\d)?(?!\w)|h(?P<minutes_hh>[0-5]\d)\b"
_HALVES = {
    "en": [(r"half past +{h}", 30), (r"quarter past +{h}", 15), (r"quarter to +{h}", -15)],
    "de": [(r"halb +{h}", -30), (r"viertel nach +{h}", 15), (r"viertel vor +{h}", -15)],
    "fr": [(r"{h} *(?:h|heures?) et demie", 30), (r"{h} *(?:h|heures?) et quart", 15),
           (r"{h} *(?:h|heures?) moins le quart", -15)],
    "es": [(r"las? +{h} +y media", 30), (r"las? +{h} +y cuarto", 15),
           (r"las? +{h} +menos cuarto", -15)],
    "it": [(r"(?:alle|dalle|le|ore) +{h} +e mezz[ao]", 30),
           (r"(?:alle|dalle|le|ore) +{h} +e un quarto", 15)],
    "nl": [(r"half +{h}", -30), (r"kwart over +{h}", 15), (r"kwart voor +{h}", -15)],
}  # fmt: skip
_MEASURED = "(?:eur|euros?|usd|k?g|m?l|[ck]?m)"
_RANGE = r"(?: ?[-–—] ?| +(?:to|bis|à|a|until|till|and|und|y|e|et|alle|a las|-|–) +)"


class _Way(NamedTuple):
    """A pattern, by how many minutes its hour is shifted, and with what it begins."""

    pattern: re.Pattern[str]
    shift: int
    words: frozenset[str]
    numbers: bool


@cache
def _patterns(language: str) -> tuple[_Way, ...]:
    halves = [_half(form, shift) for form, shift in _HALVES.get(language, ())]
    return (*halves, _Way(_usual(language), 0, first_words(_BEFORE.get(language, "")), True))


def _half(form: str, shift: int) -> _Way:
    pattern = re.compile(rf"\b{form.format(h=_HOUR)}(?!\d)")
    return _Way(pattern, shift, first_words(form.removeprefix("(?:")), form.startswith("{h}"))


@cache
def _usual(language: str) -> re.Pattern[str]:
    part = _DAYPART.get(language)
    daypart = rf"(?P<part>{part})" if part else "(?P<part>(?!))"
    minutes = r"[:.](?P<minutes>[0-5]\d)(?![\d.]|,\d)"
    unit = _UNITS.get(language, "(?!)")
    bare_h = _H if language in ("fr", "es", "it", "pt") else "(?!)"
    before = _BEFORE.get(language, "(?!)")
    ways = [
        # 9.30 am, 9 uhr; 9:30, 9.30 h; 10.00–15.00; 9 h 30; at 9
        rf"(?P<am>{_HOUR}(?:{minutes})? *(?:{unit})(?:{daypart})?)",
        rf"(?P<colon>{_HOUR}(?::(?P<minutes>[0-5]\d)(?!\d)(?: *h\b)?|\.(?P<minutes>[0-5]\d) *h\b)"
        rf"(?:{daypart})?)",
        rf"(?<![€$£\d])(?<![€$£] )(?:2[0-3]|[01]?\d)\.[0-5]\d ?[-–—] ?"
        rf"(?P<colon>{_HOUR}\.(?P<minutes>[0-5]\d))(?![\d.]| ?[€$£%]| ?{_MEASURED}\b)",
        rf"(?P<with_h>{_HOUR}(?: *{bare_h}))(?:{daypart})?",
        rf"\b(?:{before}) +(?P<bare>{_HOUR}(?:{minutes}| *(?:{daypart}|{_follows(language)})))",
    ]
    return re.compile("|".join(f"(?:{_renamed(way, n)})" for n, way in enumerate(ways)))


def _follows(language: str) -> str:
    """What stands behind a bare hour and its blanks: a second row of blanks would try all pairs."""
    words = _FOLLOWS.get(language, "(?!)")
    return rf"(?=[.,;:!?)]*(?:$|\n)|[;!?)]|[.,:](?!\d)| (?:{words})\b|[-–—])"


def _renamed(pattern: str, number: int) -> str:
    """Groups of the same name in several ways get a number of their own."""
    numbers = count(10 * number)
    return re.sub(r"\(\?P<(\w+)>", lambda group: f"(?P<{group[1]}_{next(numbers)}>", pattern)


def times(text: str, starts: Starts, language: str) -> Iterator[Fact]:
    """Times of day; of a range like "10 to 18 uhr" both."""
    for pattern, shift, words, numbers in _patterns(language):
        for found in starts.find(pattern, text, words, numbers):
            yield from _facts(text, found, shift)


def _facts(text: str, found: re.Match[str], shift: int) -> Iterator[Fact]:
    parts = {
        name.rstrip("_0123456789"): value for name, value in found.groupdict().items() if value
    }
    hour = int(parts["hour"])
    names = ("minutes", "minutes_after", "minutes_h", "minutes_hh")
    minutes = next((int(parts[name]) for name in names if name in parts), 0)
    half = parts.get("half", parts.get("part", "")).lower()
    readings = _minutes(hour, minutes + shift, half)
    start, end = _span(found)
    numbers = frozenset({hour})
    may_last = "with_h" in parts and not minutes and not _AT.search(text, max(0, start - 9), start)
    lasts = {("s", Decimal(3_600 * hour))} if may_last else set()  # "cinq heures"
    yield Fact(TIME, start, end, frozenset({(TIME, at) for at in readings} | lasts), numbers)
    if before := _FIRST_OF_TWO.search(text, max(0, start - 12), start):
        first = int(before["hour"])
        ways = _minutes(first, int(before["minutes"] or 0), half if first < hour else "")
        span = before.span("said")
        yield Fact(TIME, *span, frozenset((TIME, at) for at in ways), frozenset({first}))


_FIRST_OF_TWO = re.compile(
    rf"(?<![\d.,:])(?P<said>{_HOUR}(?:[:.h](?P<minutes>[0-5]\d))?) *{_RANGE}$"
)


# Before an hour, in the languages whose "9 h" may be as long as it may be late.
_AT = re.compile(r"(?:à|dès|vers|avant|après|de|l[ae]s?|alle|dalle|às|das) +$")


def _span(found: re.Match[str]) -> tuple[int, int]:
    for name, said in found.groupdict().items():
        if name.startswith(("am", "colon", "with_h", "bare")) and said:
            start, end = found.span(name)
            end = start + len(said.rstrip())
            return start, end - (said.lower().endswith("m.") and ".m" not in said.lower())
    return found.span()


def _minutes(hour: int, minutes: int, half: str) -> set[int]:
    at = hour * 60 + minutes
    if (half.startswith("p") and half[:2] in ("pm", "p.")) or _LATE.search(half):
        return {at if hour >= 12 else at + 720}
    if half:
        return {at - 720 if hour == 12 else at}
    return {at, at + 720} if 0 < hour < 12 else {at, at - 720} if hour == 12 else {at}
