"""/api/v1/voices: how brands sound, to be chosen for briefs by `voice_id`."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from smartcontent.briefs.voice import SHARED_VOICE
from smartcontent.contents import voices_and_templates
from smartcontent.models import KeptVoice
from smartcontent.web.api import representation, schemas
from smartcontent.web.api.access import check_own, protected, user_id
from smartcontent.web.api.call import call
from smartcontent.web.problems import Problem

bp = protected("voices")

_NOT_YOURS = {403: "It is shared by somebody else, who alone changes it."}


@bp.get("/voices")
@call(schemas.VOICES)
def index() -> ResponseReturnValue:
    """List the voices: one's own, and those that others share."""
    return {"items": [_shown(voice) for voice in KeptVoice.listed(user_id())]}


@bp.post("/voices")
@call(
    schemas.VOICE,
    201,
    body=SHARED_VOICE,
    answered_headers={"Location": "The voice's address."},
    refusals={409: "You have as many voices as one may."},
)
def create(sent: dict[str, Any]) -> ResponseReturnValue:
    """Keep a voice."""
    voice = KeptVoice(user_id=user_id(), **_as_stored(sent))
    try:
        voice = voices_and_templates.add(voice)
    except voices_and_templates.TooMany as error:
        raise Problem(409, str(error)) from error
    return _shown(voice), 201, {"Location": url_for(".show", voice_id=voice.id)}


@bp.get("/voices/<uuid:voice_id>")
@call(schemas.VOICE)
def show(voice: KeptVoice) -> ResponseReturnValue:
    """Read one voice."""
    return _shown(voice)


@bp.patch("/voices/<uuid:voice_id>")
@call(schemas.VOICE, body=SHARED_VOICE, is_change=True, refusals=_NOT_YOURS)
def change(voice: KeptVoice, sent: dict[str, Any]) -> ResponseReturnValue:
    """Change what is sent, and nothing else; texts made with the voice stay what they are."""
    check_own(voice)
    voices_and_templates.change(voice, _as_stored(sent))
    return _shown(voice)


@bp.delete("/voices/<uuid:voice_id>")
@call(None, 204, refusals=_NOT_YOURS)
def delete(voice: KeptVoice) -> ResponseReturnValue:
    """Delete a voice for good; briefs and texts made with it keep what they took from it."""
    check_own(voice)
    voices_and_templates.remove(voice)
    return "", 204


def _as_stored(sent: dict[str, Any]) -> dict[str, Any]:
    """With what a field usually is in the place of null."""
    usual = {name: rule.usual for name, rule in SHARED_VOICE.items()}
    return {name: usual[name] if value is None else value for name, value in sent.items()}


def _shown(voice: KeptVoice) -> dict[str, Any]:
    return representation.kept(voice, SHARED_VOICE)
