"""Who may use the product: invite, disable, end sessions, make administrators."""

from typing import NoReturn

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from wtforms import Form

from smartcontent.invitations import INVITATION_DAYS, invitation_for
from smartcontent.logs import note
from smartcontent.models import User
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.stores.sql import db
from smartcontent.web import errors
from smartcontent.web.addresses import public_url
from smartcontent.web.forms import SignUpForm

bp = Blueprint("users", __name__, url_prefix="/users")

PAGE = 50


class InvitationForm(Form):
    """Whom to invite."""

    email = SignUpForm.email


@bp.get("/")
def index() -> str:
    """Everybody with an account."""
    return _page(InvitationForm())


@bp.post("/invite")
def invite() -> ResponseReturnValue:
    """Make a link with which one address can make an account, and show it this once."""
    if current_app.config["SIGNUP"] == "closed":
        _refuse("Nobody can sign up, invited or not, while the setting SIGNUP is closed.")
    form = InvitationForm(request.form)
    if form.validate() and User.with_email(form.email.data):
        form.email.errors = ["This address has an account already."]
    if form.errors:
        return _page(form), 422
    link = public_url("auth.sign_up", invitation=invitation_for(form.email.data))
    note("Invited somebody", current_user.id)
    return _page(InvitationForm(), link=link, invited=form.email.data)


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/disable")
def disable(user_id: int) -> ResponseReturnValue:
    """Refuse this user: sessions end, tokens stop working, texts stay."""
    user = _somebody_else(user_id)
    user.is_enabled = False
    user.end_sessions()
    return _done(user, "Disabled", f"{user.email} is disabled; all sessions have ended.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/enable")
def enable(user_id: int) -> ResponseReturnValue:
    """Let a disabled user in again."""
    user = _somebody_else(user_id)
    user.is_enabled = True
    return _done(user, "Enabled", f"{user.email} may sign in again.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/end-sessions")
def end_sessions(user_id: int) -> ResponseReturnValue:
    """Sign this user out everywhere."""
    user = _somebody_else(user_id)
    user.end_sessions()
    return _done(user, "Sessions ended", f"{user.email} is signed out everywhere.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/promote")
def promote(user_id: int) -> ResponseReturnValue:
    """Make this user an administrator."""
    user = _somebody_else(user_id)
    user.is_admin = True
    return _done(user, "Promoted", f"{user.email} is an administrator.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/demote")
def demote(user_id: int) -> ResponseReturnValue:
    """Make an administrator an ordinary user."""
    user = _somebody_else(user_id)
    user.is_admin = False
    return _done(user, "Demoted", f"{user.email} is no longer an administrator.")


def _somebody_else(user_id: int) -> User:
    """The user, whom nothing else changes until the commit.

    One's own account is out of reach here, and whoever asks must be an administrator still: so
    there is always one left, also when two of them demote each other at the same moment.
    """
    locked = select(User).where(User.id.in_([user_id, current_user.id])).order_by(User.id)
    found = db.session.scalars(
        locked.with_for_update(), execution_options={"populate_existing": True}
    ).all()
    user = next((user for user in found if user.id == user_id), None)
    if user is None:
        raise NotFound
    if user.id == current_user.id:
        _refuse("Your own account is for another administrator to change.")
    if not (current_user.is_admin and current_user.is_enabled):
        _refuse("You are no longer an administrator.")
    return user


def _refuse(sentence: str) -> NoReturn:
    abort(make_response(errors.answer(409, sentence)))


def _done(user: User, deed: str, sentence: str) -> ResponseReturnValue:
    db.session.commit()
    note(f"{deed} account={user.id}", current_user.id)
    flash(sentence)
    return redirect(url_for(".index"), 303)


def _page(form: InvitationForm, **values: object) -> str:
    q = request.args.get("q", "").replace("\0", "").strip()[:254]
    after = max(0, min(request.args.get("after", 0, type=int), LARGEST_ID))
    found = db.session.scalars(
        select(User)
        .where(User.email.contains(q.casefold(), autoescape=True), User.id > after)
        .order_by(User.id)
        .limit(PAGE + 1)
    ).all()
    return render_template(
        "admin/users.html",
        form=form,
        q=q,
        users=found[:PAGE],
        next_after=found[PAGE - 1].id if len(found) > PAGE else None,
        days=INVITATION_DAYS,
        **values,
    )
