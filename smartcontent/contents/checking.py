"""Two drafts compared, and one held against its brief: asked for by people, decided by nobody."""

import logging
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from smartcontent.briefs.brief import BRIEF
from smartcontent.briefs.task import Deed
from smartcontent.briefs.voice import Voice
from smartcontent.models import Draft
from smartcontent.prompts.request import language_of
from smartcontent.texts.by_sentence import Rewrite, by_sentence
from smartcontent.texts.diff import Piece, diff
from smartcontent.texts.quality.card import LONGEST, Asked, Card, card
from smartcontent.texts.remembering import Kept

log = logging.getLogger(__name__)

NO_VOICE = Voice("")
CARDS_LARGEST = 3_000_000  # characters, of a hundred cards and more as they usually are
# Characters that would take the memory of a card of nothing, and of an object with a finding or a
# word in it. With a card are its limits and a hundred words of its voice, however short the text.
CARD_SIZE, FINDING_SIZE, WORD_SIZE = 10_000, 500, 60
KEPT_LONGEST = 100_000  # characters of two texts: what comes of longer ones is not kept in memory


def brief_of(draft: Draft) -> dict[str, Any]:
    """What was typed of the brief a draft was made from; its content's where none is on record."""
    brief = draft.brief or asdict(draft.content.brief)
    return {name: brief[name] for name in BRIEF} | {"keywords": list(brief["keywords"])}


def voice_of(draft: Draft) -> Voice | None:
    """The voice a draft was made with, as it was then."""
    return Voice.read(draft.brief.get("voice")) if draft.brief else draft.content.voice


def changes_of_brief(first: Draft, second: Draft) -> dict[str, dict[str, Any]]:
    """Each field of the brief that is another in the second draft."""
    before, after = _all_of(first), _all_of(second)
    return {
        name: {"from": before.get(name), "to": value}
        for name, value in after.items()
        if before.get(name) != value
    }


def _all_of(draft: Draft) -> dict[str, Any]:
    voice = voice_of(draft)
    return brief_of(draft) | {"voice": voice.as_text if voice else ""}


_changes, _sentences = lru_cache(maxsize=32)(diff), lru_cache(maxsize=32)(by_sentence)


def changes(first: str, second: str) -> list[Piece]:
    """What is different in two texts, word by word."""
    return (_changes if len(first) + len(second) <= KEPT_LONGEST else diff)(first, second)


def sentences(before: str, after: str) -> list[Rewrite]:
    """What a rewritten text makes of each sentence."""
    return (_sentences if len(before) + len(after) <= KEPT_LONGEST else by_sentence)(before, after)


def asked_for(draft: Draft) -> Asked:
    """What a draft is held against."""
    brief, task, voice = brief_of(draft), draft.task or {}, voice_of(draft) or NO_VOICE
    # What its samples say belongs to other texts.
    material = (draft.brief or {}).get("material", draft.content.material)
    said = (material, voice.name, voice.description, *voice.always, *voice.prefer)
    return Asked(
        topic=brief["topic"],
        language=language_of(draft),
        content_type=brief["content_type"],
        length="" if task.get("do") == Deed.REFINE else brief["length"],
        keywords=tuple(brief["keywords"]),
        also=(brief["audience"], brief["instructions"], task.get("instruction", ""), *said),
        banned=voice.never,
        preferred=tuple(voice.preferred),
    )


# A page is drawn again at each change of a status.
_cards = Kept[Card](CARDS_LARGEST)


def quality(text: str, asked: Asked) -> Card:
    """The quality card of a text that was asked for so."""
    text = text[:LONGEST]  # of a longer text no more is kept than is looked at
    given = len(text) + sum(map(len, asked.texts))
    return _cards.of((text, asked), lambda: card(text, asked), lambda it: given + _size(it))


def _size(of: Card) -> int:
    """In characters, about: what a card says and the objects that hold it."""
    said = sum(len(each.what) + len(each.why) + len(each.fix) for each in of.findings)
    return CARD_SIZE + said + FINDING_SIZE * len(of.findings) + WORD_SIZE * len(of.banned)


def quality_if_any(text: str, asked: Asked) -> Card | None:
    """The same; None where a rule breaks at the text, which the log tells."""
    try:
        return quality(text, asked)
    except Exception:
        log.exception("a text has no quality card")
        return None
