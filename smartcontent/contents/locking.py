"""One act of a user after the other, where what is counted must still be true when it is stored."""

from sqlalchemy import select

from smartcontent.models import User
from smartcontent.stores.sql import db, is_postgresql


def one_after_the_other(user_id: int) -> None:
    """Let others of the same user wait until this transaction ends: what is counted stays so."""
    if is_postgresql():  # on SQLite whoever writes is alone anyway
        db.session.execute(select(User.id).filter_by(id=user_id).with_for_update(key_share=True))
