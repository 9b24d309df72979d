"""Signed invitations: each makes one account, with the address it names."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from smartcontent.accounts.creating import IsTaken
from smartcontent.logs import note
from smartcontent.models import User

INVITATION_DAYS = 7


class SignUpIsClosed(Exception):
    """Nobody can sign up, invited or not; the text is for people."""


def invite(address: str, by: User | None = None) -> str:
    """Make an invitation for an address, asked for by an administrator or by the operator.

    Raises:
        SignUpIsClosed: nobody can sign up.
        smartcontent.accounts.creating.IsTaken: the address has an account.
    """
    if current_app.config["SIGNUP"] == "closed":
        raise SignUpIsClosed(
            "Nobody can sign up, invited or not, while the setting SIGNUP is closed."
        )
    if User.with_email(address):
        raise IsTaken
    note("Invited somebody", by and by.id)
    return invitation_for(address)


def invitation_for(address: str) -> str:
    """A signed invitation that makes one account, with this address, within a week.

    It would make another one where that was erased meanwhile: nothing is kept that could tell.
    """
    return _invitations().dumps(address.strip().casefold())


def invited_address(invitation: str) -> str | None:
    """Whom an invitation is for; None where it is forged, old or empty."""
    try:
        address: str = _invitations().loads(invitation, max_age=INVITATION_DAYS * 86400)
    except BadSignature:
        return None
    return address


def _invitations() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="invitation")
