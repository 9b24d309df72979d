"""Signed invitations: each makes one account, with the address it names."""

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

INVITATION_DAYS = 7


def invitation_for(address: str) -> str:
    """A signed invitation that makes one account, with this address, within a week."""
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
