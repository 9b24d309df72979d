"""Signing in and out, the first account, and who may make one after it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, current_user, login_required, logout_user
from werkzeug.exceptions import Forbidden

from smartcontent.accounts import access
from smartcontent.accounts.creating import IsTaken, create, refuse_taken
from smartcontent.accounts.invitations import invited_address
from smartcontent.extensions import login
from smartcontent.logs import note
from smartcontent.models import User
from smartcontent.models.accounts import check_password, hash_password, nobody_yet
from smartcontent.stores.sql import reading
from smartcontent.web import sessions
from smartcontent.web.forms import SignInForm, SignUpForm
from smartcontent.web.guesses import (
    count_guess,
    count_invitation,
    count_sign_up,
    guessed_right,
    invitation_was_right,
)
from smartcontent.web.safety import page_to_open
from smartcontent.web.threads import in_turn

bp = Blueprint("auth", __name__)


class Stranger(AnonymousUserMixin):
    """Who is not signed in, and gets past `login_required` with OPTIONS: no administrator."""

    is_admin = False


def init_app(app: Flask) -> None:
    login.user_loader(_user_of)
    login.anonymous_user = Stranger
    login.login_view = "auth.sign_in"
    # Its address says so: a note in the session's cookie, written by what an open
    # page asks by itself, would take the place of one that was written meanwhile.
    login.login_message = None
    login.session_protection = None  # the session's epoch ends it; a changed address does not
    app.context_processor(lambda: {"signup_is_open": app.config["SIGNUP"] == "open"})


def _user_of(session_id: str) -> User | None:
    # The view may ask Redis next; what it writes is written in a transaction of its own.
    with reading():
        return User.from_session(session_id)


def is_new() -> bool:
    """Whether nobody has an account yet."""
    with reading():
        return nobody_yet()


def admin_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let administrators in, send visitors to sign in, refuse all others."""

    @wraps(view)
    @login_required
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_admin:
            raise Forbidden
        return view(*args, **kwargs)

    return guarded


@bp.route("/welcome", methods=["GET", "POST"])
def welcome() -> ResponseReturnValue:
    """The first page of a new installation: whoever fills it in is the administrator."""
    if not is_new():
        return redirect(url_for("auth.sign_in"))
    form = SignUpForm(request.form)
    if request.method != "POST" or not form.validate():
        return _form_page("auth/welcome.html", form)
    return _create(form, "Somebody was faster: the first account exists. Sign in with it.", True)


@bp.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    """An account of one's own, where the setting or an invitation allows it."""
    if is_new():
        return redirect(url_for("auth.welcome"))
    policy = current_app.config["SIGNUP"]
    invited = None if policy == "closed" else _invited_address()
    if not invited and policy != "open":
        return render_template("auth/sign_up_closed.html"), 403
    form = SignUpForm(request.form)
    if invited:
        form.email.data = invited
    if request.method != "POST" or not form.validate():
        return _form_page("auth/sign_up.html", form, invited=invited)
    if not invited:
        count_sign_up()
    return _create(form, "This address has an account: sign in.")


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Start a session."""
    if is_new():
        return redirect(url_for("auth.welcome"))
    form = SignInForm(request.form)
    if request.method != "POST" or not form.validate():
        return _form_page("auth/sign_in.html", form)
    with reading():  # Redis is asked next
        user = User.with_email(form.email.data)
    count_guess(form.email.data, user)
    password_hash = user.password_hash if user and user.is_enabled else None
    if not in_turn(check_password, password_hash, form.password.data) or user is None:
        note("Sign-in failed", user and user.id)
        form.password.errors = ["Email and password do not belong together. Try again."]
        return _form_page("auth/sign_in.html", form)
    guessed_right(user)
    sessions.start(user, stays=form.remember.data)
    note("Signed in", user.id)
    return redirect(page_to_open(request.args.get("next")) or url_for("contents.index"), 303)


@bp.post("/sign-out")
@login_required
def sign_out() -> ResponseReturnValue:
    """End the user's sessions, on all devices: a copied cookie must not outlive this."""
    access.sign_out(current_user)
    logout_user()
    session.clear()
    say_signed_out()
    return redirect(url_for("auth.sign_in"), 303)


def say_signed_out() -> None:
    """Say so on the next page, whose script forgets what was typed, in all tabs."""
    flash("You are signed out.", "signed-out")


def _invited_address() -> str | None:
    invitation = request.args.get("invitation")
    if not invitation:
        return None
    count_invitation()
    address = invited_address(invitation)
    if address:
        invitation_was_right()
    return address


def _create(form: SignUpForm, if_taken: str, only_as_first: bool = False) -> ResponseReturnValue:
    try:
        refuse_taken(form.email.data)
        password_hash = in_turn(hash_password, form.password.data)
        user = create(form.email.data, password_hash, only_as_first=only_as_first)
    except IsTaken:
        flash(if_taken)
        return redirect(url_for("auth.sign_in"), 303)
    sessions.start(user)
    return redirect(url_for("contents.index"), 303)


def _form_page(template: str, form: Any, **values: object) -> ResponseReturnValue:
    return render_template(template, form=form, **values), 422 if form.errors else 200
