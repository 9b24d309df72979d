"""What a search found: the passage around it, and its words marked, there and in titles."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup, escape

from smartcontent.models import FINAL, Content
from smartcontent.models.listing import Q_LONGEST, words_of
from smartcontent.texts.markdown import to_text
from smartcontent.texts.sought import as_sought, composed
from smartcontent.web.threads import slowly

AROUND = 140  # characters shown on each side of the first hit
# A long text is looked through part by part, each with the beginning of the next: time by its
# length, memory by a part's.
PART = 2_000
_AT_ONCE = 10 * PART


class Found(NamedTuple):
    """Where a content has what was looked for, and what stands around it."""

    where: str  # "text" or "brief"
    passage: Markup


def found_in(content: Content, q: str) -> Found | None:
    """The first passage with a word of the search; None where its title alone has one."""
    words = words_of(q)
    draft = content.current
    if draft.status in FINAL and (part := _part_with(words, draft.text)):
        return Found("text", _passage(words, part))
    brief = (content.topic, content.audience, ", ".join(content.keywords), content.instructions)
    for typed in brief:
        if part := _part_with(words, typed):
            return Found("brief", _passage(words, part))
    return None


def marked(text: str, q: str) -> Markup:
    """A short text with the words of the search marked."""
    return _marked(words_of(q), text)


def _part_with(words: list[str], text: str) -> str | None:
    look = _first_part_with
    return look(words, text) if len(text) <= _AT_ONCE else slowly(look, words, text)


def _first_part_with(words: list[str], text: str) -> str | None:
    for start in range(0, len(text), PART):
        part = composed(text[start : start + PART + Q_LONGEST])
        folded = as_sought(part)
        if any(word in folded for word in words):
            return part
    return None


def _passage(words: list[str], part: str) -> Markup:
    first = min(_hits(words, part), default=0)
    start = _blank_before(part, first - AROUND)
    window = part[start : first + AROUND]
    shown = " ".join(to_text(window).splitlines())
    # Markdown hides addresses and marks: what was found there is shown as it was written.
    shown = shown if _hits(words, shown) else window
    return Markup("{}{}…").format("…" if start else "", _marked(words, shown))


def _blank_before(text: str, at: int) -> int:
    return text.rfind(" ", 0, at) + 1 if at > 0 else 0


def _hits(words: Iterable[str], text: str) -> set[int]:
    """The places of a short text where its letters are part of what was looked for."""
    letters = [as_sought(letter) for letter in text]
    places = [place for place, letter in enumerate(letters) for _ in letter]
    folded = "".join(letters)
    spans = [hit.span() for word in words for hit in re.finditer(re.escape(word), folded)]
    return {place for start, end in spans for place in places[start:end]}


def _marked(words: list[str], text: str) -> Markup:
    text = composed(text)
    hits = _hits(words, text)
    runs = groupby(enumerate(text), lambda each: each[0] in hits)
    parts = ((is_hit, "".join(letter for _, letter in run)) for is_hit, run in runs)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(run) if is_hit else escape(run) for is_hit, run in parts
    )
