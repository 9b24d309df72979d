"""Who asks, known by a bearer token alone, and which contents are theirs."""

from collections.abc import Mapping
from time import monotonic
from typing import Any
from uuid import UUID

from flask import Blueprint, g, request
from werkzeug.exceptions import NotFound

from smartcontent.briefs.voice import Voice
from smartcontent.contents import templates
from smartcontent.models import ApiToken, Batch, BulkAct, Content, KeptVoice, SavedView, Series
from smartcontent.models.shared import Shared
from smartcontent.stores.sql import db, only_read
from smartcontent.web import limiter, turns
from smartcontent.web.bodies import read_body
from smartcontent.web.problems import Problem

# A turn, or a body, may come a minute later: the token may have been revoked since.
KNOWN_FOR_SECONDS = 1.0
WRONG_TOKENS = limiter.Limit("wrong-tokens", most=60, seconds=60)
TOO_MANY_WRONG_TOKENS = "Too many tokens that are not valid: wait a minute, and check your token."


def protected(name: str) -> Blueprint:
    """A blueprint whose every call needs a token."""
    bp = Blueprint(f"api_{name}", __name__)
    bp.before_request(authenticate)
    return bp


def authenticate() -> None:
    """Know the user by the token, then read the body; a session counts for nothing here.

    Raises:
        Problem: there is no token (401), or none that works.
        RequestEntityTooLarge: the body is larger than we take.
        RequestTimeout: the body does not come in time.
    """
    credentials = request.authorization
    if credentials is None or credentials.type != "bearer" or not credentials.token:
        raise _unauthorized("Send your API token in a header: Authorization: Bearer TOKEN.")
    token, known_at = _valid(credentials.token), monotonic()
    token.note_use()
    g.api_user_id, g.api_secret = token.user_id, credentials.token
    line = f"user {token.user_id} by token"
    turns.know_token(token.digest, line)
    turns.take(line)
    read_body()
    if monotonic() - known_at > KNOWN_FOR_SECONDS:
        _valid(credentials.token)


def _valid(secret: str) -> ApiToken:
    only_read()
    token = ApiToken.with_secret(secret)
    db.session.commit()
    if token is None:
        turns.forget_token(ApiToken.digest_of(secret))
        # Counted after the look: 256 random bits are not guessed, and a right one always works.
        limiter.check(WRONG_TOKENS, TOO_MANY_WRONG_TOKENS, limiter.network())
        raise _unauthorized("This token is not valid, or no longer.", ', error="invalid_token"')
    return token


def user_id() -> int:
    """The user whose token came with the request."""
    asking: int = g.api_user_id
    return asking


def secret() -> str:
    """The token as it was sent."""
    sent: str = g.api_secret
    return sent


def own_content(content_id: UUID, is_of_trash: bool = False) -> Content:
    """The user's content, or also one in the trash; 404 also where it is somebody else's.

    Raises:
        NotFound: they have none with this id.
    """
    content = Content.find(user_id(), content_id)
    if content is None and is_of_trash:
        content = Content.find_deleted(user_id(), content_id)
    if content is None:
        raise NotFound
    return content


def own_batch(batch_id: UUID) -> Batch:
    """The user's batch; 404 also where it is somebody else's.

    Raises:
        NotFound: they have none with this id.
    """
    batch = Batch.find(user_id(), batch_id)
    if batch is None:
        raise NotFound
    return batch


def own_act(act_id: UUID) -> BulkAct:
    """The user's act on many; 404 also where it is somebody else's.

    Raises:
        NotFound: they have none with this id.
    """
    act = BulkAct.find(user_id(), act_id)
    if act is None:
        raise NotFound
    return act


def own_series(series_id: UUID) -> Series:
    """The user's series, locked where it is to be changed; 404 also where it is somebody else's.

    Raises:
        NotFound: they have none with this id.
    """
    find = Series.find if request.method in ("GET", "HEAD") else Series.find_to_change
    series = find(user_id(), series_id)
    if series is None:
        raise NotFound
    return series


def own_view(view_id: UUID) -> SavedView:
    """The user's saved view; 404 also where it is somebody else's.

    Raises:
        NotFound: they have none with this id.
    """
    view = SavedView.find(user_id(), view_id)
    if view is None:
        raise NotFound
    return view


def seen_voice(voice_id: UUID) -> KeptVoice:
    """A voice of the user's own, or one that is shared; 404 where it is neither.

    Raises:
        NotFound: there is none with this id, or it is not for them.
    """
    voice = KeptVoice.find(user_id(), voice_id)
    if voice is None:
        raise NotFound
    return voice


def seen_template(its_id: UUID) -> UUID:
    """The id of a template that the user may fill; 404 where there is none such.

    Raises:
        NotFound: there is none with this id, or it is not for them.
    """
    if templates.seen_by(user_id(), its_id) is None:
        raise NotFound
    return its_id


def chosen_voice(sent: Mapping[str, Any]) -> Voice | None:
    """The voice that a body names, if it names one.

    Raises:
        Problem: it is not there, or not for them (404).
    """
    if not sent.get("voice_id"):
        return None
    kept = KeptVoice.find(user_id(), UUID(sent["voice_id"]))
    if kept is None:
        sentence = "Voice_id must be the id of a voice of yours, or of one that is shared."
        raise Problem(404, sentence, {"voice_id": [sentence]})
    return kept.voice


def check_own(kept: Shared) -> None:
    """Refuse to change what somebody else shares.

    Raises:
        Problem: it is somebody else's (403).
    """
    if kept.user_id != user_id():
        raise Problem(403, "It is shared by somebody else, who alone changes it: make your own.")


def _unauthorized(detail: str, parameters: str = "") -> Problem:
    challenge = f'Bearer realm="Smart Content"{parameters}'
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
