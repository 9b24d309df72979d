"""Room for what some models write before the text: their thoughts."""

import logging
import time
from dataclasses import replace
from functools import lru_cache

from smartcontent.ollama import OllamaError
from smartcontent.ollama.configured import ollama
from smartcontent.prompts.request import Request, context_for

log = logging.getLogger(__name__)


THINKING_TOKENS = 2048
ASK_AGAIN_SECONDS = 600  # what a model can do changes when it is pulled anew


def with_room_to_think(request: Request, needs_more: bool = False) -> Request:
    """The request with room for thoughts that count as text, where the model may think.

    Some models do so although told not to (gpt-oss). More room after an attempt that was spent on
    thinking, even where the server does not say that the model can.
    """
    room = THINKING_TOKENS * (2 if needs_more else thinks(request.model))
    if not room:
        return request
    num_predict = request.options["num_predict"] + room
    lengths = {"num_predict": num_predict, "num_ctx": context_for(request.messages, num_predict)}
    return replace(request, options=request.options | lengths)


def thinks(model: str) -> bool:
    """Whether the model may think, as Ollama said lately; false while it does not answer."""
    try:
        return _thinks_lately(ollama().url, model, int(time.monotonic() / ASK_AGAIN_SECONDS))
    except OllamaError:  # the text's own request will say what is wrong
        return False


@lru_cache(maxsize=64)
def _thinks_lately(_url: str, model: str, _when: int) -> bool:
    return ollama().thinks(model)
