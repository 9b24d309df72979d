"""How often passwords are guessed: limited by visitor, and slowly by account.

A browser that has signed in to an account is known there by a cookie, and has a count of its own.
So whoever guesses at an account from many addresses at once is slowed down, and the owner is not
kept out: not on a known device, and not at the first try of a day from any other. A new password
is known to no device: who knew the one before could have collected as many as they like.
See docs/decisions/0016-limits.md.
"""

import hashlib
import secrets

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from smartcontent.models import User
from smartcontent.web.limiter import Limit, check, count, is_counted, network, take_back

# One visitor at one account; one visitor at all accounts, an office behind one address included.
AT_ONE_ACCOUNT = Limit("guesses-at-an-account", most=10, seconds=900)
AT_ALL_ACCOUNTS = Limit("guesses", most=100, seconds=900)
# All visitors whom the account does not know, together; but each has one try a day.
BY_STRANGERS = Limit("guesses-by-strangers", most=100, seconds=3600)
FIRST_OF_THE_DAY = Limit("first-guesses", most=1, seconds=86400)
# So many are remembered for a day at most, of all visitors: whoever has very many addresses and
# makes up accounts would fill Redis with them, without which no text is written.
FIRST_IN_ALL = Limit("all-first-guesses", most=100_000, seconds=86400)
INVITATIONS = Limit("invitations", most=30, seconds=900)

SIGN_UPS = "sign-ups"

DEVICE_DAYS = 365
TOO_MANY = (
    "Too many wrong passwords: wait a quarter of an hour, or ask your administrator for a new one "
    "(`flask users reset-password`)."
)
TOO_MANY_STRANGERS = (
    "Too many wrong passwords were tried at this account from elsewhere: wait an hour, or sign in "
    "on a device where you have signed in with your present password."
)
TOO_MANY_SIGN_UPS = (
    "Too many accounts were made from your network within an hour: come again later, or ask an "
    "administrator for an invitation."
)
TOO_MANY_INVITATIONS = "Too many invitations that are not valid: wait a quarter of an hour."


def init_app(app: Flask) -> None:
    app.after_request(_remember_device)


def count_guess(email: str, user: User | None) -> None:
    """Count one password that is tried at an account; call it before the password is checked.

    `user` is whose account it is; None: there is none with this address.

    Raises:
        TooManyRequests: it may not be tried now.
    """
    device = _known_device(user)
    if device:
        check(AT_ONE_ACCOUNT, TOO_MANY, device, email)
        return
    visitor = network()
    check(AT_ALL_ACCOUNTS, TOO_MANY, visitor)
    check(AT_ONE_ACCOUNT, TOO_MANY, visitor, email)
    if not _is_first(visitor, email):
        check(BY_STRANGERS, TOO_MANY_STRANGERS, email)
        g.is_counted_as_stranger = True


def _is_first(visitor: str, email: str) -> bool:
    is_new = not is_counted(FIRST_OF_THE_DAY, visitor, email)
    return is_new and not count(FIRST_IN_ALL) and not count(FIRST_OF_THE_DAY, visitor, email)


def guessed_right(user: User) -> None:
    """It was the right password: it counts for nothing, and the account knows the browser now."""
    device = _known_device(user)
    take_back(AT_ONE_ACCOUNT, device or network(), user.email)
    if not device:
        take_back(AT_ALL_ACCOUNTS, network())
    if g.pop("is_counted_as_stranger", False):
        take_back(BY_STRANGERS, user.email)
    remember_device(user)


def remember_device(user: User) -> None:
    """Have this browser known to the account until its password is another."""
    g.device = [_known_device(user) or secrets.token_hex(8), *_known_by(user)]


def count_invitation() -> None:
    """Count one invitation that is shown; call it before its signature is checked.

    Raises:
        TooManyRequests: none may be shown now.
    """
    check(INVITATIONS, TOO_MANY_INVITATIONS, network())


def invitation_was_right() -> None:
    """Count it no longer."""
    take_back(INVITATIONS, network())


def count_sign_up() -> None:
    """Count one account that somebody makes; call it before the work is done.

    Raises:
        TooManyRequests: the visitor may make no more now.
    """
    most = current_app.config["SIGNUPS_PER_HOUR"]
    check(Limit(SIGN_UPS, most, seconds=3600), TOO_MANY_SIGN_UPS, network())


def account_known_here() -> str:
    """The digest of the account that this browser has signed in to last; empty: to none."""
    _, account, _ = _device()
    return account


def _known_device(user: User | None) -> str | None:
    """The number of this browser if it has signed in to the account with its present password."""
    number, *known_by = _device()
    return number if user and known_by == _known_by(user) else None


def _device() -> tuple[str, str, str]:
    sent = request.cookies.get(_cookie_name(), "")
    try:
        number, account, password = _devices().loads(sent, max_age=DEVICE_DAYS * 86400)
    except BadSignature:
        return "", "", ""
    return number, account, password


def _remember_device(response: Response) -> Response:
    device = g.get("device")
    if device:
        cookies = current_app.session_interface
        response.set_cookie(
            _cookie_name(),
            _devices().dumps(device),
            max_age=DEVICE_DAYS * 86400,
            path=cookies.get_cookie_path(current_app),
            secure=cookies.get_cookie_secure(current_app),
            httponly=True,
            samesite=cookies.get_cookie_samesite(current_app),
        )
    return response


def _known_by(user: User) -> list[str]:
    # Whoever looks at the cookie need not see whose account it was; of the password's hash, which
    # is salted, nothing can be told.
    both = user.email, user.password_hash
    return [hashlib.sha256(each.encode()).hexdigest()[:16] for each in both]


def _devices() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="device by password")


def _cookie_name() -> str:
    return f"{current_app.session_interface.get_cookie_name(current_app)}-device"
