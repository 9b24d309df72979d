"""Numbers written as words, in seven languages: put into figures without moving anything."""

import re
from collections.abc import Sequence
from functools import cache

_WORDS = {
    "en": (
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen eighteen nineteen",
        "twenty thirty forty fifty sixty seventy eighty ninety",
    ),
    "de": (
        "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
        " sechzehn siebzehn achtzehn neunzehn",
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    ),
    "fr": (
        "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
        " dix-sept dix-huit dix-neuf",
        "vingt trente quarante cinquante soixante soixante-dix quatre-vingt quatre-vingt-dix",
    ),
    "es": (
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
        " dieciséis diecisiete dieciocho diecinueve",
        "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    ),
    "it": (
        "uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici"
        " quindici sedici diciassette diciotto diciannove",
        "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    ),
    "pt": (
        "um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze"
        " dezesseis dezessete dezoito dezenove",
        "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    ),
    "nl": (
        "een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien"
        " zestien zeventien achttien negentien",
        "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
    ),
}
_MORE: dict[str, dict[str, float]] = {
    "en": {"dozen": 12},
    "de": {"zwo": 2, "dutzend": 12, "dreissig": 30, "hundert": 100, "anderthalb": 1.5,
           "eineinhalb": 1.5},
    "fr": {"quatre-vingts": 80, "cent": 100, "douzaine": 12, "quinzaine": 15, "vingtaine": 20,
           "trentaine": 30, "centaine": 100},
    "es": {"cien": 100, "docena": 12, "quinientos": 500, "quinientas": 500, "veintiún": 21,
           "doscientos": 200, "doscientas": 200, "trescientos": 300, "trescientas": 300},
    "it": {"cento": 100, "dozzina": 12, "ventina": 20, "trentina": 30, "centinaio": 100},
    "pt": {"duas": 2, "cem": 100, "dúzia": 12, "quatorze": 14, "duzentos": 200},
    "nl": {"honderd": 100, "dozijn": 12, "anderhalf": 1.5, "anderhalve": 1.5},
}  # fmt: skip
# Words that mean something else far more often, unless a unit or an hour's preposition is beside.
_ALSO_OTHER: dict[str, set[str]] = {"fr": {"neuf"}, "it": {"sei"}}
# What follows a small number for hundreds, in one word or joined to one.
_HUNDREDS = {
    "en": ("-hundred",), "de": ("hundert",), "fr": ("-cents", "-cent"), "it": ("cento",),
    "nl": ("honderd",),
}  # fmt: skip
# Parts of an hour that are one phrase; what stands for them is no longer than they are.
_QUARTERS = {
    "dreiviertelstunde": "45 minuten", "viertelstunde": "15 minuten",
    "quarter of an hour": "15 minutes", "quart d'heure": "15 minutes",
    "cuarto de hora": "15 minutos", "quarto d'ora": "15 minuti", "kwartier": "15 min",
}  # fmt: skip
_QUARTER = re.compile(rf"\b(?:{'|'.join(_QUARTERS)})\b")
# A half of something that is measured.
_HALF = {
    "en": "half an?|half-an?|half",
    "de": "halbe[nrs]?",
    "fr": "demi-|demi ",
    "es": "media|medio",
    "it": "mezz'|mezz[oa]",
    "pt": "meia|meio",
    "nl": "half|halve",
}
_HALF_BEGINS = 3  # letters, in which all of a language are alike
_HALVES_OF = (
    r"hours?\b|lit(?:re|er)s?\b|day|year|kilo|stunde|liter\b|jahr|heure|litre|journ|hora|litro|ora\b"
    r"|lt?\b|uur|kg\b|mile|pint"
)
_PER_CENT = {"cent", "cento"}
_PER = re.compile(r"\bp(?:ou|e)r $")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@cache
def words_of(language: str) -> dict[str, float]:
    """Each number word of the language with what it means; one is none: it is an article, too."""
    if language not in _WORDS:
        return {}
    small, tens = (part.split() for part in _WORDS[language])
    numbers: dict[str, float] = {word: n for n, word in enumerate(small, 1) if n > 1}
    numbers |= {word: 10 * n for n, word in enumerate(tens, 2)}
    for n, ten in enumerate(tens, 2):
        for unit, word in enumerate(small[:19], 1):
            if unit < 10 or (language == "fr" and n in (6, 8)):
                numbers |= dict.fromkeys(_joined(language, ten, word, unit), 10 * n + unit)
    numbers |= {
        word + hundred: 100 * n
        for n, word in enumerate(small[:9], 1)
        for hundred in _HUNDREDS.get(language, ())
    }
    return numbers | _MORE[language]


def _joined(language: str, ten: str, word: str, unit: int) -> list[str]:
    if language in ("de", "nl"):
        between = "und" if language == "de" else "ën" if word.endswith("e") else "en"
        return [f"{word}{between}{ten}"]
    if language == "fr":
        return [f"{ten}-{word}", f"{ten}-et-{word}"]
    if language == "es":
        return (
            [f"veinti{word}", f"veinti{_ACCENTED.get(word, word)}"]
            if ten == "veinte"
            else [f"{ten}-y-{word}"]
        )
    if language == "it":
        stem = ten[:-1] if unit in (1, 8) else ten
        return [stem + word, *([f"{ten}tré"] if unit == 3 else [])]
    return [f"{ten}-e-{word}" if language == "pt" else f"{ten}-{word}"]


_ACCENTED = {"dos": "dós", "tres": "trés", "seis": "séis"}


@cache
def _of_two_words(language: str) -> Sequence[str]:
    """What one of the words is where two are written apart; none where they never are."""
    if language not in ("en", "fr", "es", "pt"):
        return ()
    hundreds = (each.strip("-") for each in _HUNDREDS.get(language, ()))
    return (*_WORDS[language][1].split(), *hundreds)


@cache
def _beside(language: str) -> re.Pattern[str]:
    """Tens and units written apart: "twenty five", "vingt et un", "treinta y dos"."""
    small, tens = (part.split() for part in _WORDS[language])
    ands = {"fr": "(?:et )?", "es": "y ", "pt": "e "}.get(language, "")
    hundreds = {"en": "hundred", "fr": "cents?"}.get(language, "(?!)")
    units = "|".join(small[:9])
    return re.compile(rf"\b(?:(?:{'|'.join(tens)}) {ands}(?:{units})|(?:{units}) {hundreds})\b")


@cache
def _half(language: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_HALF[language]})(?=[ -]?(?:{_HALVES_OF}))")


def in_figures(text: str, language: str) -> str:
    """The text, in small letters, with its number words as figures, each followed by blanks"
    " up to the word's length."""
    if language not in _WORDS:
        return text
    if any(word in text for word in _of_two_words(language)):
        text = _beside(language).sub(lambda pair: pair[0].replace(" ", "-"), text)
    if any(quarter in text for quarter in _QUARTERS):
        text = _QUARTER.sub(lambda part: _QUARTERS[part[0]].ljust(len(part[0])), text)
    if _HALF[language][:_HALF_BEGINS] in text:
        text = _half(language).sub(lambda half: "0.5".ljust(len(half[0])), text)
    numbers, parts, at = words_of(language), [], 0
    for word in _WORD.finditer(text):
        if word[0] in numbers or "-" in word[0]:
            parts += [text[at : word.start()], _figures(word, numbers, language)]
            at = word.end()
    return "".join([*parts, text[at:]])


def _figures(word: re.Match[str], numbers: dict[str, float], language: str) -> str:
    text, said = word.string, word[0]
    if said not in numbers:
        return _first_of(said, numbers)
    if said in _PER_CENT and _PER.search(text, max(0, word.start() - 5), word.start()):
        return said
    if said in _ALSO_OTHER.get(language, ()) and not _is_measured(text, *word.span()):
        return said
    return str(numbers[said]).ljust(len(said))


def _first_of(said: str, numbers: dict[str, float]) -> str:
    """ "two-year" and "30-minute": the number before a hyphen."""
    first, hyphen, _ = said.partition("-")
    if hyphen and first in numbers and len(first) >= len(str(numbers[first])):
        return str(numbers[first]).ljust(len(first)) + said[len(first) :]
    return said


_BEFORE = re.compile(r"(?:\bà|\bdès|jusqu'à|\balle|\bdalle|\bore|\ble) $")
_AFTER = re.compile(
    r" (?:heures?|euros?|ans?|mois|jours?|minutes?|semaines?|litres?|grammes?|pour cent|h\b"
    r"|ore|anni|mesi|giorni|minuti|settimane|litri|grammi|per cento|mila|milioni)",
)


def _is_measured(text: str, start: int, end: int) -> bool:
    return bool(_AFTER.match(text, end) or _BEFORE.search(text[max(0, start - 9) : start]))
