"""Prices, per cents, quantities with their units, and plain numbers."""

import re
from collections.abc import Hashable, Iterator
from decimal import Decimal
from functools import cache

from smartcontent.texts.quality.facts.fact import NUMBER, PERCENT, PRICE, Fact
from smartcontent.texts.quality.facts.numerals import NUMERAL, values

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
        "1000": r"kg|kilos?|kilogram(?:s|m|me|mes|men)?|kilogramos?|chil[oi]|chilogramm[oi]|quilos?",
        "28.35": r"oz|ounces?",
        "453.6": r"lbs?|pounds? of",
        "1000000": r"tonnes?|tonnen|toneladas?|tonnellate",
    },
    "mm": {
        "1": r"mm|millimet(?:er|re)s?|milímetros?|millimetri",
        "10": r"cm|centimet(?:er|re)s?|zentimetern?|centimètres?|centímetros?|centimetri",
        "1000": r"m|met(?:er|re)s?|metern|mètres?|metros?|metr[oi]",
        "1000000": r"km|k(?= run|\b(?=[ .,;:!?]))|kilomet(?:er|re)s?|kilometern|kilomètres?"
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
    "dB": {"1": r"db|decibels?|dezibel"},
}
_CASED = set("lgmhvwk")  # single letters that are a unit as they stand: 5G is none
_CURRENCIES = {
    "€": r"€|eur\b|euros?\b",
    "$": r"us\$|\$|usd\b|dollars?\b|dólares\b|dollari\b|dólar\b",
    "£": r"£|gbp\b|pounds?\b|pfund\b|livres sterling\b|libras\b|sterline\b",
    "CHF": r"chf\b|francs?\b|franken\b|sfr\.?\b",
    "¥": r"[¥￥]|yen\b|jpy\b|円|元|yuan\b",
    "₹": r"₹|inr\b|rupees?\b",
    "zł": r"zł\b|pln\b|zloty\b",
    "₺": r"₺|₴|₩|kr\b|sek\b|nok\b|dkk\b|czk\b|kč",
}
_CENTS = r"cents?\b|ct\b|centimes?\b|céntimos?\b|centesimi\b|pence\b"
_PERCENT = r"%|percent\b|per cent\b|prozent\b|pour ?cent\b|por ciento\b|per cento\b|por cento\b|procent\b"
_SCALES = {
    1_000: r"k|tsd\.?|tausend|thousand|mille|mila|mil|duizend",
    100: r"hundred",
    1_000_000: r"m|mio\.?|mn|million(?:s|en)?|millones|millón|milion[ei]|milhões|miljoen|mln",
    1_000_000_000: r"bn|mrd\.?|billion|milliarden?|milliards?|miliard[oi]|miljard",
}
_AMOUNT = re.compile(
    rf"(?:(?P<before>{'|'.join(_CURRENCIES.values())}) ?)?"
    rf"(?<![\w.,/#])(?<![^\W\d_]-)(?P<numeral>{NUMERAL})(?:,[-–—]{{1,2}})?(?P<out_of>/(?:5|10|100)\b)?"
    rf"(?:(?P<ordinal>st|nd|rd|th|er|ère|e|ème|º|°|ª)(?![\w°]| ?c\b))?"
    rf"(?: {{0,24}}-? ?(?P<scale>{'|'.join(_SCALES.values())})(?![\w²]|/h)(?: de\b| di\b| d')?)?"
    rf"(?: {{0,24}}-? ?(?:(?P<currency>{'|'.join(_CURRENCIES.values())})(?P<cents>\d\d\b)?"
    rf"|(?P<small>{_CENTS})|(?P<percent>{_PERCENT})"
    rf"|(?P<unit>{'|'.join(u for units in _UNITS.values() for u in units.values())})(?![\w²])))?",
    re.IGNORECASE,
)
_WORD_FOLLOWS = re.compile(r"[ -]*(?:\([^)\n]{0,20}\) )?[^\W\d_]")
_LINKS = re.compile(
    r"[ ]*(?:-|–|and|or|to|und|oder|bis|et|ou|à|y|o|a|e|and|of|von|de|di|for|für|pour|para|per)\b",
    re.IGNORECASE,
)


@cache
def _unit(said: str) -> tuple[str, Decimal] | None:
    if len(said) == 1 and said.lower() in _CASED and said.isupper() and said not in "LWV":
        return None
    for dimension, units in _UNITS.items():
        for factor, words in units.items():
            if re.fullmatch(words, said, re.IGNORECASE):
                return dimension, Decimal(factor)
    return None


@cache
def _key(table: tuple[tuple[Hashable, str], ...], said: str) -> Hashable:
    return next(key for key, words in table if re.fullmatch(words, said, re.IGNORECASE))


def amounts(text: str, language: str) -> Iterator[Fact]:
    """Every number with what it is a number of; not "one", and not 4K, MP3 or A4."""
    for found in _AMOUNT.finditer(text):
        numbers = values(found["numeral"], language)
        if numbers and (fact := _amount(text, found, numbers)):
            yield fact


def _amount(text: str, found: re.Match[str], numbers: frozenset[Decimal]) -> Fact | None:
    scale = _scale(found, text)
    kind, dimension, factor, end = _measured(found, text)
    if dimension is None and _is_no_fact(text, found, numbers, end):
        return None
    cents = Decimal(found["cents"] or 0) / 100 if kind == PRICE else Decimal(0)
    totals = {number * scale + cents for number in numbers}
    written = {("written", found["numeral"], dimension)}
    readings = written | _kilometres(found, numbers) | {(dimension, (total * factor).normalize()) for total in totals}
    counts = dimension is None and _counts(text, end)
    raw: frozenset[Hashable] = frozenset(totals)
    return Fact(kind, found.start(), end, frozenset(readings), raw, counts)


def _kilometres(found: re.Match[str], numbers: frozenset[Decimal]) -> set[tuple[str, Decimal]]:
    """A run of "5k" may be five kilometres as well as five thousand."""
    is_k = found["scale"] in ("k", "K") and not found["before"] and max(numbers) <= 100
    return {("mm", (number * 1_000_000).normalize()) for number in numbers} if is_k else set()


def _scale(found: re.Match[str], text: str) -> int:
    if not found["scale"] or _is_metres(found):
        return 1
    table = tuple(_SCALES.items())
    return int(_key(table, found["scale"]))  # type: ignore[call-overload]


def _is_metres(found: re.Match[str]) -> bool:
    """ "5 m" is five metres, "€5m" five million."""
    is_priced = bool(found["before"] or found["currency"])
    return found["scale"] in ("m", "M") and not is_priced


def _measured(found: re.Match[str], text: str) -> tuple[str, str | None, Decimal, int]:
    """Kind, dimension, factor, and where it ends; no dimension where nothing is measured."""
    one = Decimal(1)
    currency = found["before"] or found["currency"]
    if currency:
        return PRICE, str(_key(tuple(_CURRENCIES.items()), currency)), one, found.end()
    if found["small"]:
        return PRICE, "€", one / 100, found.end()
    if found["percent"]:
        return PERCENT, PERCENT, one, found.end()
    said = found["unit"] or (found["scale"] if found["scale"] and _is_metres(found) else None)
    unit = _unit(said) if said else None
    if unit:
        return NUMBER, unit[0], unit[1], found.end()
    return NUMBER, None, one, _end_without_unit(found)


def _end_without_unit(found: re.Match[str]) -> int:
    for name in ("scale", "ordinal", "out_of", "numeral"):
        if found[name] and not (name == "scale" and found["unit"]):
            return found.end(name)
    return found.end("numeral")


def _is_no_fact(
    text: str, found: re.Match[str], numbers: frozenset[Decimal], end: int
) -> bool:
    if re.compile(r"s\b").match(text, end) and not found["numeral"].endswith("0"):
        return False  # under 14s; but the 90s are no number
    if text[end : end + 1].isalpha() or text[end : end + 1] == "_":
        return True  # a model's number, 3D
    if re.fullmatch("[248]K", text[found.start() : end]):
        return True  # a screen
    if found["ordinal"] and max(numbers) <= 3:
        return True
    is_small = max(numbers) in (0, 1) and not found["scale"]
    return is_small and found["numeral"] in ("0", "1")


def _counts(text: str, end: int) -> bool:
    return bool(_WORD_FOLLOWS.match(text, end)) and not _LINKS.match(text, end)
