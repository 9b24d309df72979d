"""Voices on pages: those there are, a new one, one changed, one deleted."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from wtforms import BooleanField, Form

from smartcontent.briefs.form import form_field
from smartcontent.briefs.voice import SHARED_VOICE, VOICE
from smartcontent.contents import voices_and_templates
from smartcontent.models import KeptVoice
from smartcontent.web import errors
from smartcontent.web.base import Base, standing_in
from smartcontent.web.once import key_sent

bp = Blueprint("voices", __name__)


class SharedVoiceForm(Form):
    """A voice as typed, and whether others see it."""

    shared = BooleanField()

    @property
    def values(self) -> dict[str, Any]:
        """What is to be kept."""
        return {name: self[name].data for name in SHARED_VOICE} | {
            "samples": list(filter(None, self.samples.data))
        }


for _name, _rule in VOICE.items():
    setattr(SharedVoiceForm, _name, form_field(_rule))


@bp.get("/voices")
@login_required
def index() -> str:
    """The voices there are: one's own, and those that others share."""
    return render_template("voices/index.html", voices=KeptVoice.listed(current_user.id))


@bp.route("/voices/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Describe a new voice."""
    if request.method != "POST":
        return _page(SharedVoiceForm())
    form = SharedVoiceForm(request.form)
    if not form.validate():
        return _page(form), 422
    voice = KeptVoice(user_id=current_user.id, idempotency_key=key_sent(), **form.values)
    try:
        voice = voices_and_templates.add(voice)
    except voices_and_templates.TooMany as error:
        return _page(form, refusal=str(error)), 409
    return _back(Markup("The voice <bdi>{}</bdi> can be chosen for briefs now.").format(voice.name))


@bp.route("/voices/<uuid:voice_id>", methods=["GET", "POST"])
@login_required
def show(voice_id: UUID) -> ResponseReturnValue:
    """Look at a voice, or change one's own."""
    if request.method == "POST":
        KeptVoice.find_to_change(current_user.id, voice_id)
    voice = _seen(voice_id)
    saved = _form_of(voice)
    if request.method != "POST":
        return _page(saved, voice, Base(standing_in(saved)))
    form = SharedVoiceForm(request.form)
    if voice.user_id != current_user.id:
        return errors.answer(403, "It is shared by somebody else, who alone changes it.")
    is_fit, base = form.validate(), Base(standing_in(saved), standing_in(form))
    if not is_fit or base.changed:
        return _page(form, voice, base), 409 if is_fit else 422
    voices_and_templates.change(voice, form.values)
    return _back("The voice is changed. Texts made with it stay as they are.")


@bp.post("/voices/<uuid:voice_id>/delete")
@login_required
def delete(voice_id: UUID) -> ResponseReturnValue:
    """Delete one's own voice."""
    voice = _seen(voice_id)
    if voice.user_id != current_user.id:
        return errors.answer(403, "It is shared by somebody else, who alone deletes it.")
    voices_and_templates.remove(voice)
    return _back("The voice is deleted. Texts made with it stay as they are.")


def _seen(voice_id: UUID) -> KeptVoice:
    voice = KeptVoice.find(current_user.id, voice_id)
    if voice is None:
        raise NotFound
    return voice


def _form_of(voice: KeptVoice) -> SharedVoiceForm:
    return SharedVoiceForm(data={name: getattr(voice, name) for name in SHARED_VOICE})


def _page(
    form: SharedVoiceForm,
    voice: KeptVoice | None = None,
    base: Base | None = None,
    refusal: str = "",
) -> str:
    return render_template("voices/show.html", form=form, voice=voice, base=base, refusal=refusal)


def _back(said: str) -> ResponseReturnValue:
    flash(said)
    sent = request.form.get("key")
    return redirect(url_for(".index", sent=sent), 303)
