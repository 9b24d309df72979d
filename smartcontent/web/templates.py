"""Templates on pages: those there are, one filled, a new one, one changed, one deleted."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zlib import crc32

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from werkzeug.exceptions import NotFound
from wtforms import BooleanField

from smartcontent.briefs.brief import TITLED_BRIEF
from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.briefs.form import BriefForm, form_field
from smartcontent.briefs.template import (
    BLANKS_MOST,
    DEFAULTS,
    SHARED_TEMPLATE,
    VALUE_LONGEST,
    Template,
    read_brief,
)
from smartcontent.contents import templates, voices_and_templates
from smartcontent.fields import Refused
from smartcontent.models import Content, KeptTemplate
from smartcontent.stores.sql import only_read_from_here
from smartcontent.web import errors
from smartcontent.web.base import Base, standing_in
from smartcontent.web.brief_forms import BriefForms
from smartcontent.web.contents import dashboard, say_source_stays, to_be_used_again
from smartcontent.web.once import key_sent

bp = Blueprint("templates", __name__)

_BLANK = "blank:"  # before the name of a blank, in the name of its field


class TemplateForm(BriefForm):
    """A brief with blanks as typed, its name, and whether others see it."""

    template_name = form_field(SHARED_TEMPLATE["name"])
    shared = BooleanField()

    @property
    def values(self) -> dict[str, Any]:
        """What is to be kept; what is wrong with it stands beside its field."""
        brief, wrong = read_brief({name: self[name].data for name in TITLED_BRIEF})
        for name, said in wrong.items():
            self[name].errors = said
        blanks = _sent_blanks()
        try:
            DEFAULTS.read(blanks)
        except Refused as refused:
            self.topic.errors = [str(refused)]
        named = {"name": self.template_name.data, "shared": self.shared.data}
        return named | {"brief": brief, "defaults": blanks}


@bp.get("/templates")
@login_required
def index() -> str:
    """The templates there are."""
    kept = KeptTemplate.listed(current_user.id)
    return render_template("templates/index.html", kept=kept, built_in=BUILT_IN.values())


@bp.route("/templates/<uuid:template_id>", methods=["GET", "POST"])
@login_required
def fill(template_id: UUID) -> ResponseReturnValue:
    """Fill the blanks; then the brief they make is shown, to be looked at and sent."""
    template = _seen(template_id)
    if request.method != "POST":
        return _fill_page(template, dict(template.defaults))
    values = _sent_blanks()
    brief, wrong = template.filled(values)
    left = {name: typed for name, typed in values.items() if name not in template.blanks}
    if wrong or left:
        return _fill_page(template, values, wrong, left), 422 if wrong else 409
    flash("The blanks are filled: look at the brief, then send it.")
    _, voice = Content.last_chosen(current_user.id)
    # What is typed into it stays with this brief: filled otherwise, it is another one.
    filled_as = f"filled-{crc32(json.dumps(brief).encode()):x}"
    return dashboard(BriefForms.begun(brief, voice), filled_as=filled_as)


@bp.route("/templates/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Make a template, of nothing or of the brief of a content."""
    if request.method != "POST":
        again = to_be_used_again()
        if again:
            say_source_stays(again, "a template")
        brief = BriefForms.again(again).form.data if again else {}
        return _edit_page(TemplateForm(data=brief))
    form = TemplateForm(request.form)
    values = form.values if form.validate() else {}
    if form.errors:
        return _edit_page(form), 422
    kept = KeptTemplate(user_id=current_user.id, idempotency_key=key_sent(), **values)
    try:
        kept = voices_and_templates.add(kept)
    except voices_and_templates.TooMany as error:
        return _edit_page(form, refusal=str(error)), 409
    return _to(kept, "The template is kept.")


@bp.route("/templates/<uuid:template_id>/edit", methods=["GET", "POST"])
@login_required
def edit(template_id: UUID) -> ResponseReturnValue:
    """Change one's own template."""
    kept = _own(template_id)
    if kept is None:
        return errors.answer(403, "It is not yours to change: make one of your own from it.")
    filled = {**kept.brief, "template_name": kept.name, "shared": kept.shared}
    saved = TemplateForm(data=filled)
    standing = _standing(saved, kept.defaults)
    if request.method != "POST":
        return _edit_page(saved, kept, Base(standing))
    form = TemplateForm(request.form)
    values = form.values if form.validate() else {}
    base = Base(standing, _standing(form, _sent_blanks()))
    if form.errors or base.changed:
        return _edit_page(form, kept, base), 422 if form.errors else 409
    voices_and_templates.change(kept, values)
    return _to(kept, "The template is changed. Texts made with it stay as they are.")


@bp.post("/templates/<uuid:template_id>/delete")
@login_required
def delete(template_id: UUID) -> ResponseReturnValue:
    """Delete one's own template."""
    kept = _own(template_id)
    if kept is None:
        return errors.answer(403, "It is not yours to delete.")
    voices_and_templates.remove(kept)
    flash("The template is deleted. Texts made with it stay as they are.")
    return redirect(url_for(".index"), 303)


def _seen(template_id: UUID) -> Template:
    template = templates.seen_by(current_user.id, template_id)
    if template is None:
        raise NotFound
    return template


def _own(template_id: UUID) -> KeptTemplate | None:
    """One's own; None where it is seen, but built in or somebody else's."""
    _seen(template_id)
    if request.method == "POST":
        return KeptTemplate.find_to_change(current_user.id, template_id)
    kept = KeptTemplate.find(current_user.id, template_id)
    return kept if kept and kept.user_id == current_user.id else None


def _sent_blanks() -> dict[str, str]:
    return {
        name.removeprefix(_BLANK): typed
        for name, typed in request.form.items()
        if name.startswith(_BLANK) and typed.strip()
    }


def _fill_page(
    template: Template,
    values: dict[str, str],
    wrong: dict[str, list[str]] | None = None,
    left: dict[str, str] | None = None,
) -> str:
    only_read_from_here()
    return render_template(
        "templates/fill.html",
        template=template,
        values=values,
        wrong=wrong or {},
        left=left or {},
        kept=_own(UUID(template.id)),
        longest=VALUE_LONGEST,
    )


def _standing(form: TemplateForm, defaults: Mapping[str, str]) -> dict[str, str]:
    blanks = Template("", {name: form[name].data for name in TITLED_BRIEF}).blanks[:BLANKS_MOST]
    return standing_in(form) | {f"{{{name}}}": defaults.get(name, "") for name in blanks}


def _edit_page(
    form: TemplateForm,
    kept: KeptTemplate | None = None,
    base: Base | None = None,
    refusal: str = "",
) -> str:
    typed = Template("", {name: form[name].data for name in TITLED_BRIEF})
    return render_template(
        "templates/edit.html",
        form=form,
        template=kept,
        base=base,
        # Of a refused form they may be thousands; what stood in one that is renamed stays.
        blanks=[*dict.fromkeys([*typed.blanks[:BLANKS_MOST], *_sent_blanks()])],
        defaults=_sent_blanks() or (kept.defaults if kept else {}),
        refusal=refusal,
    )


def _to(kept: KeptTemplate, said: str) -> ResponseReturnValue:
    flash(said)
    sent = request.form.get("key")
    return redirect(url_for(".fill", template_id=kept.id, sent=sent), 303)
