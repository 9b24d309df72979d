"""Names of people, places and brands: words with a capital that the brief does not know.

The softer class: in English and the languages whose common nouns have small letters. German is left
out, for all its nouns look like names.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from smartcontent.texts.quality.facts.fact import NAME, TAKEN, Fact
from smartcontent.texts.remembering import BRIEF_LONGEST, BRIEFS, remembered

LANGUAGES = frozenset({"en", "fr", "es", "it", "pt", "nl"})
_WORD = re.compile(r"(?<![\w#@$\x1f])[^\W\d_]+(?:['-][^\W\d_]+)*")
_BETWEEN = re.compile(
    r" |, (?=[A-Z])(?!)|\. ?(?=[A-Z])(?!)| (?:of|the|de|du|des|da|di|del|della|do|dos|van|von"
    r"|y|e|&) | &"
    r" | d'| l'"
)
# What a sentence may begin after, and what may stand between that and its first letter.
_STARTS = re.compile(rf"(?:^|{TAKEN}|[^\w\s,'&\"“”«»„(\[*_¡¿~`-])[\s\"'“”«»„(\[*_¡¿~`-]*$")
_TITLE = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Sra|Dott|Dra|Mme|Mlle|M)\. ?$")
_LIST_MARK = re.compile(r"^[ >]*+(?:[-*+•]|\d{1,2}[.)]|[^\w\s]++)\s+")
_ALSO_CAPITAL_SAID = (
    # Holidays, languages and peoples, platforms, greetings: in capitals, and no fact.
    "i i'm i'll i've i'd ok mr mrs ms dr dear hello hi hey god earth internet web wifi wi-fi"
    " christmas easter halloween thanksgiving valentine valentine's eve new year's ramadan"
    " hanukkah noël pâques toussaint navidad natale pasqua pascua natal páscoa kerst pasen"
    " english french german italian spanish dutch portuguese polish turkish ukrainian russian"
    " european british american canadian australian irish scottish welsh swiss austrian belgian"
    " greek swedish danish norwegian finnish japanese chinese korean indian arab arabic mexican"
    " brazilian african asian nordic scandinavian mediterranean alpine western latin christian"
    " europe europa européen européenne europese"
    " instagram facebook youtube tiktok linkedin twitter pinterest whatsapp google amazon apple"
    " android iphone ipad windows mac bluetooth usb spotify paypal visa mastercard gps"
    " monday tuesday wednesday thursday friday saturday sunday january february march april may"
    " june july august september october november december spring summer autumn winter"
    " black cyber seo faq diy cta vip ceo pdf gmt cet utc am pm tv"
    # Calls to action in title case.
    " now today here more free shop buy order book learn save get start join try sign up us you"
    " your our my this that it we they he she yes no not and or but with for from to in on at by"
    " click read discover call visit subscribe follow share contact reserve new best sale offer"
    " monsieur madame mesdames messieurs vous nous je tu il elle on les la le un une des et ou"
    " usted ustedes señor señora don doña sí los las el lei voi signore signora gli il"
    " você senhor senhora u uw meneer mevrouw"
)
_ALSO_CAPITAL = frozenset(_ALSO_CAPITAL_SAID.split())


def names(text: str, language: str, known: Collection[str]) -> Iterator[Fact]:
    """Names in the text of whose words some are not among the known ones, in small letters."""
    if language not in LANGUAGES:
        return
    small = {word for word in _WORD.findall(text) if word.islower()}
    start = 0
    for line in text.split("\n"):
        if line != line.lower() and not _is_title(line, language):
            for first, last in _runs(line):
                yield from _unknown(line, first, last, start, (small, known))
        start += len(line) + 1


@remembered(BRIEFS, BRIEF_LONGEST)
def words_known(brief: str) -> Collection[str]:
    """Each word of the brief in small letters, with and without what is joined to it."""
    return {form for word in set(_WORD.findall(brief)) for form in _forms(word)}


def _forms(word: str) -> set[str]:
    folded = word.casefold()
    pieces = {piece for piece in re.split(r"['-]", folded) if len(piece) > 1}
    return {folded, folded.removesuffix("s"), folded.removesuffix("'s"), *pieces}


def _is_title(line: str, language: str) -> bool:
    """A heading; in English also a short line in title case without a full stop."""
    if line.lstrip().startswith("#"):
        return True
    if language != "en" or len(line) > 160 or line.rstrip(" *_").endswith("."):
        return False
    long = [word[0] for word in _WORD.finditer(line) if len(word[0]) > 3]
    capitals = sum(word[0].isupper() for word in long)
    return 2 <= len(long) <= 8 and capitals >= 0.75 * len(long)


def _runs(line: str) -> Iterator[tuple[int, int]]:
    """Where words with a capital stand one after another, but for the first of a sentence."""
    mark = _LIST_MARK.match(line)
    run: tuple[int, int] | None = None
    for word in _WORD.finditer(line, mark.end() if mark else 0):
        is_capital = word[0][0].isupper() and not (word[0].isupper() and len(word[0]) > 1)
        if run and is_capital and _BETWEEN.fullmatch(line, run[1], word.start()):
            run = run[0], word.end()
            continue
        if run:
            yield run
        run = None
        at_start = bool(mark) and word.start() == mark.end()  # type: ignore[union-attr]
        if is_capital and not at_start and not _starts_sentence(line, word.start()):
            run = word.span()
    if run:
        yield run


def _starts_sentence(line: str, at: int) -> bool:
    before = line[max(0, at - 12) : at]
    if at <= 12 and not before.strip(" \"'“”«»„([*_¡¿~`-"):
        return True
    return bool(_STARTS.search(before)) and not _TITLE.search(before)


def _unknown(
    line: str, first: int, last: int, start: int, known: Sequence[Collection[str]]
) -> Iterator[Fact]:
    words = [word for word in _WORD.finditer(line, first, last) if word[0][0].isupper()]
    new = [word for word in words if _is_new(word[0], known)]
    if new:
        begin, end = new[0].start() + start, new[-1].end() + start
        yield Fact(NAME, begin, end, frozenset({(NAME, line[begin - start : end - start])}))


def _is_new(word: str, known: Sequence[Collection[str]]) -> bool:
    forms = _forms(word)
    return len(word) > 1 and all(map(forms.isdisjoint, (_ALSO_CAPITAL, *known)))
