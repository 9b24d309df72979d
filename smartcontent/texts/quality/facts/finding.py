"""All facts of a text, each found once, by whichever rule knows most about it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from smartcontent.texts.quality.facts.amounts import amounts
from smartcontent.texts.quality.facts.calendar import dates
from smartcontent.texts.quality.facts.clock import times
from smartcontent.texts.quality.facts.contact import addresses, phones
from smartcontent.texts.quality.facts.fact import Fact, apart_from_numbers, plain, without
from smartcontent.texts.quality.facts.idioms import idioms, list_numbers
from smartcontent.texts.quality.facts.number_words import in_figures
from smartcontent.texts.quality.starts import starts_in
from smartcontent.texts.remembering import BRIEF_LONGEST, BRIEFS, remembered

FACTS_MOST = 5_000  # of one kind; a text with more is a table of numbers

_BLANKS = re.compile(" *")


def facts_in(text: str, language: str) -> list[Fact]:
    """The facts in the order of the text; what one rule has found is hidden from the next."""
    as_written = plain(text)
    left = as_written.lower()
    starts = starts_in(left)
    found: list[Fact] = []

    def look(rule: Callable[[str], Iterable[Fact]]) -> None:
        nonlocal left
        facts = _apart(islice(rule(left), FACTS_MOST))
        found.extend(facts)
        left = without(left, ((fact.start, fact.end) for fact in facts))

    look(addresses)
    left = without(left, idioms(left, language))
    left = figures = in_figures(left, language)
    starts = starts.with_numbers_of(left)
    look(partial(dates, starts=starts, language=language))
    left = apart_from_numbers(without(left, list_numbers(left)))
    look(phones)
    look(partial(times, starts=starts, language=language))
    look(partial(amounts, starts=starts, language=language, as_written=as_written))
    whole = (_whole(fact, text, figures) for fact in found)
    return sorted(whole, key=lambda fact: fact.start)


def _apart(facts: Iterable[Fact]) -> list[Fact]:
    """Those that do not overlap; of two that do, the one that was found first."""
    kept: list[Fact] = []
    taken: set[int] = set()
    for fact in facts:
        span = range(fact.start, fact.end)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append(fact)
    return sorted(kept, key=lambda fact: fact.start)


def _whole(fact: Fact, text: str, figures: str) -> Fact:
    """Up to where its number word ends, the rest of which is blanks behind its figures."""
    blanks = _BLANKS.match(figures, fact.end)
    end = fact.end + len(text[fact.end : blanks and blanks.end()].rstrip())
    return replace(fact, end=end) if end != fact.end else fact


@remembered(BRIEFS, BRIEF_LONGEST)
def facts_of_a_brief(text: str, languages: tuple[str, ...]) -> Sequence[Fact]:
    """The facts of a text that may be in any of these languages; the first knows best.

    A plain number is none where one of them knows a date.
    """
    # Most are found in each language, as the very same.
    found = dict.fromkeys(fact for language in languages for fact in facts_in(text, language))
    known: dict[int, tuple[str, bool]] = {}  # by place: of which kind, and whether with a unit
    kept = []
    for fact in sorted(found, key=lambda fact: fact.is_bare):
        what = fact.kind, fact.is_bare
        if all(known.get(at, what) == what for at in range(fact.start, fact.end)):
            known |= dict.fromkeys(range(fact.start, fact.end), what)
            kept.append(fact)
    return sorted(kept, key=lambda fact: fact.start)
