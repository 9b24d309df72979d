"""The versions of a text: edited by hand, kept as it is typed, opened, made the current one."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.exceptions import BadRequest, NotFound, UnprocessableEntity
from wtforms import Form, StringField, ValidationError
from wtforms.fields import Field
from wtforms.validators import DataRequired

from smartcontent.briefs.brief import TITLED_BRIEF
from smartcontent.contents import checking, unsaved, versions
from smartcontent.contents.unsaved import Typed
from smartcontent.fields import Refused, too_long, with_plain_line_ends
from smartcontent.models import Content
from smartcontent.models.unsaved import STAMP_LONGEST
from smartcontent.texts.markdown import to_text
from smartcontent.web import errors, limiter
from smartcontent.web.contents import made_room, own_content
from smartcontent.web.once import key_sent
from smartcontent.web.rendering import compared

bp = Blueprint("versions", __name__)

TITLE_LONGEST = 200
TEXT_LONGEST = 100_000
LARGEST = 2**31 - 1
SEEN_MOST = 8
KEPT = limiter.Limit("unsaved", most=180, seconds=60)
_PERHAPS_NOTHING = 1_000  # characters
_BLANKS = " \u2800\u3164\u115f\u1160\uffa0"  # letters by their kind, of which nothing is seen
_STAMP = re.compile(f"[0-9a-f]{{8,{STAMP_LONGEST}}}")


def _lines(text: str | None) -> str:
    return with_plain_line_ends(text or "")


def _one_line(text: str | None) -> str:
    return " ".join(_lines(text).split())


def _without_nul(_form: Form, field: Field) -> None:
    if "\0" in field.data:
        raise ValidationError("An invisible character (U+0000) is in it: delete it.")


def _readable(_form: Form, field: Field) -> None:
    # Marks of Markdown, entities and line breaks alone are drawn as nothing; no long text is.
    seen = to_text(field.data) if len(field.data) <= _PERHAPS_NOTHING else field.data
    if not any(sign.isprintable() and sign not in _BLANKS for sign in seen):
        raise ValidationError("There is no text: write one, or leave the page to keep the old one.")


def _fit_for_a_brief(_form: Form, field: Field) -> None:
    """Take what a brief's title may be: an archive with another is refused as a whole.

    Raises:
        ValidationError: it may not be this.
    """
    try:
        TITLED_BRIEF["title"].read(field.data)
    except Refused as error:
        raise ValidationError(str(error)) from error


def _at_most(limit: int) -> Callable[[Form, Field], None]:
    def check(_form: Form, field: Field) -> None:
        if len(field.data) > limit:
            raise ValidationError(too_long(field.label.text, len(field.data), limit))

    return check


class TextForm(Form):
    """Title and text as edited by hand."""

    title = StringField(
        filters=[_one_line],
        validators=[DataRequired("Give it a title."), _fit_for_a_brief],
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
        return _page_to_begin_with(content)
    form = TextForm(request.form)
    if not form.validate():
        return _page(content, form, _changed_from(content)), 422
    base = request.form.get("base", type=int)
    draft = versions.save_edit(content, form.title.data, form.text.data, key_sent(), base)
    if draft is None:
        return _page(content, form, _changed_from(content)), 409
    unsaved.discard(content, _seen())
    flash(f"Saved as a new version.{made_room(draft)}")
    sent = request.form.get("key")
    return redirect(url_for("contents.show", content_id=content_id, sent=sent), 303)


@bp.post("/contents/<uuid:content_id>/text/unsaved")
@login_required
def keep(content_id: UUID) -> ResponseReturnValue:
    """Keep what is typed; says where the text, or what is typed, is another elsewhere by now."""
    limiter.check(KEPT, "Too often: it is kept in a moment.", current_user.id)
    content = own_content(content_id)
    typed, stamp = _typed(), request.form.get("stamp", "")
    if not _STAMP.fullmatch(stamp):
        raise BadRequest
    other = unsaved.keep(content, typed, stamp, _seen())
    if other:
        pieces = compared(checking.changes, other.text, typed.text)
        shown = {"content": content, "other": other, "typed": typed, "pieces": pieces}
        return render_template("contents/_typed_elsewhere.html", **shown), 409
    if typed.base != content.current_number:
        return render_template(
            "contents/_changed_elsewhere.html", content=content, changed_from=typed.base
        )
    return "", 204


@bp.post("/contents/<uuid:content_id>/text/discard")
@login_required
def discard(content_id: UUID) -> ResponseReturnValue:
    """Forget what was typed and not saved."""
    content = own_content(content_id)
    if unsaved.discard(content, _seen()):
        flash("What you had typed is discarded.")
    else:
        flash("What was typed meanwhile, on another page, is here.")
    return redirect(url_for(".edit", content_id=content_id, sent=request.form.get("key")), 303)


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
    flash(f"Version {number} is the current one now.")
    return redirect(url_for("contents.show", content_id=content_id), 303)


def _page(content: Content, form: TextForm, changed_from: int | None = None, **shown: Any) -> str:
    return render_template(
        "contents/edit_text.html", content=content, form=form, changed_from=changed_from, **shown
    )


def _changed_from(content: Content) -> int | None:
    """The number of the draft that was typed into, where another is current by now."""
    base = request.form.get("base", type=int)
    return base if base != content.current_number else None


def _page_to_begin_with(content: Content) -> str:
    """The editor with what was typed and not saved, wherever that was; or else with the text."""
    kept = unsaved.unsaved(content)
    if kept is None:
        return _page(content, TextForm(data={"title": content.title, "text": content.current.text}))
    form = TextForm(data={"title": kept.title, "text": kept.text})
    is_newer = kept.base != content.current_number
    return _page(content, form, kept.base if is_newer else None, kept=kept)


def _typed() -> Typed:
    """What stands in the editor: it need not be fit to be saved.

    Raises:
        UnprocessableEntity: it is too long to be kept, or holds what no database takes.
    """
    form = request.form
    title, text = _one_line(form.get("title")), _lines(form.get("text"))
    base = form.get("base", type=int) or 0
    is_too_long = len(title) > TITLE_LONGEST or len(text) > TEXT_LONGEST
    if is_too_long or "\0" in title + text or not 0 < base <= LARGEST:
        raise UnprocessableEntity("It is too long to be kept.")
    return Typed(title, text, base)


def _seen() -> list[str]:
    """The stamps of what the page knows to be kept."""
    stamps = request.form.get("seen", "").split()[:SEEN_MOST]
    return [stamp for stamp in stamps if _STAMP.fullmatch(stamp)]
