"""Findings of the quality card dismissed for good, and all of a content's shown again."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from smartcontent.contents.locking import held_there, one_after_the_other
from smartcontent.models import Content, What, history
from smartcontent.models.dismissal import dismissals
from smartcontent.stores.sql import db
from smartcontent.texts.quality.finding import Finding

MOST = 500  # of one content


def dismiss(content: Content, key: str) -> bool:
    """Show a finding no more, in no draft of the content; False where there are too many such."""
    one_after_the_other(content.user_id)
    try:
        db.session.execute(insert(dismissals).values(content_id=content.id, finding=key))
    except IntegrityError:  # dismissed already
        db.session.rollback()
        return True
    own = select(func.count()).select_from(dismissals).where(_is_of(content.id))
    if (db.session.scalar(own) or 0) > MOST:
        db.session.rollback()
        return False
    history.note(content.id, What.DISMISSED)
    db.session.commit()
    return True


def show_again(content: Content) -> None:
    """Show all findings of a content again."""
    held_there([content.id])
    shown = db.session.execute(
        delete(dismissals).where(_is_of(content.id)).returning(dismissals.c.finding)
    ).all()
    if shown:
        history.note(content.id, What.SHOWN_AGAIN)
    db.session.commit()


def without_dismissed(
    findings: Iterable[Finding], content_id: UUID
) -> tuple[Sequence[Finding], int]:
    """Those findings that nobody has dismissed, and how many of them somebody has."""
    keys = set(db.session.scalars(select(dismissals.c.finding).where(_is_of(content_id))))
    found = list(findings)
    shown = [finding for finding in found if finding.key not in keys]
    return shown, len(found) - len(shown)


def _is_of(content_id: UUID) -> ColumnElement[bool]:
    return dismissals.c.content_id == content_id
