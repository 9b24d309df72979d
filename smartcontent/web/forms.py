"""What a person typed about their account, cleaned, one message per wrong field."""

from collections.abc import Callable

from wtforms import BooleanField, Form, PasswordField, StringField
from wtforms.fields import Field
from wtforms.validators import EqualTo, InputRequired, Regexp, StopValidation

from smartcontent.models.accounts import EMAIL_LONGEST, EMAIL_PATTERN, PASSWORD_LENGTHS

_EMAIL = Regexp(
    rf"{EMAIL_PATTERN}\Z",
    message="This is not an email address: write it like ada@example.org.",
)
_SHORTEST, _LONGEST = PASSWORD_LENGTHS


def _length(least: int, most: int, sentence: str) -> Callable[[Form, Field], None]:
    """Refuse another length, and have no other validator look: WTForms' own lets them."""

    def check(form: Form, field: Field) -> None:
        if not least <= len(field.data or "") <= most:
            raise StopValidation(sentence)

    return check


_NEW_PASSWORD = _length(_SHORTEST, _LONGEST, f"Use between {_SHORTEST} and {_LONGEST} characters.")
_ANY_PASSWORD = _length(0, _LONGEST, f"A password has at most {_LONGEST} characters.")


def _lower(value: str | None) -> str:
    return (value or "").strip().casefold()


def _email() -> StringField:
    return StringField(
        filters=[_lower],
        validators=[
            InputRequired("Type your email address."),
            _length(0, EMAIL_LONGEST, "This address is too long."),
            _EMAIL,
        ],
    )


class SignInForm(Form):
    email = _email()
    password = PasswordField(validators=[InputRequired("Type your password."), _ANY_PASSWORD])
    remember = BooleanField()


class SignUpForm(Form):
    email = _email()
    password = PasswordField(validators=[InputRequired("Choose a password."), _NEW_PASSWORD])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])


class PasswordForm(Form):
    password_now = PasswordField(
        validators=[InputRequired("Type the password you have now."), _ANY_PASSWORD]
    )
    password = PasswordField(validators=[InputRequired("Choose a new password."), _NEW_PASSWORD])
    password_again = PasswordField(validators=[EqualTo("password", "The two passwords differ.")])
