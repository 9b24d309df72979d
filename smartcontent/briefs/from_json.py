"""Briefs and settings as JSON carries them: read field by field, each with its own problems."""

import re
from collections.abc import Callable
from typing import Any

from smartcontent.briefs.form import BriefForm

Errors = dict[str, list[str]]


def brief_from_json(payload: object) -> tuple[dict[str, Any], Errors]:
    """The checked fields of `Brief` and `title`, or else what is wrong with each field.

    A field that is null counts as not sent; names that are not the form's are ignored, so nothing
    but a brief can be set. What is wrong with the payload itself stands under "".
    """
    if not isinstance(payload, dict):
        return {}, {"": ['The brief must be a JSON object: {"content_type": …, "topic": …}.']}
    sent = {n: payload[n] for n in BriefForm()._fields if payload.get(n) is not None}
    wrong = {name: problem for name, value in sent.items() if (problem := _wrong_type(name, value))}
    form = BriefForm(data={name: value for name, value in sent.items() if name not in wrong})
    if form.validate() and not wrong:
        return vars(form.brief) | {"title": form.title_or_default}, {}
    return {}, form.errors | wrong


def _wrong_type(name: str, value: object) -> list[str]:
    label = name.capitalize().replace("_", " ")
    if isinstance(value, str):
        return []
    if name != "keywords":
        return [f"{label} must be text in quotation marks."]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return []
    return [f"{label} must be a list of texts, or one text with commas."]


VARIANTS_MOST = 4


def _is_number(value: object, largest: float) -> bool:
    # JSON's true is an int to Python; NaN fails both comparisons.
    return type(value) in (int, float) and 0 <= value <= largest  # type: ignore[operator]


_SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (
        lambda value: (
            isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._:/-]{1,100}", value) is not None
        ),
        "Model must be the name of an Ollama model, such as llama3.2:3b: at most 100 letters, "
        "digits and . _ : / - characters.",
    ),
    "temperature": (
        lambda value: _is_number(value, 2),
        "Temperature must be a number from 0 to 2.",
    ),
    "seed": (
        lambda value: type(value) is int and 0 <= value < 2**31,
        "Seed must be a whole number from 0 to 2147483647.",
    ),
    "variants": (
        lambda value: type(value) is int and 1 <= value <= VARIANTS_MOST,
        f"Variants must be a whole number from 1 to {VARIANTS_MOST}.",
    ),
    "delay_seconds": (
        lambda value: _is_number(value, 30 * 24 * 3600),
        "Delay_seconds must be a number from 0 to 2592000, which is 30 days.",
    ),
}


def settings_from_json(payload: object) -> tuple[dict[str, Any], Errors]:
    """Those of model, temperature, seed and delay_seconds that were sent, and what is wrong.

    Separate from the brief: they say how and when, not what; null counts as not sent.
    """
    if not isinstance(payload, dict):
        return {}, {"": ["The settings must be in a JSON object."]}
    sent = {name: payload[name] for name in _SETTINGS if payload.get(name) is not None}
    errors = {
        name: [message]
        for name, (is_right, message) in _SETTINGS.items()
        if name in sent and not is_right(sent[name])
    }
    return ({} if errors else sent), errors
