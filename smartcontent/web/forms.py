"""What a person typed about their account, cleaned, one message per wrong field."""

from wtforms import BooleanField, Form, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

from smartcontent.models.accounts import EMAIL_PATTERN, PASSWORD_LENGTHS

_EMAIL = Regexp(
    rf"{EMAIL_PATTERN}\Z",
    message="This is not an email address: write it like ada@example.org.",
)
_SHORTEST, _LONGEST = PASSWORD_LENGTHS
_NEW_PASSWORD = Length(
    _SHORTEST, _LONGEST, message=f"Use between {_SHORTEST} and {_LONGEST} characters."
)


def _lower(value: str | None) -> str:
    return (value or "").strip().casefold()


def _email() -> StringField:
    return StringField(
        filters=[_lower],
        validators=[
            InputRequired("Type your email address."),
            Length(max=254, message="This address is too long."),
            _EMAIL,
        ],
    )


class SignInForm(Form):
    email = _email()
    password = PasswordField(
        validators=[InputRequired("Type your password."), Length(max=_LONGEST)]
    )
    remember = BooleanField()


class SignUpForm(Form):
    email = _email()
    password = PasswordField(validators=[InputRequired("Choose a password."), _NEW_PASSWORD])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])


class PasswordForm(Form):
    password_now = PasswordField(
        validators=[InputRequired("Type the password you have now."), Length(max=_LONGEST)]
    )
    password = PasswordField(validators=[InputRequired("Choose a new password."), _NEW_PASSWORD])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])
