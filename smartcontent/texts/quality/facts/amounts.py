"""Prices, per cents, quantities with their units, and plain numbers."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache

from smartcontent.texts.quality.facts.fact import NUMBER, PERCENT, PRICE, Fact, Reading
from smartcontent.texts.quality.facts.numerals import NUMERAL, values
from smartcontent.texts.quality.starts import Starts

# Dimension: its units, each with how many of the smallest it is. All languages' words together.
_UNITS: dict[str, dict[str, str]] = {
    "ml": {
        "1": r"ml|millilit(?:re|er)s?|milliliters?|mililitros?|millilitri",
        "10": r"cl|centilit(?:re|er)s?|centilitros?|centilitri",
        "100": r"dl|decilit(?:re|er)s?",
        "1000": r"l|lt|lit(?:re|er)s?|litern|litros?|litr[oi]",
    },
    "g": {
        "0.001": r"mg|milligram(?:m|me|mes|s)?|miligramos?|milligrammi",
        "1": r"g|gr|gram(?:s|m|me|mes|men)?|gramos?|gramm[oi]|gramas?",
        "1000": r"kg|kilos?|kilogram(?:s|m|me|mes|men)?|kilogramos?|chil[oi]|chilogramm[oi]"
        "|quilos?",
        "28.35": r"oz|ounces?",
        "453.6": r"lbs?",
        "1000000": r"tonnes?|tonnen|toneladas?|tonnellate",
    },
    "mm": {
        "1": r"mm|millimet(?:er|re)s?|milímetros?|millimetri",
        "10": r"cm|centimet(?:er|re)s?|zentimetern?|centimètres?|centímetros?|centimetri",
        "1000": r"m|met(?:er|re)s?|metern|mètres?|metros?|metr[oi]",
        "1000000": r"km|kilomet(?:er|re)s?|kilometern|kilomètres?"
        r"|kilómetros?|quilómetros?|chilometr[oi]",
        "25.4": r"inch(?:es)?|″|zoll|pouces?|pulgadas?|pollici",
        "304.8": r"ft|feet|foot",
        "1609344": r"miles?|meilen",
    },
    "s": {
        "1": r"sec|secs|seconds?|sek|sekunden?|secondes?|segundos?|second[oi]",
        "60": r"min|mins|minutes?|minuten?|minutos?|minut[oi]|minuut",
        "3600": r"h|hrs?|hours?|std|stunden?|heures?|horas?|or[ae]|uur|uren",
        "86400": r"days?|tage?[ns]?|jours?|días?|giorn[oi]|dias?|dag|dagen",
        "604800": r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken|week",
    },
    "months": {
        "1": r"months?|monate?[ns]?|mois|mes|meses|mes[ei]|mês|maand|maanden",
        "12": r"yrs?|years?|jahre?[ns]?|ans?|années?|años?|ann[oi]|anos?|jaar|jaren",
    },
    "mm²": {
        "1000000": r"m²|m2|qm|sqm|square met(?:er|re)s?|quadratmetern?|mètres carrés"
        r"|metros cuadrados|metri quadr(?:i|ati)",
    },
    "W": {"1": r"w|watts?|vatios?", "1000": r"kw|kilowatts?"},
    "Wh": {"1": r"wh|wattstunden", "1000": r"kwh|kilowattstunden|kilowatt hours?"},
    "mAh": {"1": r"mah"},
    "V": {"1": r"v|volts?"},
    "byte": {"1": "mb|megabytes?", "1000": "gb|gigabytes?", "1000000": "tb|terabytes?"},
    "°C": {"1": r"°c|° c|℃|degrees? celsius|grad celsius|degrés celsius|grados celsius"},
    "°F": {"1": r"°f|℉|degrees? fahrenheit"},
    "°": {"1": r"°|degrees?|grad|degrés?|grados?|gradi"},
    "kcal": {"1": r"kcal|calories?|kalorien|calorías?|calorie"},
    "km/h": {"1": r"km/h|kmh"},
    "Pa": {"1": "pa|pascals?", "100000": "bar"},
    "Hz": {"1": "hz|hertz", "1000": "khz", "1000000": "mhz", "1000000000": "ghz"},
    "lm": {"1": "lm|lumens?"},
    "MP": {"1": "mp|megapixels?"},
    "dB": {"1": r"db|decibels?|dezibel"},
}
# In the others a word after a number may be a unit, and says nothing of what is counted.
_UNITS_KNOWN = frozenset({"en", "de", "fr", "es", "it", "pt", "nl"})
_SMALL_LETTERS = frozenset("gmhst")  # units as they stand: 5G is none
_CURRENCIES = {
    "€": r"€|eur\b|euros?\b",
    "$": r"us\$|\$|usd\b|dollars?\b|dólares\b|dollari\b|dólar\b",
    "£": r"£|gbp\b|pounds?\b|pfund\b|livres sterling\b|libras\b|sterline\b",
    "CHF": r"chf\b|francs?\b|franken\b|sfr\b\.?",
    "¥": r"[¥￥]|yen\b|jpy\b|円|元|yuan\b",
    "₹": r"₹|inr\b|rupees?\b",
    "zł": r"zł\b|pln\b|zloty\b",
    "₺": r"₺|tl\b|try\b",
    "₴": r"₴|грн\b|uah\b",
    "₩": r"₩|원|krw\b|won\b",
    "rp": r"rp\b\.?|idr\b",
    "kr": r"kr\b|sek\b|nok\b|dkk\b",
    "kč": r"kč|czk\b",
}
_CENTS = r"cents?\b|ct\b|centimes?\b|céntimos?\b|centesimi\b|pence\b"
_PERCENT = (
    r"%|percent\b|per cent\b|prozent\b|pour ?cent\b|por ciento\b|per cento\b|por cento\b|procent\b"
)
_SCALES = {
    1_000: r"k|tsd\.?|tausend|thousand|mille|mila|mil|duizend",
    100: r"hundred",
    1_000_000: r"m|mio\.?|mn|million(?:s|en)?|millones|millón|milion[ei]|milhões|miljoen|mln",
    1_000_000_000: r"bn|mrd\.?|billion|milliarden?|milliards?|miliard[oi]|miljard",
}
_AMOUNT = re.compile(
    rf"(?=[\d½¼¾])(?<![\w./#])(?<!\d,)(?<![^\W\d_]-)(?P<numeral>{NUMERAL})(?:,[-–—]{{1,2}})?"
    r"(?P<out_of>/(?:5|10|100)\b)?"
    r"(?P<ordinal>(?:st|nd|rd|th|er|ère|e|ème|º|°|ª)(?![\w°]| ?c\b))?"
    rf"(?: {{0,24}}-? ?(?P<scale>{'|'.join(_SCALES.values())})(?![\w²]|/h)(?: de\b| di\b| d')?)?"
    rf"(?: {{0,24}}-? ?(?:(?P<currency>{'|'.join(_CURRENCIES.values())})(?P<cents>\d\d\b)?"
    rf"|(?P<small>{_CENTS})|(?P<percent>{_PERCENT})"
    rf"|(?P<unit>{'|'.join(u for units in _UNITS.values() for u in units.values())})(?![\w²])))?"
)
_CURRENCY_BEFORE = re.compile(rf"(?<![^\W\d_])({'|'.join(_CURRENCIES.values())}) ?$")
_LONGEST_BEFORE = 9  # "dollars " and a blank
_RANGE = re.compile(r" *(?:[-–—/]|or|to|and|oder|bis|und|ou|à|et|o|a|y|e|of|tot|ou|até) *")
_WORD_FOLLOWS = re.compile(r"[ -]*(?:\([^)\n]{0,20}\) )?[^\W\d_]")
_LINKS = re.compile(
    r" *(?:-|–|and|or|to|und|oder|bis|et|ou|à|y|o|a|e|of|von|de|di|for|für|pour|para|per)\b"
)
_AGE_GROUP = re.compile(r"s\b")  # under 14s


@cache
def _unit(said: str) -> tuple[str, Decimal]:
    return next(
        (dimension, Decimal(factor))
        for dimension, units in _UNITS.items()
        for factor, words in units.items()
        if re.fullmatch(words, said)
    )


@cache
def _currency(said: str) -> str:
    return next(sign for sign, words in _CURRENCIES.items() if re.fullmatch(words, said))


@cache
def _factor(said: str) -> int:
    return next(factor for factor, words in _SCALES.items() if re.fullmatch(words, said))


def amounts(text: str, starts: Starts, language: str, as_written: str) -> Iterator[Fact]:
    """Every number with what it is a number of; not "one", and not 4K, MP3 or A4.

    The text is in small letters; where 5G and 5 g differ, it counts how it was written.
    """
    last: Fact | None = None
    for found in starts.find(_AMOUNT, text):
        fact = _Amount(found, text, as_written, language).fact()
        if last:
            yield _in_a_range(last, fact, text)
        last = fact
    if last:
        yield last


def _in_a_range(first: Fact, second: Fact | None, text: str) -> Fact:
    """The 2 of "2 or 3 years" is of years, too."""
    if not first.is_bare or not second or not second.has_unit:
        return first
    if not _RANGE.fullmatch(text, first.end, second.start):
        return first
    units = [reading[2:] for reading in second.readings if reading[0] == "written"]
    measured = {(d, (n * factor).normalize()) for n in first.numbers for d, factor in units}
    return replace(first, kind=second.kind, readings=first.readings | measured)


class _Amount:
    """A numeral with what stands around it."""

    def __init__(self, found: re.Match[str], text: str, as_written: str, language: str) -> None:
        self._found, self._text, self._as_written = found, text, as_written
        self._language, self._numbers = language, values(found["numeral"], language)
        start = found.start()
        self._before = _CURRENCY_BEFORE.search(text, max(0, start - _LONGEST_BEFORE), start)
        self._start = self._before.start() if self._before else start

    def fact(self) -> Fact | None:
        """None for what is no number that one could look up."""
        if not self._numbers:
            return None
        kind, dimension, factor, end = self._measured()
        if dimension is None and self._is_no_fact(end):
            return None
        scale = _factor(self._found["scale"]) if self._is_scaled() else 1
        cents = Decimal(self._found["cents"] or 0) / 100
        totals = frozenset(number * scale + cents for number in self._numbers)
        readings: set[Reading] = {("written", self._found["numeral"], dimension, scale * factor)}
        readings |= {(dimension, (total * factor).normalize()) for total in totals}
        counts = dimension is None and self._language in _UNITS_KNOWN and self._counts(end)
        return Fact(kind, self._start, end, frozenset(readings | self._runs()), totals, counts)

    def _measured(self) -> tuple[str, str | None, Decimal, int]:
        """Kind, dimension, factor, and where it ends; no dimension where nothing is measured."""
        one, end = Decimal(1), self._found.end()
        if currency := self._found["currency"] or (self._before and self._before[1]):
            return PRICE, _currency(currency), one, end
        if self._found["small"]:
            return PRICE, "€", one / 100, end
        if self._found["percent"]:
            return PERCENT, PERCENT, one, end
        if unit := self._unit_said():
            return NUMBER, *_unit(unit), end
        return NUMBER, None, one, self._end_without_unit()

    def _unit_said(self) -> str | None:
        if self._found["scale"] and not self._is_scaled():
            return "m"
        unit = self._found["unit"]
        is_letter = unit in _SMALL_LETTERS and self._as_written[self._found.start("unit")].isupper()
        return None if is_letter else unit

    def _is_scaled(self) -> bool:
        """ "5 m" is five metres; "€5m" and "5M" are five million."""
        if self._found["scale"] != "m":
            return bool(self._found["scale"])
        is_large = self._as_written[self._found.start("scale")] == "M"
        return is_large or bool(self._before or self._found["currency"])

    def _end_without_unit(self) -> int:
        names = ("scale", "ordinal", "out_of", "numeral")
        return max(self._found.end(name) for name in names)

    def _is_no_fact(self, end: int) -> bool:
        if _AGE_GROUP.match(self._text, end) and not self._found["numeral"].endswith("0"):
            return False
        if self._text[end : end + 1].isalpha() or self._text[end : end + 1] == "_":
            return True  # a model's number, 3D, the 90s
        if self._as_written[self._start : end] in ("2K", "4K", "8K"):
            return True
        if self._found["ordinal"] and max(self._numbers) <= 3:
            return True
        return self._found["numeral"] in ("0", "1") and not self._found["scale"]

    def _counts(self, end: int) -> bool:
        return bool(_WORD_FOLLOWS.match(self._text, end)) and not _LINKS.match(self._text, end)

    def _runs(self) -> set[Reading]:
        """A run of "5k" may be five kilometres as well as five thousand."""
        is_run = self._found["scale"] == "k" and not self._before and max(self._numbers) <= 100
        return {("mm", (number * 1_000_000).normalize()) for number in self._numbers if is_run}
