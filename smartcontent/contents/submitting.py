"""Submitting a brief: stored with its first draft, then scheduled."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from smartcontent.briefs.brief import Brief
from smartcontent.briefs.wishes import Wishes
from smartcontent.contents import quotas, tagging
from smartcontent.contents.refining import wishes_of_variants
from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.moments import due_after, rounded_up
from smartcontent.models.search_index import make_findable
from smartcontent.scheduling import schedule_draft
from smartcontent.stores.sql import db

log = logging.getLogger(__name__)


def submit(
    user_id: int,
    brief: Brief,
    title: str,
    settings: dict[str, Any] | None = None,
    delay_seconds: float | None = None,
    due_at: datetime | None = None,
    idempotency_key: str | None = None,
    request_digest: str | None = None,
    variants: int | Sequence[Wishes] = 1,
    tags: Sequence[str] = (),
    like: Content | None = None,
) -> Content:
    """Store a brief with its first drafts, then schedule them: after a delay or at a time.

    It is made from what the content `like` was made from.

    Raises:
        sqlalchemy.exc.IntegrityError: the user has submitted with this idempotency key before.
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    moment = rounded_up(now())  # one for both times: what lies between them is the delay itself
    due_at = due_at or due_after(moment, delay_seconds)
    content = new_content(user_id, brief, title, settings or {}, moment, due_at, variants)
    content.idempotency_key, content.request_digest = idempotency_key, request_digest
    if like:
        content.source_id, content.source_number = like.source_id, like.source_number
    db.session.add(content)
    make_findable(content, "")
    quotas.check(user_id)
    if tags:
        tagging.give_tags(content, tags)
    db.session.commit()
    tell(content)
    return content


def new_content(
    user_id: int,
    brief: Brief,
    title: str,
    settings: dict[str, Any],
    moment: datetime,
    due_at: datetime,
    variants: int | Sequence[Wishes] = 1,
) -> Content:
    """A content asked for at a moment, with its first drafts, which is not stored yet."""
    content = Content(
        user_id=user_id, created_at=moment, title=title, settings=settings, current_number=1
    )
    write_brief(content, brief)
    content.drafts = _first_drafts(content, variants, rounded_up(due_at))
    set_committed_value(content, "current", content.drafts[0])  # or it would be read again
    return content


def tell(content: Content) -> None:
    """Schedule the drafts of a new content, and show it to its owner; call it after the commit."""
    for draft in content.drafts:
        schedule_draft(draft)
        draft.announce()


def _first_drafts(
    content: Content, variants: int | Sequence[Wishes], due_at: datetime
) -> list[Draft]:
    return [
        Draft(
            user_id=content.user_id,
            number=number,
            status=Status.PENDING,
            created_at=content.created_at,
            due_at=due_at,
            wishes=wishes or None,
        )
        for number, wishes in enumerate(wishes_of_variants(content, variants), 1)
    ]


def submit_once(
    user_id: int,
    brief: Brief,
    title: str,
    settings: dict[str, Any],
    due_at: datetime | None,
    key: str | None,
    variants: int | Sequence[Wishes] = 1,
    like: Content | None = None,
) -> Content:
    """Submit what a form holds; of one that is sent again, answer what it has made.

    Raises:
        smartcontent.contents.quotas.OverQuota: the user has asked for more than one may.
    """
    asked: Any = {"settings": settings, "due_at": due_at, "variants": variants, "like": like}
    try:
        return submit(user_id, brief, title, **asked, idempotency_key=key)
    except IntegrityError:
        # The index decides, so that of many requests at once exactly one makes a content.
        db.session.rollback()
        if key is None:
            raise
    content = Content.submitted_with(user_id, key)
    if not content.deleted_at:
        return content
    # Taken back meanwhile, and the form sent once more: that is meant, and has the key from now on.
    content.idempotency_key = None
    db.session.commit()
    return submit_once(user_id, brief, title, key=key, **asked)


def write_brief(content: Content, brief: Brief) -> None:
    """Copy a brief into its content's columns."""
    for name, value in vars(brief).items():
        setattr(content, name, list(value) if isinstance(value, tuple) else value)
