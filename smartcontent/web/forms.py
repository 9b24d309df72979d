"""What a person typed about their account, cleaned, one message per wrong field."""

from wtforms import BooleanField, Form, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

_EMAIL = Regexp(
    r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$",
    message="This is not an email address: write it like ada@example.org.",
)
_NEW_PASSWORD = Length(10, 200, message="Use between 10 and 200 characters.")


def _lower(value: str | None) -> str:
    return (value or "").strip().casefold()


class SignInForm(Form):
    email = StringField(
        filters=[_lower], validators=[InputRequired("Type your email address."), Length(max=254)]
    )
    password = PasswordField(validators=[InputRequired("Type your password."), Length(max=200)])
    remember = BooleanField()


class SignUpForm(Form):
    email = StringField(
        filters=[_lower],
        validators=[
            InputRequired("Type your email address."),
            Length(max=254, message="This address is too long."),
            _EMAIL,
        ],
    )
    password = PasswordField(validators=[InputRequired("Choose a password."), _NEW_PASSWORD])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])


class PasswordForm(Form):
    password_now = PasswordField(
        validators=[InputRequired("Type the password you have now."), Length(max=200)]
    )
    password = PasswordField(validators=[InputRequired("Choose a new password."), _NEW_PASSWORD])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])
