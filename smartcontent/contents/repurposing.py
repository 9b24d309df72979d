"""Other texts made from a finished one: other types, other languages, as contents linked to it."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from smartcontent.briefs.brief import Brief, as_material
from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES
from smartcontent.briefs.wishes import OWN
from smartcontent.contents import quotas
from smartcontent.contents.keys import KeyUsed
from smartcontent.contents.submitting import new_content, tell
from smartcontent.models import Content, Draft, now
from smartcontent.models.moments import due_after, rounded_up
from smartcontent.models.search_index import make_findable
from smartcontent.prompts.request import language_of
from smartcontent.stores.sql import db

MOST = 20  # contents at once
LISTED_MOST = 50
_TITLE_LONGEST = 200


class NothingToMakeItFrom(Exception):
    """The text is not there yet; the message is for people."""


@dataclass(frozen=True)
class Source:
    """What a content was made from; without a content where that is deleted."""

    content: Content | None
    number: int
    is_older: bool  # the source has another text by now


class Made(NamedTuple):
    """What was made from a content."""

    content: Content
    is_older: bool  # than the text that is there by now


def repurpose(
    content: Content,
    content_types: Sequence[str],
    languages: Sequence[str],
    delay_seconds: float | None = None,
    key: str | None = None,
) -> list[Content]:
    """Submit a new content for each type in each language, made from the current text.

    Of a request that is sent again with its key, what it has made.

    Raises:
        NothingToMakeItFrom: there is no finished text.
        KeyUsed: something else was asked for with the key.
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    draft, user_id, source_id = content.current, content.user_id, content.id
    asked = [str(source_id), *map(list, (content_types, languages))]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    if known := _made_with(user_id, key, digest):
        return known
    if not (draft.is_final and draft.text):
        raise NothingToMakeItFrom("There is no finished text yet that others could be made from.")
    settings = {name: wish for name, wish in content.settings.items() if name in OWN}
    if delay_seconds is not None:
        settings["delay_seconds"] = delay_seconds
    moment = rounded_up(now())  # one for all, by which they are found together
    due_at = due_after(moment, delay_seconds)
    made = [
        new_content(user_id, brief, _title(content, brief), dict(settings), moment, due_at)
        for brief in _briefs(
            replace(content.brief, language=language_of(draft)),
            draft.text,
            content_types,
            languages,
        )
    ]
    for each in made:
        each.source_id, each.source_number = source_id, draft.number
    made[0].idempotency_key, made[0].request_digest = key, digest
    try:
        return _stored(made)
    except IntegrityError:  # sent twice at once
        db.session.rollback()
        if known := _made_with(user_id, key, digest):
            return known
        raise


def _briefs(
    brief: Brief, text: str, content_types: Sequence[str], languages: Sequence[str]
) -> Iterable[Brief]:
    """What was wished of the one text need not fit the others: its instructions stay behind."""
    for kind in content_types or (brief.content_type,):
        for language in languages or (brief.language,):
            yield replace(
                brief,
                content_type=kind,
                language=language,
                length=CONTENT_TYPES[kind].default_length,
                instructions="",
                material=as_material(text),
            )


def _title(content: Content, brief: Brief) -> str:
    kind = CONTENT_TYPES[brief.content_type].label
    other = f", {LANGUAGES[brief.language].name}" if brief.language != content.language else ""
    told = f" ({kind}{other})"
    return content.title[: _TITLE_LONGEST - len(told)] + told


def _stored(made: list[Content]) -> list[Content]:
    user_id = made[0].user_id
    db.session.add_all(made)
    for each in made:
        make_findable(each, "")
    quotas.check(user_id)
    db.session.commit()
    for each in made:
        tell(each)
    return made


def _made_with(user_id: int, key: str | None, digest: str) -> list[Content]:
    """What was made with the key; empty where nothing was.

    Raises:
        KeyUsed: it was something else.
    """
    if key is None:
        return []
    first = db.session.scalar(select(Content).filter_by(user_id=user_id, idempotency_key=key))
    if first is None:
        return []
    if first.request_digest != digest:
        raise KeyUsed
    together = Content.source_id == first.source_id, Content.created_at == first.created_at
    own = select(Content).where(Content.user_id == user_id, *together)
    return list(db.session.scalars(own.order_by(Content.idempotency_key.is_(None), Content.title)))


def made_from(content: Content) -> list[Made]:
    """What was made from a content, the newest first."""
    # By nobody but its owner. Asked for the owner's, SQLite would look at all of those instead.
    made = Content.source_id == content.id, Content.deleted_at.is_(None)
    newest = select(Content).where(*made).order_by(Content.created_at.desc(), Content.id.desc())
    light = newest.options(joinedload(Content.current).load_only(Draft.status))
    shown = content.current
    text = as_material(shown.text) if shown.is_final else ""  # another is on its way
    found = db.session.scalars(light.limit(LISTED_MOST))
    return [Made(each, is_older=bool(text) and each.material != text) for each in found]


def source_of(content: Content) -> Source | None:
    """What a content was made from, if it was made from another."""
    if content.source_number is None:
        return None
    source_id: UUID | None = content.source_id
    source = Content.find(content.user_id, source_id) if source_id else None
    is_older = source is not None and as_material(source.current.text) != content.material
    return Source(source, content.source_number, is_older)
