"""A call of the API: what it reads and answers, checked and documented by one description.

`@call` reads body and parameters by their fields before the view runs, and leaves on the view what
`openapi.py` makes the document of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from smartcontent.fields import Errors, Fields, read
from smartcontent.web.api.access import (
    own_act,
    own_batch,
    own_content,
    own_series,
    own_view,
    seen_template,
    seen_voice,
)
from smartcontent.web.api.body import json_object
from smartcontent.web.api.schemas import Schema
from smartcontent.web.problems import Problem

FORM_WITH_FILE = "multipart/form-data"
# By the names of an address's arguments: what the view is given in the place of an id.
_FINDERS: Mapping[str, Callable[[UUID], Any]] = {
    "act_id": own_act,
    "batch_id": own_batch,
    "series_id": own_series,
    "template_id": seen_template,
    "view_id": own_view,
    "voice_id": seen_voice,
}
View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True)
class Call:
    """What there is to know of a call beside its address and its docstring."""

    answer: Schema | None  # None: an answer without a body
    status: int = 200
    body: Fields = field(default_factory=dict)
    form: Schema | None = None  # the parts of one with a file, in place of the body
    is_change: bool = False  # a body that holds only what is to change
    query: Fields = field(default_factory=dict)
    headers: Fields = field(default_factory=dict)  # that the view reads itself
    answered_headers: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[int, Schema] = field(default_factory=dict)  # further answers, with a body
    empty: Mapping[int, str] = field(default_factory=dict)  # further answers, without a body
    refusals: Mapping[int, str] = field(default_factory=dict)  # beside those of every call
    media: Sequence[str] = ("application/json",)
    needs_token: bool = True
    # What stands for fields that are needed and were not sent, found before they are read.
    completed: Callable[[dict[str, Any]], dict[str, Any]] = dict
    instead: str = ""  # the field that says so
    is_of_trash: bool = False  # of what is in the trash, too


def call(answer: Schema | None, status: int = 200, **known: Any) -> Callable[[View], View]:
    """Check what is sent, hand it to the view as `sent` (body) and `asked` (parameters).

    Of an address with the id of a content the view is given the user's `content`; with that of a
    batch, `batch`; of an act on many, `act`; of a series, `series`; of a saved view, `view`; of a
    voice that the user sees, `voice`. Of a template, its id as `template`: built-in ones are no
    rows.
    Where a form with a file was sent `sent` is empty: the view reads it.
    """
    described = Call(answer, status, **known)

    def checking(view: View) -> View:
        @wraps(view)
        def checked(**arguments: Any) -> ResponseReturnValue:
            # First of all: what is another's looks like nothing, whatever is sent to it.
            if "content_id" in arguments:
                arguments["content"] = own_content(
                    arguments.pop("content_id"), described.is_of_trash
                )
            for name in _FINDERS.keys() & arguments.keys():
                arguments[name.removesuffix("_id")] = _FINDERS[name](arguments.pop(name))
            if described.query:
                arguments["asked"] = _asked(described.query)
            if described.body:
                arguments["sent"] = _sent(described)
            return view(**arguments)

        checked.call = described  # type: ignore[attr-defined]
        return checked

    return checking


def _asked(fields: Fields) -> dict[str, Any]:
    values, errors = read(fields, request.args)
    if errors:
        raise Problem(422, " ".join(said for [said] in errors.values()), errors)
    return values


def _sent(described: Call) -> dict[str, Any]:
    if described.form and request.mimetype == FORM_WITH_FILE:
        return {}
    values, errors = read(described.body, described.completed(json_object()), described.is_change)
    if errors:
        raise not_accepted(errors)
    return values


def not_accepted(errors: Errors) -> Problem:
    """The refusal of a body, with what is wrong with each of its fields."""
    return Problem(422, f"Not accepted: see errors ({', '.join(errors)}).", errors)
