"""A user's own account: password and API tokens."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user
from sqlalchemy import select

from smartcontent.extensions import db
from smartcontent.models import ApiToken, now
from smartcontent.models.accounts import check_password, hash_password
from smartcontent.web.addresses import public_url
from smartcontent.web.attempts import count_guess, guessed_right
from smartcontent.web.forms import PasswordForm
from smartcontent.web.threads import in_turn

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("/")
@login_required
def show() -> ResponseReturnValue:
    """The account page."""
    return _page(PasswordForm())


@bp.post("/password")
@login_required
def change_password() -> ResponseReturnValue:
    """Change the password; every other session ends."""
    form = PasswordForm(request.form)
    if not form.validate():
        return _page(form), 422
    count_guess(current_user.email)
    if not in_turn(check_password, current_user.password_hash, form.password_now.data):
        form.password_now.errors = ["This is not your present password."]
        return _page(form), 422
    guessed_right(current_user)
    current_user.take_password(in_turn(hash_password, form.password.data))
    db.session.commit()
    login_user(current_user)
    flash("Your password is changed; other sessions have ended.")
    return redirect(url_for("account.show"), 303)


@bp.post("/tokens")
@login_required
def create_token() -> ResponseReturnValue:
    """Issue an API token and show its secret this once."""
    name = request.form.get("name", "").replace("\0", "").strip()[:100] or "unnamed"
    _, secret = ApiToken.issue(current_user, name)
    return _page(PasswordForm(), secret=secret)


@bp.post("/tokens/<int:token_id>/revoke")
@login_required
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Make a token useless."""
    token = db.first_or_404(select(ApiToken).filter_by(id=token_id, user_id=current_user.id))
    token.revoked_at = now()
    db.session.commit()
    flash(f"The token “{token.name}” no longer works.")
    return redirect(url_for("account.show"), 303)


def _page(form: PasswordForm, secret: str | None = None) -> str:
    tokens = db.session.scalars(
        select(ApiToken).filter_by(user_id=current_user.id, revoked_at=None).order_by(ApiToken.id)
    ).all()
    return render_template(
        "account/show.html",
        form=form,
        tokens=tokens,
        secret=secret,
        api_url=public_url("api_contents.index"),
    )
