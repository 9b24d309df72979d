"""A version shown to somebody without an account, who approves it or asks for changes.

What is said is said of that version: an edited text is another one, and needs another link.
"""

import logging
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from smartcontent.contents.locking import one_after_the_other
from smartcontent.doors import door_here
from smartcontent.models import Content, Review, Share, Verdict, now
from smartcontent.stores.sql import db

log = logging.getLogger(__name__)

DAYS_MOST = 90  # for which a link is open
OPEN_MOST = 20  # links of one content
ENDED_MOST = 20  # of those that do not work any more
REVIEWS_MOST = 50  # of one link
ALL_REVIEWS_MOST = 200  # of one content: its page shows them all
PRESSED_TWICE = timedelta(minutes=1)  # the same said again within it is said once


class NotShared(ValueError):
    """It cannot be shared; the text is for people."""


def share(content: Content, number: int, days: int, secret: str | None = None) -> tuple[Share, str]:
    """Make a link to a version, for so many days; with its secret, which is never seen again.

    Asked again with the same secret it is the same link.

    Raises:
        NotShared: there is no such version with a text, or the content has too many links.
    """
    draft = content.version(number)
    if draft is None or not (draft.is_final and draft.text):
        raise NotShared("Only a version that has a text can be shared.")
    one_after_the_other(content.user_id)
    before = Share.made_with(secret) if secret else None
    if secret and before and before.is_open:
        db.session.commit()
        return before, secret
    if _open_links(content) >= OPEN_MOST:
        raise NotShared(f"It has {OPEN_MOST} links that work: revoke one that is not needed.")
    made, secret = Share.issue(draft, timedelta(days=days), None if before else secret)
    _forget_old_ones(content)
    db.session.commit()
    log.info("Shared share=%s draft=%s", made.id, draft.id)
    return made, secret


def _open_links(content: Content) -> int:
    own = select(func.count()).select_from(Share).where(Share.content_id == content.id)
    return db.session.scalar(own.where(Share.works())) or 0


def _forget_old_ones(content: Content) -> None:
    """Delete the oldest links that do not work any more, so that all there are can be shown."""
    ended = (Share.content_id == content.id, ~Share.works())
    kept = select(Share.id).where(*ended).order_by(Share.created_at.desc()).limit(ENDED_MOST)
    db.session.execute(delete(Share).where(*ended, Share.id.not_in(kept)))


def revoke(content: Content, share_id: int) -> bool:
    """Make a link useless; False if it was. What was said by it stays."""
    revoked = db.session.execute(
        update(Share)
        .where(Share.id == share_id, Share.content_id == content.id, Share.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_by=door_here())
        .returning(Share.id)
    ).all()
    db.session.commit()
    return bool(revoked)


def review(share: Share, verdict: Verdict, reason: str, name: str) -> bool:
    """Put on record what a reader says, and show the owner; False if enough has been said."""
    one_after_the_other(share.content.user_id)
    said = {"verdict": verdict, "reason": reason, "name": name}
    just_now = select(Review.id).filter_by(share_id=share.id, **said)
    if db.session.scalar(just_now.where(Review.at > now() - PRESSED_TWICE)):
        db.session.rollback()
        return True
    of_link = func.count().filter(Review.share_id == share.id)
    counted = select(func.count(), of_link).select_from(Review).join(Share)
    in_all, own = db.session.execute(counted.where(Share.content_id == share.content_id)).one()
    if own >= REVIEWS_MOST or in_all >= ALL_REVIEWS_MOST:
        db.session.rollback()
        return False
    db.session.add(Review(share_id=share.id, **said))
    db.session.commit()
    share.content.announce()
    return True
