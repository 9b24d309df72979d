"""A draft as a request to Ollama: model, messages and options."""

import hashlib
import json
import random
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app

import smartcontent.prompts as prompts
from smartcontent.briefs.task import Deed, Task
from smartcontent.models import Content, Draft
from smartcontent.prompts import refining

SEEDS = 2**31
CONTEXT_LONGEST = 131_072  # tokens that Ollama is asked to make room for: all share its memory
# Of it, by our own, high estimate, for a text: one as long and what is asked have room beside it.
_SHARE_OF_TEXT = 0.45
# What has a text has its brief, so the way to one is short; an archive may say that a version is
# made of itself.
MADE_OF_MOST = 5
# What we ask of Ollama ourselves. An archive may say others, which have the model loaded anew, away
# from its processors, for everybody.
OPTIONS = frozenset(
    {"num_ctx", "num_predict", "temperature", "seed", "top_p", "min_p", "repeat_penalty"}
)


@dataclass(frozen=True)
class Request:
    """What is sent to Ollama for a draft; `repeats` is true of one that was sent just so before."""

    model: str
    messages: list[dict[str, str]]
    options: dict[str, Any]
    repeats: bool = False

    @property
    def prompt_digest(self) -> str:
        """The same for requests of which a model that has read one has read the other.

        How the next word is chosen is no part of it; the context is, by which a model is loaded.
        """
        read = [self.model, self.messages, self.options.get("num_ctx")]
        return hashlib.sha256(json.dumps(read).encode()).hexdigest()


class SourceGone(Exception):
    """The draft that another was to be made of is not there any more."""


def model_named(settings: dict[str, Any], wishes: dict[str, Any] | None) -> str:
    """The Ollama model that a content's settings name, or the wishes of one of its drafts."""
    wanted = settings | (wishes or {})
    model: str = wanted.get("model") or current_app.config["OLLAMA_MODEL"]
    return model


def model_for(content: Content, wishes: dict[str, Any] | None = None) -> str:
    """The Ollama model that is to write a content, or a draft of it with wishes of its own."""
    return model_named(content.settings, wishes)


def model_of(draft: Draft) -> str:
    """The Ollama model that is to write a draft."""
    return model_for(draft.content, draft.wishes)


def language_of(draft: Draft) -> str:
    """The language of its text, or in which it is to be: what is made of a translation is one.

    A text of which one passage is translated stays in its own.
    """
    content = draft.content
    for _ in range(MADE_OF_MOST):
        task = Task.read(draft.task)
        if task and task.language and not task.passage:
            return task.language
        if draft.is_final and draft.brief:
            return str(draft.brief["language"])
        source = content.version(task.number) if task else None
        if source is None:
            break
        draft = source
    return content.language


def request_for(content: Content, wishes: dict[str, Any] | None = None) -> Request:
    """The messages and the options for a content's brief, the user's own settings on top."""
    messages = prompts.messages_for(content.brief)
    return _request(content, wishes, messages, prompts.options_for(content.brief))


def request_of(draft: Draft) -> Request:
    """What is to be sent for a draft: for its brief, or for what is to be made of another.

    Raises:
        SourceGone: there is no such other draft any more.
    """
    task = Task.read(draft.task)
    if task is None:
        return request_for(draft.content, draft.wishes)
    source = draft.content.version(task.number)
    if source is None:
        raise SourceGone
    if task.do is Deed.REPRODUCE:
        options = {n: _within(n, v) for n, v in (source.options or {}).items() if n in OPTIONS}
        return Request(source.model or model_of(draft), source.prompt or [], options, repeats=True)
    language = language_of(source)
    brief = replace(draft.content.brief, language=language)
    options = prompts.options_for(brief)
    if task.do is Deed.CONTINUE:
        messages = refining.messages_to_continue(brief, source.text)
    else:
        messages = refining.messages_to_refine(task, source.text, language, draft.content.voice)
        options = refining.room_for(messages, options)
    return _request(draft.content, draft.wishes, messages, options)


def _request(
    content: Content,
    wishes: dict[str, Any] | None,
    messages: list[dict[str, str]],
    options: dict[str, Any],
) -> Request:
    wanted = content.settings | (wishes or {})
    # A long brief gets a larger context than usual, rather than no room for its text.
    room = max(_longest() - prompts.estimated_tokens(messages), 1)
    options["num_predict"] = min(options["num_predict"], room)
    options["num_ctx"] = context_for(messages, options["num_predict"])
    options |= {name: wanted[name] for name in ("temperature", "seed") if name in wanted}
    return Request(model_for(content, wishes), messages, options)


def _within(name: str, value: Any) -> Any:
    """An option that is on record, which may be that of another server with more memory."""
    return min(value, _longest()) if name in {"num_ctx", "num_predict"} else value


def seeded(request: Request, anew: bool = False) -> Request:
    """The request with a seed of ours where there is none: what is on record can be repeated.

    Anew, with another one in any case.
    """
    seed = {"seed": random.randrange(SEEDS)}  # noqa: S311
    options = request.options | seed if anew else seed | request.options
    return replace(request, options=options)


def may_be_sent(text: str) -> bool:
    """Whether a model can be sent all of a text, to rewrite it or to go on with it."""
    return prompts.estimated_tokens([{"content": text}]) <= _SHARE_OF_TEXT * _longest()


def _longest() -> int:
    """The largest context in tokens that is asked for."""
    return max(CONTEXT_LONGEST, current_app.config["OLLAMA_NUM_CTX"])


def context_for(messages: list[dict[str, str]], num_predict: int) -> int:
    """The context in tokens that holds prompt and text: the usual one, or it doubled as needed.

    In steps, for Ollama loads a model anew for every other length. CONTEXT_LONGEST at most, unless
    the usual one is longer.
    """
    needed = prompts.estimated_tokens(messages) + num_predict
    length: int = current_app.config["OLLAMA_NUM_CTX"]
    while length < needed:
        length *= 2
    return min(length, _longest())
