"""Versions of a content: asked for, edited by hand, shown again, let go."""

import logging
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from smartcontent.contents import quotas
from smartcontent.models import FINAL, UNFINISHED, Content, Draft, Origin, Status, now
from smartcontent.models.moments import due_in
from smartcontent.scheduling import schedule_draft
from smartcontent.stores.sql import db
from smartcontent.texts.sentiment import sentiment_of
from smartcontent.texts.sought import as_sought

log = logging.getLogger(__name__)


VERSIONS_KEPT = 200  # of one content


def retry(content: Content, key: str | None = None) -> Draft | None:
    """Ask for another draft, at once, or find what was asked for with the key of a form.

    None while one is unfinished.

    Raises:
        smartcontent.quotas.OverQuota: the user has asked for more than one may.
    """
    return new_draft(content, Status.PENDING, due_at=due_in(0), idempotency_key=key)


def save_edit(content: Content, title: str, text: str, key: str | None = None) -> Draft | None:
    """Keep a text edited by hand as the next version, once for each key of a form.

    None while one is unfinished.
    """
    language = content.language
    db.session.commit()  # a transaction holds up other writers, a long text the transaction
    feeling, sought = sentiment_of(text, language), as_sought(text)
    db.session.expire(content)  # of before that
    content.title = title
    content.index_text(sought)
    return new_draft(
        content,
        Status.COMPLETED,
        origin=Origin.EDITED,
        text=text,
        idempotency_key=key,
        finished_at=now(),
        sentiment_score=feeling and feeling.score,
        sentiment_label=feeling and feeling.label,
    )


def new_draft(content: Content, status: Status, **values: Any) -> Draft | None:
    """Make the next version of a content its current one; None while one is unfinished."""
    key = values.get("idempotency_key")
    if content.current.status in UNFINISHED or _made_with(content, key):
        db.session.rollback()
        return _made_with(content, key)
    last = db.session.scalar(select(func.max(Draft.number)).where(Draft.content_id == content.id))
    draft = Draft(
        user_id=content.user_id, content_id=content.id, number=(last or 0) + 1, status=status
    )
    for name, value in values.items():
        setattr(draft, name, value)
    _make_room(content)
    content.current_number = draft.number
    db.session.add(draft)
    try:
        if status is Status.PENDING:
            quotas.check(content.user_id)
        db.session.commit()
    except IntegrityError:  # two tabs asked at once: the other's draft has this number
        db.session.rollback()
        return _made_with(content, key)
    db.session.expire(content)
    if status is Status.PENDING:
        schedule_draft(draft)
    draft.announce()
    return draft


def _made_with(content: Content, key: str | None) -> Draft | None:
    if key is None:
        return None
    with db.session.no_autoflush:
        return db.session.scalar(
            select(Draft).filter_by(content_id=content.id, idempotency_key=key)
        )


def make_current(content: Content, number: int) -> bool:
    """Show an earlier version again; False while a draft is unfinished, or if it has no text."""
    shown = content.current
    version = content.version(number)
    if version is None or not version.text or not (version.is_final and shown.is_final):
        return False
    db.session.commit()  # no transaction meanwhile: it holds up other writers
    content.index_text(as_sought(version.text))
    # Of the very version that was looked at: a draft asked for meanwhile stays the current one.
    changed = db.session.execute(
        update(Content)
        .where(Content.id == content.id, Content.current_number == shown.number)
        .values(current_number=number)
        .returning(Content.id)
    ).all()
    if not changed:
        db.session.rollback()
        return False
    db.session.commit()
    content.announce()
    return True


def version_to_go(content: Content) -> int | None:
    """The number of the version that the next one will take the place of, if one has to go."""
    if content.version_count() < VERSIONS_KEPT:
        return None
    return db.session.scalar(_first_to_go(content).with_only_columns(Draft.number).limit(1))


def _make_room(content: Content) -> None:
    surplus = content.version_count() - VERSIONS_KEPT + 1
    if surplus > 0:
        going = _first_to_go(content).with_only_columns(Draft.id).limit(surplus)
        db.session.execute(
            delete(Draft).where(Draft.id.in_(going)),
            execution_options={"synchronize_session": False},
        )


def _first_to_go(content: Content) -> Select[Draft]:
    """What is let go first: versions without a text, then the oldest; never the current one."""
    may_go = (Draft.number != content.current_number, Draft.status.in_(FINAL))
    return (
        select(Draft)
        .where(Draft.content_id == content.id, *may_go)
        .order_by(Draft.text != "", Draft.number)
    )
