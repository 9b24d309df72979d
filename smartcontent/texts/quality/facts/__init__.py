"""What a text says that its brief does not, and what the brief says that the text leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from smartcontent.texts.quality.facts.comparing import Known
from smartcontent.texts.quality.facts.fact import NUMBER, Fact, plain, without
from smartcontent.texts.quality.facts.finding import facts_in, facts_of_a_brief
from smartcontent.texts.quality.facts.idioms import counts_of_lists
from smartcontent.texts.quality.facts.names import names, words_known
from smartcontent.texts.remembering import BRIEF_LONGEST, BRIEFS, remembered

__all__ = ["Unsupported", "compared"]

FOUND_MOST = 200  # facts, and as many names: who has more will not look at each
LISTED_MOST = 20  # "5 reasons": of more, nobody keeps count
SAID_MOST = 200  # characters of a value that is the nearest of many


@dataclass(frozen=True)
class Unsupported:
    """What the brief does not hold: where it stands, and the brief's own value of its kind.

    `nearest` is cut, with an ellipsis, at 200 characters; None where the brief has none.
    """

    text: str
    kind: str
    start: int
    end: int
    nearest: str | None


def compared(
    text: str, brief: Sequence[str], to_say: str, languages: tuple[str, ...]
) -> tuple[list[Unsupported], list[str]]:
    """The text's facts that no part of the brief holds, and what it leaves out of `to_say`.

    The text is in the first of the languages, the brief may be in any of them.
    """
    facts = facts_in(text, languages[0])
    missing = _left_out(Known(facts), to_say, languages)
    return _unsupported(text, facts, "\n".join(brief), languages), missing


def _unsupported(
    text: str, facts: Sequence[Fact], brief: str, languages: tuple[str, ...]
) -> list[Unsupported]:
    known = _known(brief, languages)
    others = [fact for fact in facts if not known.supports(fact)]
    counted = counts_of_lists(text) if any(fact.counts for fact in others) else {}
    others = [fact for fact in others if not _counts_a_list(text, fact, counted)][:FOUND_MOST]
    left = without(plain(text), ((fact.start, fact.end) for fact in facts))
    others += islice(names(left, languages[0], words_known(plain(brief))), FOUND_MOST)
    others.sort(key=lambda fact: fact.start)
    nearest = [known.nearest(fact) for fact in others]
    said = {near: _said(near, brief) for near in nearest}  # one may be the nearest of hundreds
    return [
        Unsupported(text[fact.start : fact.end], fact.kind, fact.start, fact.end, said[near])
        for fact, near in zip(others, nearest, strict=True)
    ]


@remembered(BRIEFS, BRIEF_LONGEST)
def _known(brief: str, languages: tuple[str, ...]) -> Known:
    return Known(facts_of_a_brief(brief, languages))


def _said(fact: Fact | None, brief: str) -> str | None:
    if fact is None:
        return None
    is_long = fact.end - fact.start > SAID_MOST  # an address is as long as who writes it likes
    end = fact.start + SAID_MOST - 1 if is_long else fact.end
    return brief[fact.start : end] + "…" * is_long


def _counts_a_list(text: str, fact: Fact, counted: dict[int, set[int]]) -> bool:
    """ "5 reasons", where five follow."""
    if fact.kind != NUMBER or not fact.counts:
        return False
    line = text.rfind("\n", 0, fact.start) + 1
    return any(1 < n <= LISTED_MOST and n in counted.get(line, ()) for n in fact.numbers)


def _left_out(known: Known, to_say: str, languages: tuple[str, ...]) -> list[str]:
    """In the words of the brief, each once."""
    facts = facts_of_a_brief(to_say, languages)
    missing = (fact for fact in facts if not known.supports(fact))
    said = dict.fromkeys(to_say[fact.start : fact.end] for fact in missing)
    return list(islice(said, FOUND_MOST))
