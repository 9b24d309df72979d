"""Who may use the product: invite, disable, end sessions, make administrators."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from wtforms import Form

from smartcontent.accounts import access, invitations
from smartcontent.accounts.creating import IsTaken
from smartcontent.accounts.invitations import INVITATION_DAYS
from smartcontent.models import User
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.stores.sql import db, only_read_from_here
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
    form = InvitationForm(request.form)
    if not form.validate():
        return _page(form), 422
    try:
        invitation = invitations.invite(form.email.data, current_user)
    except invitations.SignUpIsClosed as error:
        return errors.answer(409, str(error))
    except IsTaken:
        form.email.errors = ["This address has an account already."]
        return _page(form), 422
    link = public_url("auth.sign_up", invitation=invitation)
    return _page(InvitationForm(), link=link, invited=form.email.data)


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/disable")
def disable(user_id: int) -> ResponseReturnValue:
    """Refuse this user: sessions end, tokens stop working, texts stay."""
    return _do(access.disable, user_id, "{} is disabled; all sessions have ended.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/enable")
def enable(user_id: int) -> ResponseReturnValue:
    """Let a disabled user in again."""
    return _do(access.enable, user_id, "{} may sign in again.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/end-sessions")
def end_sessions(user_id: int) -> ResponseReturnValue:
    """Sign this user out everywhere."""
    return _do(access.end_sessions, user_id, "{} is signed out everywhere.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/promote")
def promote(user_id: int) -> ResponseReturnValue:
    """Make this user an administrator."""
    return _do(access.promote, user_id, "{} is an administrator.")


@bp.post(f"/<int(max={LARGEST_ID}):user_id>/demote")
def demote(user_id: int) -> ResponseReturnValue:
    """Make an administrator an ordinary user."""
    return _do(access.demote, user_id, "{} is no longer an administrator.")


def _do(act: Callable[[int, User], User], user_id: int, sentence: str) -> ResponseReturnValue:
    try:
        user = act(user_id, current_user)
    except access.NoSuchUser as error:
        raise NotFound from error
    except access.Refused as error:
        return errors.answer(409, str(error))
    flash(sentence.format(user.email))
    return redirect(url_for(".index"), 303)


def _page(form: InvitationForm, **values: object) -> str:
    only_read_from_here()
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
