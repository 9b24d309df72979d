"""The secret address at which other calendars read what is due."""

from smartcontent.logs import note
from smartcontent.models import User
from smartcontent.stores.sql import db


def renew(user: User) -> str:
    """Make a secret for the address, shown this once; an earlier one ends."""
    secret = user.new_feed()
    db.session.commit()
    note("Calendar address made", user.id)
    return secret


def revoke(user: User) -> None:
    """Make the address useless."""
    user.feed_digest = None
    db.session.commit()
    note("Calendar address revoked", user.id)
