"""The versions of a text: edited by hand, opened, made the current one."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.exceptions import NotFound
from wtforms import Form, StringField, ValidationError
from wtforms.fields import Field
from wtforms.validators import DataRequired

from smartcontent.contents import versions
from smartcontent.fields import too_long, with_plain_line_ends
from smartcontent.models import Content
from smartcontent.web import errors
from smartcontent.web.contents import made_room, own_content
from smartcontent.web.once import key_sent

bp = Blueprint("versions", __name__)

TITLE_LONGEST = 200
TEXT_LONGEST = 100_000


def _lines(text: str | None) -> str:
    return with_plain_line_ends(text or "")


def _one_line(text: str | None) -> str:
    return " ".join(_lines(text).split())


def _without_nul(_form: Form, field: Field) -> None:
    if "\0" in field.data:
        raise ValidationError("An invisible character (U+0000) is in it: delete it.")


def _readable(_form: Form, field: Field) -> None:
    if not any(sign.isprintable() and sign != " " for sign in field.data):
        raise ValidationError("There is no text: write one, or leave the page to keep the old one.")


def _at_most(limit: int) -> Callable[[Form, Field], None]:
    def check(_form: Form, field: Field) -> None:
        if len(field.data) > limit:
            raise ValidationError(too_long(field.label.text, len(field.data), limit))

    return check


class TextForm(Form):
    """Title and text as edited by hand."""

    title = StringField(
        filters=[_one_line],
        validators=[
            DataRequired("Give it a title."),
            _at_most(TITLE_LONGEST),
            _without_nul,
        ],
    )
    text = StringField(
        filters=[_lines], validators=[_at_most(TEXT_LONGEST), _without_nul, _readable]
    )


@bp.route("/contents/<uuid:content_id>/text", methods=["GET", "POST"])
@login_required
def edit(content_id: UUID) -> ResponseReturnValue:
    """Edit title and text by hand; what is saved is the next version."""
    content = own_content(content_id)
    if request.method != "POST":
        form = TextForm(data={"title": content.title, "text": content.current.text})
        return _page(content, form)
    form = TextForm(request.form)
    if not form.validate():
        return _page(content, form), 422
    going = versions.version_to_go(content)
    base = request.form.get("base", type=int)
    if not versions.save_edit(content, form.title.data, form.text.data, key_sent(), base):
        changed_from = base if base != content.current_number else None
        return _page(content, form, changed_from), 409
    flash(f"Saved as a new version.{made_room(going)}")
    sent = request.form.get("key")
    return redirect(url_for("contents.show", content_id=content_id, sent=sent), 303)


@bp.get("/contents/<uuid:content_id>/versions/<int(max=2147483647):number>")
@login_required
def show(content_id: UUID, number: int) -> ResponseReturnValue:
    """One version; the current one has the content's own page."""
    content = own_content(content_id)
    if number == content.current_number:
        return redirect(url_for("contents.show", content_id=content_id))
    version = content.version(number)
    if version is None:
        raise NotFound
    return render_template("contents/version.html", content=content, version=version)


@bp.post("/contents/<uuid:content_id>/versions/<int(max=2147483647):number>/current")
@login_required
def make_current(content_id: UUID, number: int) -> ResponseReturnValue:
    """Show an earlier version in place of the current one, which stays among the versions."""
    if not versions.make_current(own_content(content_id), number):
        return errors.answer(409, "A draft of it is on its way, or this version has no text.")
    flash(f"Version {number} is the current one again.")
    return redirect(url_for("contents.show", content_id=content_id), 303)


def _page(content: Content, form: TextForm, changed_from: int | None = None) -> str:
    return render_template(
        "contents/edit_text.html", content=content, form=form, changed_from=changed_from
    )
