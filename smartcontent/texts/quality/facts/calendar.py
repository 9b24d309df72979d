"""Dates, weekdays, months and years."""

import re
from collections.abc import Hashable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache

from smartcontent.texts.quality.facts.fact import DATE, Fact, Reading
from smartcontent.texts.quality.starts import Starts, first_words

_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
    " dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
    " dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_SHORT_MONTHS = {
    "en": "jan feb mar apr may jun jul aug sep oct nov dec sept",
    "de": "jan feb mär apr mai jun jul aug sep okt nov dez",
    "fr": "janv févr mars avr mai juin juil août sept oct nov déc",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
}
_WEEKDAYS = {
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
}
_MORE_WEEKDAYS = {"sonnabend": 5}
# "a lazy Sunday", "your Monday": a feeling, no date. Nor is Black Friday.
_NO_DATE = {
    "en": r"(?:\b(?:an?|your|my|our|any|that|those|no) (?:\w+ )?|black |casual |cyber |good |easter"
    r" |lazy |perfect |\blike |quiet |slow |busy |rainy )$",
    "de": r"(?:\b(?:ein|eine[mnrs]?|deine?[mnrs]?|ihre?[mnrs]?|kein\w*) (?:\w+ )?|black |wie )$",
    "fr": r"(?:\b(?:un|votre|ton|vos|tes|mon|notre) (?:\w+ )?|black )$",
    "es": r"(?:\b(?:un|tu|su|tus|sus|mi|cualquier) (?:\w+ )?|black )$",
    "it": r"(?:\b(?:un|una|il tuo|la tua|il vostro) (?:\w+ )?|black )$",
}
_SHORT_WEEKDAYS = {
    "en": "mon tue wed thu fri sat sun",
    "de": "mo di mi do fr sa so",
    "fr": "lun mar mer jeu ven sam dim",
    "es": "lun mar mié jue vie sáb dom",
    "it": "lun mar mer gio ven sab dom",
    "pt": "seg ter qua qui sex sáb dom",
    "nl": "ma di wo do vr za zo",
}
# "Werktags": Monday to Friday.
_WORKING_DAYS = {
    "en": "on weekdays|weekdays",
    "de": "werktags|wochentags|unter der woche",
    "fr": "en semaine",
    "es": "entre semana|días laborables",
    "it": "nei giorni feriali|giorni feriali",
    "pt": "dias úteis",
    "nl": "doordeweeks|werkdagen",
}
# What makes a date of a short weekday that no date follows: "Sat 5th", "Sun 9:30", "Mo 9-18 Uhr".
# They are words, too: "sun 300 days a year", "so 20 Prozent".
_DAY_OR_TIME = (
    r"\d{1,2}(?:st|nd|rd|th|[:/]\d|\.\d\d(?!\d)| ?(?:h|uhr|uur|[ap]\.?m)\b|h\d\d\b"
    r"|(?: ?[-–—] ?| (?:to|bis|a|à|às|tot) )\d{1,2}\b)|(?:19|20)\d\d-\d\d"
)
_NEVER = re.compile("(?!)")
_OF = r"(?: ?(?:\.|st|nd|rd|th|er|º|°|ª)(?!\d))?(?: of| de| del| di)? ?"
_TO = r"[-–—&]|to|through|until|till|and|bis(?: zum)?|und|au|et|hasta|al?|y|até|à|e|tot(?: en met)?"
_RANGE = rf" ?(?:{_TO}|t/m) ?"
# To another day of the same month: "Thu 3, Fri 4 and Sat 5 July", "Sa 14./15. Juni".
_NEXT = rf"(?:,? ?(?:{_TO}|t/m|/|or|oder|ou|o|en|of) ?|, ?)"
_YEAR = r"(?:,? ?(?:de |del )?(?P<year>(?:19|20)\d\d)(?!\d|[.,]\d))?"
_ISO = re.compile(r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])")
_IN_FIGURES = re.compile(
    r"(?<![\d./-])(?P<day>\d{1,2})(?P<between>[./-])(?P<month>\d{1,2})(?P=between)"
    r"(?P<year>(?:19|20)?\d\d)(?!\d|[./-]\d)"
)
# Where people write 5.12. for a date; after a word that goes before dates, since 5.3 has versions.
_DOTTED = {"de", "pl", "uk", "tr"}
_BEFORE_DOTTED = re.compile(
    r"(?:^|\n|[(,:–-] ?|\b(?:am|vom|bis|zum|ab|dem|den|der|seit|vor|nach|und|von|do|od|від|до) )$"
)
_DAY_AND_MONTH = re.compile(
    r"(?<![\d.,/-])(?:(?P<first>\d{1,2})\.(?:(?P<first_month>\d{1,2})\.)? ?(?:-|–|bis(?: zum)?) ?)?"
    r"(?P<day>\d{1,2})(?:\.(?P<month>\d{1,2})\.(?!\d)|(?:/)(?P<other>[01]\d)(?![\d/]))"
)
_YEARS = {
    "en": "in|since|of|from|until|till|by|for|early|late|the year|est\\.?|established|founded",
    "de": "seit|in|im|ab|bis|von|jahr|jahre|anno",
    "fr": "depuis|en|de|dès|l'an|année|fin|début",
    "es": "desde|en|de|año|del",
    "it": "dal|nel|del|anno|al",
    "pt": "desde|em|de|ano",
    "nl": "sinds|in|van|jaar",
}
_YEAR_ALONE = re.compile(r"(?:19|20)\d\d(?![\w%€$£]|[.,]\d| ?[€$£%])")
_LONGEST_BEFORE = 12  # "established "


@cache
def _names(language: str) -> dict[str, int]:
    return {
        name: number % 12 + 1 if number < 12 else 9
        for names in (_MONTHS, _SHORT_MONTHS)
        for number, name in enumerate(names.get(language, "").split())
    }


@cache
def _weekdays(language: str) -> dict[str, int]:
    return {
        name: number
        for names in (_WEEKDAYS, _SHORT_WEEKDAYS)
        for number, name in enumerate(names.get(language, "").split())
    } | (_MORE_WEEKDAYS if language == "de" else {})


@cache
def _month_names(language: str) -> str:
    return "|".join(sorted(map(re.escape, _names(language)), key=len, reverse=True))


@cache
def _written(language: str) -> re.Pattern[str]:
    month, months = _month_names(language), "|".join(_MONTHS[language].split())
    # "Mar 5" is a date in English alone.
    before = month if language == "en" else months
    return re.compile(
        rf"(?=\d)(?<![\d.,])(?:(?P<first>\d{{1,2}}){_OF}(?:(?P<first_month>{month})\.?)?{_RANGE})?"
        rf"(?:(?:le|el|il|den|dem|the) )?(?P<day>\d{{1,2}}){_OF}(?P<month>{month})\b\.?{_YEAR}"
        rf"|\b(?P<month_before>{before})\b\.? (?:(?P<first_after>\d{{1,2}})(?:st|nd|rd|th)?{_RANGE}"
        rf"(?:(?P=month_before)\.? )?)?"
        rf"(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|[.,]\d|"
        rf" ?[ap]\.?m\b){_YEAR.replace('year', 'year_after')}"
        rf"|\b(?P<only>{months})\b"
        rf"{_YEAR.replace('year', 'year_only')}",
    )


@cache
def _weekday(language: str) -> re.Pattern[str]:
    long = "|".join([*_WEEKDAYS[language].split(), *(_MORE_WEEKDAYS if language == "de" else ())])
    short = "|".join(_SHORT_WEEKDAYS[language].split())
    shortly = rf"(?:{short})\b\.?"
    days_before = rf"(?:\d{{1,2}}\.?{_NEXT}(?:(?:{long}|{shortly}),? )?){{0,6}}"
    in_figures = r"\.\d{1,2}\.(?:(?:19|20)?\d\d)?(?!\d|\.\d)"
    dated = rf"{days_before}\d{{1,2}}(?:{_OF}(?:{_month_names(language)})\b|{in_figures})"
    return re.compile(
        rf"\b(?P<first>{long}|{shortly}){_RANGE}(?P<last>{long}|{shortly})(?!\w)"
        rf"|\b(?P<name>{long})s?\b|\b(?P<short>{short})\b\.?(?=,? (?:{dated}|{_DAY_OR_TIME}))"
        rf"|\b(?P<working>{_WORKING_DAYS[language]})\b",
    )


# 2026年12月5日; in Chinese, Japanese and Korean.
_EAST_ASIAN = re.compile(
    r"(?:(?P<year>\d{4}) ?[年년] ?)?(?<!\d)(?P<month>\d{1,2}) ?[月월] ?(?P<day>\d{1,2}) ?[日号일]"
)


def dates(text: str, starts: Starts, language: str) -> Iterator[Fact]:
    """Dates of any notation; a range of two is two facts."""
    for pattern in (_ISO, _IN_FIGURES):
        for found in starts.find(pattern, text):
            yield from _numeric(found, language)
    for found in starts.find(_DAY_AND_MONTH, text):
        if found["other"] or (language in _DOTTED and _is_dotted(text, found.start())):
            yield from _short(found)
    yield from _east_asian(text, starts)
    if language in _MONTHS:
        for found in starts.find(_written(language), text, _names(language)):
            yield from _in_words(found, _names(language))
        yield from _days_of_the_week(text, starts, language)
    yield from _years(text, starts, language)


def _east_asian(text: str, starts: Starts) -> Iterator[Fact]:
    for found in starts.find(_EAST_ASIAN, text):
        month, day = int(found["month"]), int(found["day"])
        if _is_date(month, day):
            yield _date(*found.span(), month, day, int(found["year"]) if found["year"] else None)


def _numeric(found: re.Match[str], language: str) -> Iterator[Fact]:
    day, month, year = int(found["day"]), int(found["month"]), int(found["year"])
    year += 2000 if year < 100 else 0
    ways = {(day, month)}
    if language == "en" and found.groupdict().get("between") == "/":
        ways.add((month, day))
    readings = {(DATE, m, d, year) for d, m in ways if _is_date(m, d)}
    if readings:
        yield Fact(DATE, *found.span(), frozenset(readings), frozenset({year}))


def _is_dotted(text: str, at: int) -> bool:
    return bool(_BEFORE_DOTTED.search(text[max(0, at - 5) : at]))


def _short(found: re.Match[str]) -> Iterator[Fact]:
    day, month = int(found["day"]), int(found["month"] or found["other"])
    if not _is_date(month, day):
        return
    yield _date(found.start("day"), found.end(), month, day, None)
    if found["first"]:
        first_month = int(found["first_month"] or month)
        if _is_date(first_month, int(found["first"])):
            yield _date(*found.span("first"), first_month, int(found["first"]), None)


def _in_words(found: re.Match[str], names: dict[str, int]) -> Iterator[Fact]:
    if found["only"]:
        yield from _month(found, names)
        return
    after = "_after" if found["month_before"] else ""
    name = found["month_before"] or found["month"]
    month, day = names[name.lower()], int(found["day" + after])
    year = int(found["year" + after]) if found["year" + after] else None
    if not _is_date(month, day):
        return
    first = found["first_after"] if after else found["first"]
    start = found.start("month_before" if after and not first else "day" + after)
    yield _date(start, found.end() - found[0].endswith("."), month, day, year)
    if first and int(first):
        month = names[(found["first_month"] or name).lower()]
        yield _date(*found.span("first" + after), month, int(first), year)


def _month(found: re.Match[str], names: dict[str, int]) -> Iterator[Fact]:
    """A month without a day. "may" and "mars" are words, too: only with a year or a capital."""
    year = found["year_only"]
    alike = found["only"] in ("may", "march", "mars", "mai")
    if alike and not year:
        return
    number = names[found["only"].lower()]
    readings: set[Reading] = {("month", number, int(year) if year else None)}
    yield Fact(DATE, *found.span(), frozenset(readings))


def _date(start: int, end: int, month: int, day: int, year: int | None) -> Fact:
    numbers: set[Hashable] = {day} | ({year} if year else set())
    return Fact(DATE, start, end, frozenset({(DATE, month, day, year)}), frozenset(numbers))


def _is_date(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


@cache
def _no_date(language: str) -> re.Pattern[str]:
    return re.compile(_NO_DATE[language]) if language in _NO_DATE else _NEVER


@cache
def _weekday_begins(language: str) -> frozenset[str]:
    plural = "s|".join([*_weekdays(language), ""])
    return first_words(*_weekdays(language), plural, _WORKING_DAYS[language])


def _days_of_the_week(text: str, starts: Starts, language: str) -> Iterator[Fact]:
    for found in starts.find(_weekday(language), text, _weekday_begins(language), numbers=False):
        if found["working"]:
            yield _weekdays_from(found.span(), 0, 4)
        elif found["last"]:
            first, last = (_number_of(found[name], language) for name in ("first", "last"))
            yield _weekdays_from(found.span("first"), first, first)
            yield replace(
                _weekdays_from(found.span("last"), last, last), implied=_days(first, last)
            )
        elif not _no_date(language).search(text[max(0, found.start() - 24) : found.start()]):
            number = _number_of(found["name"] or found["short"], language)
            yield _weekdays_from(found.span(), number, number)


def _number_of(name: str, language: str) -> int:
    return _weekdays(language)[name.lower().rstrip(".")]


def _weekdays_from(span: tuple[int, int], first: int, last: int) -> Fact:
    return Fact(DATE, *span, frozenset({("weekdays", first, last)}), implied=_days(first, last))


def _days(first: int, last: int) -> frozenset[Reading]:
    """The weekdays from one to the other, and all of them together."""
    days = range(first, last + 1 if first <= last else last + 8)
    return frozenset({("weekdays", first, last), *(("weekdays", d % 7, d % 7) for d in days)})


@cache
def _year_named(language: str) -> re.Pattern[str]:
    words = _YEARS.get(language, _YEARS["en"])
    return re.compile(rf"(?:\b(?:{words}) |[©(]|© )$")


def _years(text: str, starts: Starts, language: str) -> Iterator[Fact]:
    for found in starts.find(_YEAR_ALONE, text):
        at = found.start()
        if _year_named(language).search(text, max(0, at - _LONGEST_BEFORE), at):
            year = int(found[0])
            yield Fact(DATE, *found.span(), frozenset({("year", year)}), frozenset({year}))


def told(known: Reading) -> Iterator[Reading]:
    """What a date is found by: its reading, and its year, weekday, month and day."""
    kind, year = known[0], known[-1]
    yield from (known, ("in", year))
    if (weekday := _weekday_of(known)) is not None:
        yield "on", weekday
    if kind in (DATE, "month"):
        yield from (("of", known[1]), ("of", known[1], year))
    if kind == DATE:
        yield "at", *known[1:3]


def asked(said: Reading) -> Iterator[Reading]:
    """By what to find dates that contradict nothing of this one, among all that were `told`.

    Thousands are held against thousands: each is looked up, and none compared with the others.
    """
    kind, year = said[0], said[-1]
    yield ("in", year) if kind == "year" else ("year", year)
    if (weekday := _weekday_of(said)) is not None:
        yield "weekdays", weekday, weekday
        if kind == "weekdays":
            yield "on", weekday
    if kind == "month":
        yield from (("of", said[1], year), ("of", said[1], None)) if year else (("of", said[1]),)
    if kind == DATE:
        yield from (said, (*said[:3], None)) if year else (("at", *said[1:3]),)


def _weekday_of(reading: Reading) -> Hashable:
    if reading[0] == "weekdays":
        return reading[1] if reading[1] == reading[2] else None
    day = day_of(reading) if reading[-1] is not None else None
    return day.weekday() if day else None


def day_of(reading: Reading) -> date | None:
    """The day itself, in some leap year where none is said; None for a weekday or a month."""
    if reading[0] != DATE:
        return None
    _, month, day, year = reading
    try:
        return date(year or 2000, month, day)
    except ValueError:  # the 31st of February
        return None
