"""One act on some contents at once, and what became of each.

What is done to drafts is done by conditional UPDATEs that commit; what is done to contents stays in
the session, so that whoever keeps a record of it commits both as one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update

from smartcontent import events
from smartcontent.contents import ending, tagging, versions
from smartcontent.contents.locking import held_there, one_after_the_other
from smartcontent.contents.quotas import OverQuota
from smartcontent.models import Batch, Content, Draft, Status, Tag, What, history, now
from smartcontent.models.tag import content_tags
from smartcontent.progress.batches import announce
from smartcontent.scheduling.drafts import in_parts
from smartcontent.stores.sql import db, only_read
from smartcontent.texts.folding import as_sought

IDS_MOST = 200
AT_ONCE = 50


class Deed(StrEnum):
    """What can be done to many at once."""

    TRASH = "trash"
    RESTORE = "restore"
    TAG = "tag"
    UNTAG = "untag"
    CANCEL = "cancel"
    RETRY = "retry"


OF_TAGS = {Deed.TAG, Deed.UNTAG}
_WHAT = {
    Deed.TRASH: What.TRASHED,
    Deed.RESTORE: What.RESTORED,
    Deed.TAG: What.TAGGED,
    Deed.UNTAG: What.UNTAGGED,
}


class Why(StrEnum):
    """Why a content was left as it was."""

    NOT_THERE = "not_there"
    FULL = "full"
    IDLE = "idle"
    ON_ITS_WAY = "on_its_way"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Why.NOT_THERE: "There is nothing of yours with this id.",
    Why.FULL: f"It has {tagging.TAGS_MOST} tags: take one off first.",
    Why.IDLE: "Nothing of it was on its way.",
    Why.ON_ITS_WAY: "A draft of it is on its way already.",
}


class Result(NamedTuple):
    """What became of one; `detail` says why nothing did."""

    id: UUID
    detail: str = ""


@dataclass(frozen=True)
class Asked:
    """What is to be done, and for whom.

    `moment` is when those that go to the trash go there, and of those that come out of it, when
    they went; and since when drafts count as stopped, whoever does it again. By its `key` a draft
    is asked for once, however often it is done.
    """

    user_id: int
    deed: Deed
    tag: str = ""
    moment: datetime | None = None
    key: str | None = None
    among: int = 1  # how many it is done to


@dataclass
class Outcome:
    """Which contents are other than before, why others are not, and what stopped the rest."""

    changed: Sequence[UUID] = ()
    left: Mapping[UUID, Why] = field(default_factory=dict)
    refusal: OverQuota | None = None
    refused: Sequence[UUID] = ()


def do(asked: Asked, ids: Iterable[UUID]) -> list[Result]:
    """Do it to each of the user's contents with these ids, in their order."""
    each_once = list(dict.fromkeys(ids))
    asked = replace(asked, among=len(each_once))
    details: dict[UUID, str] = {}
    for some in in_parts(each_once, AT_ONCE):
        outcome = done_to_drafts(asked, some)
        if asked.deed in OF_CONTENTS:
            outcome = changed(asked, some)
            db.session.commit()
            tell(asked, outcome)
        details |= {content_id: why.sentence for content_id, why in outcome.left.items()}
        if outcome.refusal:
            details |= dict.fromkeys(outcome.refused, str(outcome.refusal.description))
    return [Result(each, details.get(each, "")) for each in each_once]


def done_to_drafts(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    """What an act does to drafts: committed, and told."""
    if asked.deed == Deed.RETRY:
        return _retry(asked, ids)
    if asked.deed not in (Deed.CANCEL, Deed.TRASH):
        return Outcome()
    own = _own(asked, ids)
    stopped = _stop(asked.user_id, own)
    if asked.moment:
        stopped |= _stopped_since(asked.moment, own)
    left = _absent(ids, own) | {each: Why.IDLE for each in own if each not in stopped}
    return Outcome([each for each in own if each in stopped], left)


def changed(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    """Do to contents what is done to them, in the session; of those by which it was done."""
    outcome = OF_CONTENTS[asked.deed](asked, ids)
    tags = {"tags": [asked.tag]} if asked.deed in OF_TAGS else {}
    history.note_all(outcome.changed, _WHAT[asked.deed], among=asked.among, **tags)
    return outcome


def tell(asked: Asked, outcome: Outcome) -> None:
    """Tell the owner's open pages; call it after the commit."""
    is_deleted = asked.deed == Deed.TRASH
    told = [{"content_id": str(each), "deleted": is_deleted} for each in outcome.changed]
    events.publish_all(asked.user_id, "content", told)


def _stop(user_id: int, ids: Sequence[UUID]) -> set[UUID]:
    """Stop whatever of some contents is on its way; of which something was."""
    stopped = ending.cancel_many(user_id, Draft.content_id.in_(ids))
    _tell_batches({draft.batch_id for draft in stopped})
    return {draft.content_id for draft in stopped}


def _stopped_since(moment: datetime, ids: Sequence[UUID]) -> set[UUID]:
    """Of which contents something was stopped: by another process that has the same step, say."""
    only_read()
    stopped = select(Draft.content_id).where(Draft.content_id.in_(ids))
    there = stopped.where(Draft.status == Status.CANCELLED, Draft.finished_at >= moment)
    found = set(db.session.scalars(there))
    db.session.commit()
    return found


def _tell_batches(ids: set[UUID | None]) -> None:
    batches = db.session.scalars(select(Batch).where(Batch.id.in_(ids - {None}))).all()
    db.session.commit()
    for batch in batches:
        announce(batch)


def _retry(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    done: list[UUID] = []
    left: dict[UUID, Why] = {}
    for number, content_id in enumerate(ids):
        content = Content.find(asked.user_id, content_id)
        try:
            if content is None:
                left[content_id] = Why.NOT_THERE
            elif versions.retry(content, asked.key):
                done.append(content_id)
            else:
                left[content_id] = Why.ON_ITS_WAY
        except OverQuota as refusal:
            return Outcome(done, left, refusal, ids[number:])
    db.session.commit()
    return Outcome(done, left)


def _trash(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    own = held_there(_own(asked, ids, anywhere=True), to_change=True)
    gone = _put(asked.moment or now(), Content.id.in_(own), Content.deleted_at.is_(None))
    return Outcome(gone, _absent(ids, own))


def _restore(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    deleted_at = Content.deleted_at
    went = deleted_at == asked.moment if asked.moment else deleted_at.is_not(None)
    own = held_there(_own(asked, ids, anywhere=True), to_change=True)
    back = _put(None, Content.id.in_(own), went)
    return Outcome(back, _absent(ids, own))


def _tag(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    one_after_the_other(asked.user_id)  # or two at once would make one tag twice
    own = _own(asked, ids)
    try:
        tag = tagging.tag_named(asked.user_id, asked.tag)
    except OverQuota as refusal:
        return Outcome(refusal=refusal, refused=ids)
    has_it = set(db.session.scalars(_tagged(own).where(content_tags.c.tag_id == tag.id)))
    counted = _tagged(own).group_by(content_tags.c.content_id).add_columns(func.count())
    full = {each for each, number in db.session.execute(counted) if number >= tagging.TAGS_MOST}
    new = [each for each in own if each not in full | has_it]
    if new:
        rows = [{"content_id": each, "tag_id": tag.id} for each in new]
        db.session.execute(insert(content_tags), rows)
    tagging.forget_unused(asked.user_id, [tag.id])
    return Outcome(new, _absent(ids, own) | dict.fromkeys(full - has_it, Why.FULL))


def _untag(asked: Asked, ids: Sequence[UUID]) -> Outcome:
    one_after_the_other(asked.user_id)
    own = held_there(_own(asked, ids))
    named = db.session.scalars(
        select(Tag.id).filter_by(user_id=asked.user_id, sought=as_sought(asked.tag))
    ).all()
    taken_off = db.session.scalars(
        delete(content_tags)
        .where(content_tags.c.content_id.in_(own), content_tags.c.tag_id.in_(named))
        .returning(content_tags.c.content_id)
    ).all()
    tagging.forget_unused(asked.user_id, named)
    db.session.expire_all()
    return Outcome(taken_off, _absent(ids, own))


OF_CONTENTS: Mapping[Deed, Callable[[Asked, Sequence[UUID]], Outcome]] = {
    Deed.TRASH: _trash,
    Deed.RESTORE: _restore,
    Deed.TAG: _tag,
    Deed.UNTAG: _untag,
}


def _own(asked: Asked, ids: Sequence[UUID], anywhere: bool = False) -> Sequence[UUID]:
    """Those that are the user's, without those in the trash unless they are asked for."""
    own = select(Content.id).where(*_of(asked, ids))
    found = set(db.session.scalars(own if anywhere else own.where(Content.deleted_at.is_(None))))
    return [each for each in ids if each in found]


def _of(asked: Asked, ids: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    return (Content.user_id == asked.user_id, Content.id.in_(ids))


def _absent(ids: Sequence[UUID], there: Sequence[UUID]) -> dict[UUID, Why]:
    found = set(there)
    return {each: Why.NOT_THERE for each in ids if each not in found}


def _tagged(ids: Sequence[UUID]) -> Select[Any]:
    return select(content_tags.c.content_id).where(content_tags.c.content_id.in_(ids))


def _put(deleted_at: datetime | None, *conditions: ColumnElement[bool]) -> Sequence[UUID]:
    """Into the trash or out of it; the ids of those that were elsewhere."""
    written = update(Content).where(*conditions).values(deleted_at=deleted_at).returning(Content.id)
    ids = db.session.scalars(written, execution_options={"synchronize_session": False}).all()
    db.session.expire_all()
    return ids
