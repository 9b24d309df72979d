"""A request to Ollama's /api/chat or /api/generate, checked and put into llama.cpp's words."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from smartcontent.local.model import CONTEXT
from smartcontent.local.model_file import ModelFile, full_name

Json = dict[str, Any]
Kind = Literal["chat", "generate"]

_INTEGERS = {
    "num_predict": "n_predict", "top_k": "top_k", "seed": "seed", "repeat_last_n": "repeat_last_n",
    "num_keep": "n_keep", "num_ctx": "", "num_batch": "", "num_gpu": "", "main_gpu": "",
    "num_thread": "", "draft_num_predict": "",
}  # fmt: skip
_FLOATS = {
    "temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty",
    "frequency_penalty",
}  # fmt: skip
# Ollama's, where llama.cpp has others.
_DEFAULTS = {"temperature": 0.8, "top_k": 40, "top_p": 0.9, "min_p": 0.0, "repeat_penalty": 1.0}
_NAME = re.compile(r"\w[\w.-]*(:\d+)?(/\w[\w.-]*){0,2}(:\w[\w.-]*)?", re.ASCII)
_DURATION = re.compile(r"[-+]?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+|[-+]?0")
_HUGE = 1e38  # what a 32-bit float holds
_ROLES = {"system", "user", "assistant", "tool"}


class Refused(Exception):
    """What Ollama answers instead of a text."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Question:
    """What is to be written, and how the answer has to look."""

    kind: Kind
    model: str  # as sent: replies echo it
    body: Json  # llama.cpp's
    empty: bool  # only asks for the model to be loaded
    stream: bool
    truncate: bool


def read(kind: Kind, sent: Json, file: ModelFile) -> Question:
    """The question in the JSON that was sent.

    Raises:
        Refused: as Ollama would refuse it.
    """
    name = check_name(kind, sent.get("model"), file)
    _check_abilities(sent, name)
    _check_keep_alive(sent.get("keep_alive"))
    body = _chat(sent) if kind == "chat" else _prompt(sent)
    body |= _format(sent.get("format")) | _options(sent.get("options"))
    return Question(
        kind=kind,
        model=name,
        body=body,
        empty=not (body.get("messages") or body.get("prompt")),
        stream=_flag(sent, "stream", True),
        truncate=_flag(sent, "truncate", True),
    )


def check_name(kind: str, name: object, file: ModelFile) -> str:
    """The name, when it is that of the model that is served."""
    if name is None or name == "":
        raise (
            Refused("model '' not found", 404)
            if kind == "generate"
            else Refused("model is required")
        )
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refused("invalid model name")
    if full_name(name) != full_name(file.name):
        raise Refused(f"model '{name}' not found", 404)
    return name


def _check_abilities(sent: Json, name: str) -> None:
    think = sent.get("think")
    if isinstance(think, str) and think not in {"low", "medium", "high", "max"}:
        raise Refused(f'invalid think value: "{think}"')
    messages = sent.get("messages")
    asked = [sent, *(messages if isinstance(messages, list) else [])]
    images = any(isinstance(part, dict) and part.get("images") for part in asked)
    for wanted, ability in (
        (think, "thinking"), (sent.get("tools"), "tools"), (images, "vision"),
        (sent.get("suffix"), "insert"), (sent.get("template"), "template"),
    ):  # fmt: skip
        if wanted:
            raise Refused(f'"{name}" does not support {ability}')


def _check_keep_alive(value: object) -> None:
    """Only checked: the model stays in memory, it is all this process is for."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise Refused(f'time: missing unit in duration "{value}"')


def _chat(sent: Json) -> Json:
    messages = sent.get("messages") or []
    if not isinstance(messages, list):
        raise Refused("messages must be an array of messages")
    return {"messages": [_message(message) for message in messages]}


def _message(message: object) -> Json:
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise Refused("a message must have the role system, user, assistant or tool")
    content = message.get("content", "")
    if not isinstance(content, str):
        raise Refused("a message's content must be a string")
    return {"role": message["role"], "content": content}


def _prompt(sent: Json) -> Json:
    prompt, system = (sent.get(name) or "" for name in ("prompt", "system"))
    if not isinstance(prompt, str) or not isinstance(system, str):
        raise Refused("prompt and system must be strings")
    if _flag(sent, "raw", False):
        return {"prompt": prompt}
    before = [{"role": "system", "content": system}] if system else []
    return {"messages": [*before, {"role": "user", "content": prompt}] if prompt else []}


def _format(value: object) -> Json:
    if value is None or value == "":
        return {}
    if value == "json":
        return {"response_format": {"type": "json_object"}}
    if isinstance(value, dict):
        return {"response_format": {"type": "json_schema", "json_schema": {"schema": value}}}
    raise Refused(f'invalid format: {value!r}; expected "json" or a valid JSON Schema object', 500)


def _options(options: object) -> Json:
    if options is None:
        options = {}
    if not isinstance(options, Mapping):
        raise Refused("options must be an object")
    body: Json = dict(_DEFAULTS)
    for name, value in options.items():
        if value is not None:
            body |= _option(name, value)
    return body


def _option(name: str, value: object) -> Json:
    """One option in llama.cpp's words; nothing for one that has no meaning here."""
    if name in _INTEGERS:
        return _integer(name, value)
    if name in _FLOATS:
        return {name: float(max(-_HUGE, min(_number(name, value, "float32"), _HUGE)))}
    if name == "use_mmap" and not isinstance(value, bool):
        raise Refused('option "use_mmap" must be of type boolean', 500)
    if name == "stop":
        return {"stop": _stops(value)}
    return {}


def _integer(name: str, value: object) -> Json:
    number = int(_number(name, value, "integer"))
    if name == "num_predict":
        number = min(number, 10 * CONTEXT) if number >= 0 else 10 * CONTEXT
    if name == "seed":
        # llama.cpp's are 32 bits wide; a negative one means a random one to both.
        number = number % 2**32 if number >= 0 else -1
    elif name == "repeat_last_n" and number < 0:
        number = CONTEXT
    else:
        number = max(-1, min(number, 2**31 - 1))
    return {_INTEGERS[name]: number} if _INTEGERS[name] else {}


def _number(name: str, value: object, kind: str) -> float:
    finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not finite:
        raise Refused(f'option "{name}" must be of type {kind}', 500)
    return value


def _stops(value: object) -> list[str]:
    if not isinstance(value, list):
        raise Refused('option "stop" must be of type array', 500)
    if not all(isinstance(stop, str) for stop in value):
        raise Refused('option "stop" must be of an array of strings', 500)
    return value


def _flag(sent: Json, name: str, default: bool) -> bool:
    value = sent.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refused(f"{name} must be true or false")
    return default if value is None else value


def without_oldest(body: Json) -> Json | None:
    """The same without the oldest message that is not the system's; None where only one is left."""
    messages = body.get("messages", [])
    for place, message in enumerate(messages[:-1]):
        if message["role"] != "system":
            return body | {"messages": messages[:place] + messages[place + 1 :]}
    return None
