"""The buttons of a draft that waits: edit, undo, hold, release, later, start now."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from smartcontent.contents import model_pulls, waiting
from smartcontent.models import Content, Draft
from smartcontent.prompts.request import model_of
from smartcontent.web import errors
from smartcontent.web.base import Base
from smartcontent.web.brief_forms import BriefForms
from smartcontent.web.contents import back, own_content, said_of
from smartcontent.web.due_time import LaterForm

bp = Blueprint("waiting", __name__)
HAS_STARTED = "It has just started. Stop it, or wait for the text and ask for another."


@bp.route("/contents/<uuid:content_id>/brief", methods=["GET", "POST"])
@login_required
def edit_brief(content_id: UUID) -> ResponseReturnValue:
    """Change the brief while its minute lasts; the due time stays.

    An edit that comes too late is not lost: the form offers to make a new brief of it.
    """
    content = own_content(content_id, to_change=request.method == "POST")
    saved = BriefForms.of(content)
    if request.method != "POST":
        return _edit_page(content, saved, Base(saved.standing))
    forms = BriefForms.sent(content)
    is_fit, base = forms.validate(), Base(saved.standing, forms.standing)
    if not is_fit or base.changed:
        return _edit_page(content, forms, base), 409 if is_fit else 422
    settings = forms.model.changed(content.settings)
    if not waiting.change_brief(content, forms.brief, forms.form.title_or_default, settings):
        return _edit_page(content, forms, base, is_late=True), 409
    flash(said_of(content, "has the new brief."), "said")
    sent = request.form.get("key")
    return redirect(url_for("contents.show", content_id=content_id, sent=sent), 303)


@bp.post("/contents/<uuid:content_id>/start")
@login_required
def start(content_id: UUID) -> ResponseReturnValue:
    """Start a waiting draft now."""
    return _do(content_id, waiting.start_now, "starts now.")


@bp.post("/contents/<uuid:content_id>/hold")
@login_required
def hold(content_id: UUID) -> ResponseReturnValue:
    """Put a waiting draft on hold."""
    return _do(content_id, waiting.hold, "is on hold.")


@bp.post("/contents/<uuid:content_id>/release")
@login_required
def release(content_id: UUID) -> ResponseReturnValue:
    """Let a held draft go on."""
    return _do(content_id, waiting.release, "is released.")


@bp.post("/contents/<uuid:content_id>/later")
@login_required
def put_off(content_id: UUID) -> ResponseReturnValue:
    """Give a waiting draft another due time."""
    content = own_content(content_id)
    later = LaterForm(request.form)
    later.since = content.current.due_at
    try:
        if later.validate() and (due_at := later.due_at):
            later_on = partial(waiting.put_off, due_at=due_at)
            return _do(content_id, later_on, "has another time.")
    except ValueError as error:  # it passed while we looked
        later.at.errors = [str(error)]
    return render_template("contents/show.html", content=content, later=later), 422


@bp.post("/contents/<uuid:content_id>/undo")
@login_required
def undo(content_id: UUID) -> ResponseReturnValue:
    """Take a submission back; its brief is in the form again."""
    if not waiting.undo(own_content(content_id)):
        return errors.answer(409, HAS_STARTED)
    flash("Taken back. Your brief is in the form again.")
    return redirect(url_for("contents.index", again=content_id, _anchor="topic"), 303)


@bp.post("/contents/<uuid:content_id>/pull")
@login_required
def pull(content_id: UUID) -> ResponseReturnValue:
    """Have the model a draft waits for downloaded to the Ollama server."""
    content = own_content(content_id)
    try:
        model_pulls.want_model(model_of(content.current), current_user)
    except model_pulls.ForAdministrators as error:
        return errors.answer(403, str(error))
    return back(content, "waits for its model, which is asked for.")


def _edit_page(content: Content, forms: BriefForms, base: Base, is_late: bool = False) -> str:
    return render_template(
        "contents/edit_brief.html", content=content, **vars(forms), base=base, is_late=is_late
    )


def _do(content_id: UUID, change: Callable[[Draft], bool], what: str) -> ResponseReturnValue:
    content = own_content(content_id)
    if not change(content.current):
        return errors.answer(409, HAS_STARTED)
    return back(content, what)
