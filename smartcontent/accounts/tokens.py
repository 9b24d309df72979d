"""API tokens: made, and made useless."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from smartcontent.contents.locking import one_after_the_other
from smartcontent.logs import note
from smartcontent.models import ApiToken, User, now
from smartcontent.stores.sql import db

MOST = 100  # all stand on the page


class CannotBeMade(Exception):
    """The account is disabled, or has too many; the text is for people."""


def create(
    user: User, name: str, expires_at: datetime | None = None, key: str | None = None
) -> tuple[ApiToken, str]:
    """Make a token; answers its secret, too, which is shown this once.

    Raises:
        CannotBeMade: the account is disabled, or has as many tokens as it may.
    """
    if not user.is_enabled:
        raise CannotBeMade(f"{user.email} is disabled: `users enable` comes first.")
    one_after_the_other(user.id)  # until the commit
    others = [each for each in of(user) if key is None or each.idempotency_key != key]
    if len(others) >= MOST:
        raise CannotBeMade(f"An account has at most {MOST} tokens: revoke one that is not used.")
    token, secret = ApiToken.issue(user, name, expires_at, key)
    note(f"Token made token={token.id}", user.id)
    return token, secret


def revoke(token: ApiToken) -> None:
    """Make a token useless, at once and for good."""
    if token.revoked_at is None:
        token.revoked_at = now()
        db.session.commit()
        note(f"Token revoked token={token.id}", token.user_id)


def of(user: User) -> Sequence[ApiToken]:
    """A user's tokens that were not revoked."""
    own = select(ApiToken).filter_by(user_id=user.id, revoked_at=None)
    return db.session.scalars(own.order_by(ApiToken.id)).all()
