"""A user's own account: password and API tokens."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user
from markupsafe import Markup
from sqlalchemy import select
from wtforms import PasswordField

from smartcontent.accounts import passwords, tokens
from smartcontent.extensions import login
from smartcontent.logs import note
from smartcontent.models import ApiToken
from smartcontent.models.accounts import LARGEST_ID, check_password, hash_password
from smartcontent.stores.sql import db, only_read_from_here
from smartcontent.web.addresses import public_url
from smartcontent.web.forms import PasswordForm, TokenForm
from smartcontent.web.guesses import count_guess, guessed_right, remember_device
from smartcontent.web.once import key_sent
from smartcontent.web.threads import in_turn

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("/")
@login_required
def show() -> ResponseReturnValue:
    """The account page."""
    return _page()


@bp.post("/password")
@login_required
def change_password() -> ResponseReturnValue:
    """Change the password; every other session ends, and the API tokens if that is asked for."""
    form = PasswordForm(request.form)
    if not form.validate() or not _is_own_password(form.password_now):
        return _page(password_form=form), 422
    user = current_user._get_current_object()
    password_hash = in_turn(hash_password, form.password.data)
    if not user.hold():  # another new password came first
        return login.unauthorized()
    revoked = passwords.change(user, password_hash, form.revoke_tokens.data)
    login_user(user)
    remember_device(user)
    also = f" API tokens that no longer work: {revoked}." if revoked else ""
    flash(f"Your password is changed; other sessions have ended.{also}")
    return redirect(url_for("account.show"), 303)


@bp.post("/tokens")
@login_required
def create_token() -> ResponseReturnValue:
    """Issue an API token and show its secret this once."""
    form = TokenForm(request.form)
    if not (form.validate() and _is_own_password(form.password)):
        return _page(token_form=form), 422
    if not current_user.hold():  # a new password came first
        return login.unauthorized()
    try:
        _, secret = tokens.create(current_user, form.name.data, form.expires_at, key_sent())
    except tokens.CannotBeMade as error:
        form.name.errors = [str(error)]
        return _page(token_form=form), 422
    return _page(secret=secret)


@bp.post(f"/tokens/<int(max={LARGEST_ID}):token_id>/revoke")
@login_required
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Make a token useless."""
    token = db.first_or_404(select(ApiToken).filter_by(id=token_id, user_id=current_user.id))
    tokens.revoke(token)
    flash(Markup("The token “<bdi>{}</bdi>” no longer works.").format(token.name))
    return redirect(url_for("account.show"), 303)


def _is_own_password(field: PasswordField) -> bool:
    """Whether the present password is right; a wrong one is a guess."""
    count_guess(current_user.email, current_user)
    if in_turn(check_password, current_user.password_hash, field.data):
        guessed_right(current_user)
        return True
    note("Present password wrong", current_user.id)
    field.errors = ["This is not your present password."]
    return False


def _page(
    password_form: PasswordForm | None = None,
    token_form: TokenForm | None = None,
    secret: str | None = None,
) -> str:
    only_read_from_here()
    return render_template(
        "account/show.html",
        form=password_form or PasswordForm(),
        token_form=token_form or TokenForm(),
        tokens=tokens.of(current_user),
        secret=secret,
        api_url=public_url("api_contents.index"),
    )
