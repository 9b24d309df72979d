"""A content's brief as a request to Ollama: model, messages and options."""

import logging
from dataclasses import dataclass
from typing import Any

from flask import current_app

import smartcontent.prompts as prompts
from smartcontent.models import Content

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What is sent to Ollama for a draft."""

    model: str
    messages: list[dict[str, str]]
    options: dict[str, Any]


def model_for(content: Content) -> str:
    """The Ollama model that is to write a content."""
    model: str = content.settings.get("model") or current_app.config["OLLAMA_MODEL"]
    return model


def request_for(content: Content) -> Request:
    """The messages and the options for a content's brief, the user's own settings on top."""
    settings = content.settings
    messages = prompts.messages_for(content.brief)
    options = prompts.options_for(content.brief)
    # A long brief gets a larger context than usual, rather than no room for its text.
    options["num_ctx"] = context_for(messages, options["num_predict"])
    options |= {name: settings[name] for name in ("temperature", "seed") if name in settings}
    return Request(model_for(content), messages, options)


def context_for(messages: list[dict[str, str]], num_predict: int) -> int:
    """The context in tokens that holds prompt and text: the usual one, or it doubled as needed.

    In steps, for Ollama loads a model anew for every other length.
    """
    needed = prompts.estimated_tokens(messages) + num_predict
    length: int = current_app.config["OLLAMA_NUM_CTX"]
    while length < needed:
        length *= 2
    return length
