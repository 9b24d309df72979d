"""Two drafts compared, and one held against its brief: asked for by people, decided by nobody."""

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from smartcontent.models import Draft
from smartcontent.texts.diff import Piece, diff
from smartcontent.texts.quality.card import Asked, Card, card


def brief_of(draft: Draft) -> dict[str, Any]:
    """The brief a draft was made from; its content's where none was put on record."""
    brief = draft.brief or asdict(draft.content.brief)
    return brief | {"keywords": list(brief["keywords"])}


def changes_of_brief(first: Draft, second: Draft) -> dict[str, dict[str, Any]]:
    """Each field of the brief that is another in the second draft."""
    before, after = brief_of(first), brief_of(second)
    return {
        name: {"from": before.get(name), "to": value}
        for name, value in after.items()
        if before.get(name) != value
    }


@lru_cache(maxsize=32)
def changes(first: str, second: str) -> list[Piece]:
    """What is different in two texts, word by word."""
    return diff(first, second)


def asked_for(draft: Draft) -> Asked:
    """What a draft is held against."""
    brief, task = brief_of(draft), draft.task or {}
    return Asked(
        topic=brief["topic"],
        language=task.get("language") or brief["language"],
        content_type=brief["content_type"],
        keywords=tuple(brief["keywords"]),
        also=(brief["audience"], brief["instructions"], task.get("instruction", "")),
    )


@lru_cache(maxsize=128)  # a page is drawn again at each change of a status
def quality(text: str, asked: Asked) -> Card:
    """The quality card of a text that was asked for so."""
    return card(text, asked)
