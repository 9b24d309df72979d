"""Numbers that nobody looks up: idioms, list numbers, and counts of what the text itself lists."""

import re
from collections.abc import Iterator
from functools import cache

from smartcontent.texts.scanning import scan

# For every language; then, by language, what stands for no number at all.
_ANYWHERE = (
    r"24 ?/ ?7(?:(?: ?/ ?|, ?| )365)?|7 ?/ ?7|24 ?h?/ ?24(?: ?h)?|24 h/24|7 j/7|365 ?/ ?24|50"
    r" ?/ ?50|80 ?/ ?20|50:50"
    r"|\b1[01]0 ?(?:%|percent|per cent|prozent|pour cent|por ciento|per cento)(?! (?:off|rabatt))"
    r"|\b1(?:-|, ?)2(?:-|, ?)3\b|\b1000 ?%|\b360 ?(?:°|-?degrees?\b|-?grad\b|degrés|grados|gradi)"
    r"|(?<![\w.])[23]-?in-?1\b(?!\w)"
    r"|\b(?:co2|h2o|b2b|b2c|web 2\.0|mp[34]|5-a-day|20/20)\b|#1\b|\bno\. ?1\b|\bnr\. ?1\b"
)
_COUNT = r"(?:two|three|2|3)"
_IDIOMS = {
    "en": r"24 hours a day|seven days a week|7 days a week|365 days a year|twenty-four seven"
    r"|(?:the |both |just )?(?:two|three|four) of (?:us|you|them)|(?:table |dinner |night "
    r"|evening )"
    r"?for two(?= or |[.,;:!?)]|\s*$)"
    r"|count(?:ing)? to (?:three|ten)|from \w+ to \w+(?=,? (?:every|all|we|it))|one or two"
    r"|two or three|cloud nine|high five|take (?:five|ten)|nine-to-five|9-to-5s?|one, two, three"
    r"|working (?:nine|9) to (?:five|5)"
    r"|(?:at )?sixes and sevens|two birds|two and two|takes two|two cents|on all fours"
    r"|a (?:hundred|thousand|million)\b(?! (?:people|customers|users|guests|readers))"
    r"|hundreds|ten out of ten|10 out of 10|10/10|second to none|twice|two sides|two worlds"
    r"|two left feet|ten times|a dozen times|in two minds|of two\b|seven seas|five senses"
    r"|four seasons|four corners|four walls|dozens",
    "de": r"zu (?:zweit|dritt|viert)|24 stunden am tag|7 tage die woche|sieben tage die woche"
    r"|rund um die uhr|ein,? zwei|zwei,? drei|aller guten dinge sind drei|unter vier augen"
    r"|auf allen vieren|ob \w+ oder \w+(?=:)|von null auf hundert|auf hundert|vier wände\w*"
    r"|fünf sinne\w*|vier jahreszeiten|alle viere|auf zwei rädern|wir zwei|ihr zwei|die zwei"
    r"|tausend dank|tausendundein\w*|siebten himmel|drei kreuze|zwei fliegen|hundert prozent\w*",
    "fr": r"à (?:deux|trois)(?= ou | pas\b|[.,;:!?)]| [!?;:]|\s*$)|tous les deux|toutes les"
    " deux|en deux mots"
    r"|mille (?:mercis?|fois|et un\w*)|24 heures sur 24|7 jours sur 7|sept jours sur sept"
    r"|24 ?h ?/ ?24|quatre saisons|cinq sens|quatre coins|entre deux|les deux|se mettre en quatre"
    r"|(?:en )?un,? deux,? trois|de \w+ à soixante-dix-sept ans|deux fois|pour deux(?= ou "
    r"|[.,;:!?)]|"
    r" [!?;:]|\s*$)",
    "es": r"(?:para|entre|de) dos(?= o |[.,;:!?)]|\s*$)|los dos|las dos(?! y|\.)|mil"
    " (?:gracias|veces)"
    r"|24 horas al día|las 24 horas(?: del día)?|7 días a la semana|siete días a la semana"
    r"|cuatro estaciones|cinco sentidos|dos veces|en un dos por tres|uno, dos,? (?:y )?tres|de"
    r" dos en dos|mil y un\w*",
    "it": r"(?:in|per|a) due(?= o |[.,;:!?)]|\s*$)"
    r"|quattro chiacchiere|due passi|quattro passi|due chiacchiere|mille (?:grazie|volte|e un\w*)"
    r"|24 ore su 24|7 giorni su 7|sette giorni su sette|tutti e due|uno, due,? (?:e )?tre"
    r"|quattro stagioni"
    r"|cinque sensi|quattro mani|due volte|in quattro e quattr'otto|a quattr'occhi",
    "pt": r"(?:para|a) dois(?= ou |[.,;:!?)]|\s*$)|mil (?:obrigad\w+|vezes)|24 horas por dia|7"
    " dias por semana"
    r"|quatro estações|cinco sentidos|duas vezes|os dois|as duas",
    "nl": r"met z'n (?:twee|drie|vier)\w*|24 uur per dag|7 dagen per week|vier seizoenen"
    r"|duizend keer|de twee|vijf zintuigen",
}
# "From seven to seventy": ages at both ends of a life, in the languages' own words.
_AGES = (
    r"\b(?:from|von|ob|de|dai|da|des) (?:three|seven|sieben|sept|siete|sette|8|7|sept|drei|tre"
    r"|tres)"
    r" (?:to|bis|oder|à|a|ai) (?:\w+|settant'anni|soixante-dix-sept)(?: ans| años| anni)?\b"
)
_LISTED = re.compile(
    r"^[ >]*(?:#{1,6} +)?(?:\*\*|__)?(?:[-*+•] +)?(?:\*\*)?\(?\d{1,2}[.)](?= |\*)"
    r"|\b(?:step|tip|day|part|section|chapter|reason|idea|schritt|tipp|tag|teil|abschnitt|étape"
    r"|astuce|jour|partie|conseil|paso|consejo|día|parte|passo|fase|consiglio|giorno|week|woche"
    r"|semaine|semana|settimana|slide|option|version|post|tweet|stap) \d{1,2}"
    r"(?= ?[:)–—-]|\.? *$|\*\*)|^ *\d{1,2} ?[️⃣]+",
    re.MULTILINE,
)
_SLIDE = re.compile(r"^\(?\d{1,2} ?/ ?\d{1,2}\)?(?=\s|$)", re.MULTILINE)


@cache
def _idioms(language: str) -> re.Pattern[str]:
    own = _IDIOMS.get(language, "(?!)")
    return re.compile(rf"(?=[\d#bchmnw])(?:{_ANYWHERE})|\b(?:{own})\b|{_AGES}", re.MULTILINE)


def idioms(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Where an idiom stands that has a number in it."""
    return (found.span() for found in scan(_idioms(language), text))


def list_numbers(text: str) -> Iterator[tuple[int, int]]:
    """The numbers that lists, steps and threads are counted with."""
    for pattern in (_LISTED, _SLIDE):
        yield from (found.span() for found in scan(pattern, text))


_ITEM = re.compile(r"^[ >]*(?:[-*+•✓✔✅👉]|\d{1,2}[.)]|\d️?⃣|[^\w\s#*>\[(\"'“„«¿¡]+️?) *\S")
_HEADING = re.compile(r"^(#{1,6}) ")


def counts_of_lists(text: str) -> dict[int, set[int]]:
    """By the offset of a line: how many items or sections follow, in the way "5 reasons" counts."""
    lines = _lines(text)
    following: dict[int, set[int]] = {}
    levels: dict[int, int] = {}  # headings below, by level, from here to the end of the part
    items = last = 0  # of the list right below, and of the one before that
    for start, line in reversed(lines):
        if not line.strip():
            continue
        heading = _HEADING.match(line)
        following[start] = {items, last, *levels.values()}
        if heading:
            level = len(heading[1])
            levels = {known: n for known, n in levels.items() if known <= level}
            levels[level] = levels.get(level, 0) + 1
        is_item = bool(_ITEM.match(line)) and not heading
        if is_item:
            items += 1
        elif items and line[:1] not in (" ", "\t"):
            items, last = 0, items
    return following


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    return lines
