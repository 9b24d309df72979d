"""What a person typed about their account, cleaned, one message per wrong field."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask_login import current_user
from wtforms import BooleanField, Form, PasswordField, SelectField, StringField
from wtforms.fields import Field, SelectChoice
from wtforms.validators import EqualTo, InputRequired, Regexp, StopValidation

from smartcontent.accounts.passwords import LONGEST, complaint
from smartcontent.models import now
from smartcontent.models.accounts import (
    EMAIL_LONGEST,
    EMAIL_PATTERN,
    KNOWN_EMAIL_PATTERN,
    NAME_LONGEST,
)

_NO_EMAIL = "This is not an email address: write it like ada@example.org."
_EMAIL, _NEW_EMAIL = (
    Regexp(rf"{pattern}\Z", message=_NO_EMAIL) for pattern in (KNOWN_EMAIL_PATTERN, EMAIL_PATTERN)
)


def _length(least: int, most: int, sentence: str) -> Callable[[Form, Field], None]:
    """Refuse another length, and have no other validator look: WTForms' own lets them."""

    def check(form: Form, field: Field) -> None:
        if not least <= len(field.data or "") <= most:
            raise StopValidation(sentence)

    return check


_ANY_PASSWORD = _length(0, LONGEST, f"A password has at most {LONGEST} characters.")


def _new_password(form: Any, field: PasswordField) -> None:
    if problem := complaint(field.data, form.address):
        raise StopValidation(problem)


def _lower(value: str | None) -> str:
    return (value or "").strip().casefold()


_LIFETIMES = [
    SelectChoice("", "Never"),
    SelectChoice("30", "In 30 days"),
    SelectChoice("90", "In 90 days"),
    SelectChoice("365", "In a year"),
]


def _printable(value: str | None) -> str:
    return (value or "").replace("\0", "").strip()[:NAME_LONGEST]


def _email(is_address: Regexp = _EMAIL) -> StringField:
    return StringField(
        filters=[_lower],
        validators=[
            InputRequired("Type your email address."),
            _length(0, EMAIL_LONGEST, "This address is too long."),
            is_address,
        ],
    )


class SignInForm(Form):
    email = _email()
    password = PasswordField(validators=[InputRequired("Type your password."), _ANY_PASSWORD])
    remember = BooleanField()


class SignUpForm(Form):
    email = _email(_NEW_EMAIL)
    password = PasswordField(validators=[InputRequired("Choose a password."), _new_password])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])

    @property
    def address(self) -> str:
        """Whose password it will be."""
        return self.email.data or ""


class PasswordForm(Form):
    password_now = PasswordField(
        validators=[InputRequired("Type the password you have now."), _ANY_PASSWORD]
    )
    password = PasswordField(validators=[InputRequired("Choose a new password."), _new_password])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])
    # Whoever had the password may have made a token with it.
    revoke_tokens = BooleanField(default=True)

    @property
    def address(self) -> str:
        """Whose password it will be."""
        email: str = current_user.email
        return email


class TokenForm(Form):
    name = StringField(id="token-name", filters=[_printable])
    expires = SelectField(
        id="token-expires",
        choices=_LIFETIMES,
        default="",
    )
    password = PasswordField(
        id="token-password",
        validators=[InputRequired("Type your password."), _ANY_PASSWORD],
    )

    @property
    def expires_at(self) -> datetime | None:
        """When the token ends, if it does."""
        return now() + timedelta(days=int(self.expires.data)) if self.expires.data else None
