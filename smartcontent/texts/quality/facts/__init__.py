"""What a text says that its brief does not, and what the brief says that the text leaves out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smartcontent.texts.quality.facts.comparing import Known
from smartcontent.texts.quality.facts.fact import NUMBER, Fact, plain, without
from smartcontent.texts.quality.facts.finding import facts_in, facts_of_a_brief
from smartcontent.texts.quality.facts.idioms import counts_of_lists
from smartcontent.texts.quality.facts.names import names, words_known

__all__ = ["Unsupported", "left_out", "unsupported"]

LISTED_MOST = 20  # "5 reasons": of more, nobody keeps count


@dataclass(frozen=True)
class Unsupported:
    """What the brief does not hold: where it stands, and the brief's own value of its kind."""

    text: str
    kind: str
    start: int
    end: int
    nearest: str | None


def unsupported(text: str, brief: Sequence[str], languages: Sequence[str]) -> list[Unsupported]:
    """The text's facts that no part of the brief holds.

    The text is in the first of the languages, the brief may be in any of them.
    """
    sources = [(part, Known(facts_of_a_brief(part, languages))) for part in brief if part]
    facts = facts_in(text, languages[0])
    counted = counts_of_lists(text)
    others = [
        fact
        for fact in facts
        if not any(known.supports(fact) for _, known in sources)
        and not _counts_a_list(text, fact, counted)
    ]
    left = without(plain(text), ((fact.start, fact.end) for fact in facts))
    others += names(left, languages[0], words_known([plain(part) for part in brief]))
    others.sort(key=lambda fact: fact.start)
    return [_unsupported(text, fact, sources) for fact in others]


def _unsupported(text: str, fact: Fact, sources: Iterable[tuple[str, Known]]) -> Unsupported:
    near = [(part, found) for part, known in sources if (found := known.nearest(fact))]
    said = Known(found for _, found in near).nearest(fact)
    nearest = next((part[f.start : f.end] for part, f in near if f is said), None)
    return Unsupported(text[fact.start : fact.end], fact.kind, fact.start, fact.end, nearest)


def _counts_a_list(text: str, fact: Fact, counted: dict[int, set[int]]) -> bool:
    line = text.rfind("\n", 0, fact.start) + 1
    if fact.kind != NUMBER or not fact.counts:
        return False
    return any(1 < n <= LISTED_MOST and n in counted.get(line, ()) for n in fact.numbers)


def left_out(text: str, brief: Sequence[str], languages: Sequence[str]) -> list[str]:
    """The brief's facts that the text has in no notation, each once, as the brief has them."""
    known = Known(facts_in(text, languages[0]))
    missing = {
        part[fact.start : fact.end]: None
        for part in brief
        for fact in facts_of_a_brief(part, languages)
        if not known.supports(fact)
    }
    return list(missing)
