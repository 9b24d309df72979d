"""Ending: a draft is cancelled, a content goes to the trash or comes out of it."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from smartcontent import events
from smartcontent.models import UNFINISHED, Content, Draft, Status, What, history, now
from smartcontent.models.search_index import findable_by
from smartcontent.models.status import UNSTARTED
from smartcontent.scheduling import unschedule_draft, unschedule_drafts
from smartcontent.stores.sql import db, only_read, read_anew

log = logging.getLogger(__name__)


def cancel(draft: Draft) -> bool:
    """Stop a draft for good, what it has of text kept; False if it had ended, or is gone."""
    return _is_stopped(draft.id)


def cancel_each(ids: Iterable[int]) -> set[int]:
    """The same for drafts with these ids, one text in memory at a time; which were stopped."""
    return {draft_id for draft_id in ids if _is_stopped(draft_id)}


def _is_stopped(draft_id: int) -> bool:
    # A worker may have claimed it since it was read, or somebody deleted it.
    draft = db.session.get(Draft, draft_id, populate_existing=True)
    if draft is None or draft.is_final:
        db.session.commit()
        return False
    job_id, same = draft.job_id, Draft.attempt == draft.attempt
    db.session.commit()  # no transaction while Redis is asked: it holds up other writers
    text = draft.text_so_far()
    values = {"text": text} if text != draft.text else {}
    words = findable_by(text)
    if words:
        Content.take_in(draft, words)
    if not draft.move(Status.CANCELLED, same, finished_at=now(), **values):
        # It has ended since, or another attempt begun, without this text.
        return _is_stopped(draft_id)
    unschedule_draft(job_id)
    return True


def cancel_many(user_id: int, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """The same for those of a user's drafts that the conditions hold for.

    Answers `content_id` and `batch_id` of each that was stopped.

    What has nothing of a text is one UPDATE. What has goes one by one: it is found by that from
    then on, also where no worker has it but the next attempt waits.
    """
    here = (Draft.user_id == user_id, *conditions)
    simple = (Draft.status.in_(UNSTARTED), Draft.text == "")
    stopped = Draft.move_all(Status.CANCELLED, *here, *simple, finished_at=now())
    unschedule_drafts([draft.job_id for draft in stopped])
    events.publish_all(user_id, "status", [draft.as_event() for draft in stopped])
    only_read()
    ids = select(Draft.id, Draft.content_id, Draft.batch_id)
    begun = db.session.execute(ids.where(*here, Draft.status.in_(UNFINISHED))).all()
    db.session.commit()
    return [*stopped, *(each for each in begun if _is_stopped(each.id))]


def cancel_all(content: Content) -> bool:
    """Stop whatever of a content is on its way; False if nothing was."""
    ids = [draft.id for draft in content.unfinished()]
    db.session.commit()  # no transaction meanwhile, and none is left: it holds up other writers
    return bool(cancel_each(ids))


def discard(content: Content, moment: datetime | None = None) -> None:
    """Move a content to the trash; what of it is on its way is cancelled."""
    cancel_all(content)
    _set_deleted(content, moment or now())


def restore(user_id: int, content_id: UUID) -> Content | None:
    """Take a content of the user out of the trash again."""
    content = db.session.scalar(select(Content).filter_by(user_id=user_id, id=content_id))
    if content is not None:
        _set_deleted(content, None)
    return content


def _set_deleted(content: Content, moment: datetime | None) -> None:
    """Where several do it in one instant, one of them has done it: history has one line."""
    deleted_at = Content.deleted_at
    is_elsewhere = deleted_at.is_(None) if moment else deleted_at.is_not(None)
    put = update(Content).where(Content.id == content.id, is_elsewhere).values(deleted_at=moment)
    if db.session.scalar(put.returning(Content.id)):
        history.note(content.id, What.TRASHED if moment else What.RESTORED)
    read_anew(content, ["deleted_at"])
    db.session.commit()
    content.announce()
