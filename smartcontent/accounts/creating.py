"""Making an account; the first one is the founder's, who is an administrator."""

from sqlalchemy.exc import IntegrityError

from smartcontent.logs import note
from smartcontent.models import User
from smartcontent.models.accounts import nobody_yet
from smartcontent.stores.sql import db


class IsTaken(Exception):
    """There is an account with this address, or there is a first one already."""


def refuse_taken(address: str) -> None:
    """Look before a password is hashed, which costs: of a taken address nothing is made.

    Raises:
        IsTaken: there is an account with this address.
    """
    if User.with_email(address):
        raise IsTaken


def create(
    address: str, password_hash: str, is_admin: bool = False, only_as_first: bool = False
) -> User:
    """Make an account.

    Raises:
        IsTaken: somebody was faster.
    """
    refuse_taken(address)
    is_first = only_as_first or nobody_yet()
    user = User(email=address, is_admin=is_admin or is_first, is_founder=is_first or None)
    user.take_password(password_hash)
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise IsTaken from error
    note("Account made", user.id)
    return user
