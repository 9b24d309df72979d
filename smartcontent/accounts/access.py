"""Who is let in, and who looks after the others."""

from sqlalchemy import select

from smartcontent.logs import note
from smartcontent.models import User
from smartcontent.stores.sql import db


class NoSuchUser(LookupError):
    """Nobody has this number."""


class Refused(Exception):
    """Not by whoever asks; the text is for people."""


def disable(user_id: int, by: User | None = None) -> User:
    """Refuse this user: sessions end, tokens stop working, texts stay.

    This and what follows is asked for by an administrator, or by the operator at a command line.

    Raises:
        NoSuchUser: nobody has this number.
        Refused: it may not be done by whoever asks.
    """
    return _change(user_id, by, "Disabled", ends_sessions=True, is_enabled=False)


def enable(user_id: int, by: User | None = None) -> User:
    """Let a disabled user in again."""
    return _change(user_id, by, "Enabled", is_enabled=True)


def end_sessions(user_id: int, by: User | None = None) -> User:
    """Sign this user out everywhere."""
    return _change(user_id, by, "Sessions ended", ends_sessions=True)


def promote(user_id: int, by: User | None = None) -> User:
    """Make this user an administrator."""
    return _change(user_id, by, "Promoted", is_admin=True)


def demote(user_id: int, by: User | None = None) -> User:
    """Make an administrator an ordinary user."""
    return _change(user_id, by, "Demoted", is_admin=False)


def sign_out(user: User) -> None:
    """End the user's own sessions, on all devices: a copied cookie must not outlive this."""
    user.end_sessions()
    db.session.commit()
    note("Signed out", user.id)


def nobody_looks_after_the_others() -> bool:
    """Whether no administrator can sign in."""
    left = select(User.id).where(User.is_admin, User.is_enabled).limit(1)
    return db.session.scalar(left) is None


def _change(
    user_id: int, by: User | None, deed: str, ends_sessions: bool = False, **values: bool
) -> User:
    user = _locked(user_id, by)
    for name, value in values.items():
        setattr(user, name, value)
    if ends_sessions:
        user.end_sessions()
    db.session.commit()
    note(f"{deed} account={user.id}", by and by.id)
    return user


def _locked(user_id: int, by: User | None) -> User:
    """The user, whom nothing else changes until the commit.

    An administrator's own account is out of reach, and whoever asks must be one still: so there is
    always one left, also when two of them demote each other at the same moment.
    """
    wanted = {user_id, by.id if by else user_id}
    locked = select(User).where(User.id.in_(wanted)).order_by(User.id).with_for_update()
    found = db.session.scalars(locked, execution_options={"populate_existing": True}).all()
    user = next((user for user in found if user.id == user_id), None)
    if user is None:
        raise NoSuchUser
    if by and by.id == user.id:
        raise Refused("Your own account is for another administrator to change.")
    if by and not (by.is_admin and by.is_enabled):
        raise Refused("You are no longer an administrator.")
    return user
