"""Room for what some models write before the text: their thoughts."""

import logging
import time
from dataclasses import replace

from smartcontent.ollama import OllamaError, canonical
from smartcontent.ollama.configured import ollama
from smartcontent.prompts.request import Request, context_for

log = logging.getLogger(__name__)


THINKING_TOKENS = 2048
ASK_AGAIN_SECONDS = 600  # what a model can do changes when it is pulled anew
MODELS_MOST = 64
# By server and canonical name: when it was asked, and what it said.
_said: dict[tuple[str, str], tuple[float, bool]] = {}


def with_room_to_think(request: Request, needs_more: bool = False) -> Request:
    """The request with room for thoughts that count as text, where the model may think.

    Some models do so although told not to (gpt-oss). More room after an attempt that was spent on
    thinking, even where the server does not say that the model can. One that repeats another has
    the room of that.
    """
    if request.repeats:
        return request
    limit = request.options.get("num_predict") or 0
    room = THINKING_TOKENS * (2 if needs_more else thinks(request.model))
    if not room or limit <= 0:  # without a limit there is room for everything
        return request
    num_predict = limit + room
    lengths = {"num_predict": num_predict, "num_ctx": context_for(request.messages, num_predict)}
    return replace(request, options=request.options | lengths)


def thinks(model: str) -> bool:
    """Whether the model may think, as Ollama said last; false while it does not answer.

    Asked here of a model that is new only: a draft is in hand, and its second is near.
    """
    if _key(model) not in _said:
        _ask(model)
    return _said.get(_key(model), (0.0, False))[1]


def ask_again(model: str) -> None:
    """Ask anew what was said of a model long ago: between drafts, when nobody waits for it."""
    asked_at, _ = _said.get(_key(model), (0.0, False))
    if time.monotonic() - asked_at > ASK_AGAIN_SECONDS:
        _ask(model)


def _ask(model: str) -> None:
    try:
        may_think = ollama().thinks(model)
    except OllamaError:  # the text's own request will say what is wrong
        return
    _said.pop(_key(model), None)
    _said[_key(model)] = time.monotonic(), may_think
    if len(_said) > MODELS_MOST:
        del _said[next(iter(_said))]


def _key(model: str) -> tuple[str, str]:
    return ollama().url, canonical(model)
