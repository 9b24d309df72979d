"""A template: a brief with named blanks, as `{product}`, to be filled and used again and again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Any

import regex  # for its \w vowels of Hindi are parts of words; unlike re's, it lacks "²" and "½"

from smartcontent.briefs.brief import TITLED_BRIEF
from smartcontent.briefs.voice import SHARED
from smartcontent.fields import (
    Errors,
    Field,
    Fields,
    Refused,
    Text,
    Value,
    an_id,
    is_storable,
    read,
)

BLANKS_MOST = 20
VALUE_LONGEST = 1_000
# Characters of values in one text: no field may be so long, and a batch fills a thousand briefs.
FILLED_LONGEST = 10_000
NAME_LONGEST = 80
# Of all texts by the names of blanks: a list has two hundred templates.
_TEXTS_LONGEST = BLANKS_MOST * (VALUE_LONGEST + 40)
_BLANK = regex.compile(r"\{((?![\d_])[\w\p{No}](?:[\w\p{No} -]{0,38}[\w\p{No}])?)\}")
_WITH_BLANKS = tuple(n for n, rule in TITLED_BRIEF.items() if not hasattr(rule, "values"))


@dataclass(frozen=True)
class Template:
    """A brief's fields by their names, and what stands in a blank that nobody fills."""

    name: str
    brief: Mapping[str, Any]
    defaults: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    id: str = ""

    @cached_property
    def blanks(self) -> list[str]:
        """The names of its blanks, each once, as they come in the brief."""
        return list(dict.fromkeys(chain.from_iterable(self._blanks_by_field)))

    @cached_property
    def _blanks_by_field(self) -> list[Counter[str]]:
        """How often each blank stands in each text of the brief."""
        return [Counter(_blanks_in(self.brief.get(name))) for name in _WITH_BLANKS]

    def filled(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
        """The brief with values in its blanks, or what is wrong with which blank."""
        known, errors = read_values(self, values)
        if errors or (errors := self._too_long(known)):
            return {}, errors
        return {name: _filled(typed, known) for name, typed in self.brief.items()}, {}

    def _too_long(self, known: Mapping[str, str]) -> Errors:
        """The blank that would make a text of the brief far too long, before that is made."""
        for counted in self._blanks_by_field:
            sizes = {name: times * len(known[name]) for name, times in counted.items()}
            if sum(sizes.values()) > FILLED_LONGEST:
                longest = max(sizes, key=lambda name: sizes[name])
                label, times = _rule_of(longest).label, counted[longest]
                return {longest: [f"{label} stands in one text {times:,} times: shorten it."]}
        return {}


def _blanks_in(typed: str | Sequence[str] | None) -> list[str]:
    text = typed if isinstance(typed, str) else "\n".join(typed or ())
    return _BLANK.findall(text)


def read_values(template: Template, values: Mapping[str, Any]) -> tuple[dict[str, str], Errors]:
    """What stands in each blank: what was sent, or else its default; or what is wrong."""
    known: dict[str, str] = {}
    errors: Errors = {}
    for name in template.blanks:
        sent = values.get(name)
        try:
            given = _rule_of(name).read("" if sent is None else sent)
            known[name] = _needed(name, given or template.defaults.get(name, ""))
        except Refused as refused:
            errors[name] = [str(refused)]
    return known, errors


def _rule_of(name: str) -> Text:
    return Text(label=name[:1].upper() + name[1:], most=VALUE_LONGEST, has_lines=True)


def _needed(name: str, value: str) -> str:
    if not any(sign.isprintable() and sign != " " for sign in value):
        raise Refused(f"{_rule_of(name).label} is missing: the template has a blank for it.")
    return value


def _filled(typed: Any, values: Mapping[str, str]) -> Any:
    """In one go: a value with braces in it is no blank."""
    if isinstance(typed, str):
        return _BLANK.sub(lambda found: values.get(found[1], found[0]), typed)
    return [_filled(each, values) for each in typed]


def _is_texts(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= 10 * BLANKS_MOST
        and all(isinstance(text, str) and len(text) <= 2 * VALUE_LONGEST for text in value.values())
        and sum(map(len, chain.from_iterable(value.items()))) <= _TEXTS_LONGEST
    )


def _are_storable(value: Any) -> bool:
    return _is_texts(value) and all(map(is_storable, chain.from_iterable(value.items())))


def _texts(label: str, about: str, example: Mapping[str, str]) -> Value:
    return Value(
        label=label,
        must='be texts by the names of blanks: {"product": "A teapot"}, of at most '
        f"{VALUE_LONGEST:,} characters each",
        is_right=_is_texts,
        holds={
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": VALUE_LONGEST},
        },
        about=about,
        example=example,
    )


_BRIEF = Value(
    label="Brief",
    must='be a brief with {blanks}: {"content_type": …, "topic": …}',
    is_right=lambda value: isinstance(value, dict),
    holds={
        "type": "object",
        "properties": {name: rule.schema() for name, rule in TITLED_BRIEF.items()},
    },
    is_needed=True,
    about="The brief, with blanks like `{product}` in its texts.",
    example={"content_type": "ad_copy", "topic": "{product}, now for {price}"},
)
_NAME = Text(
    label="Name", most=NAME_LONGEST, is_needed=True, missing="call it by what it is for",
    example="Weekly offer",
)  # fmt: skip
DEFAULTS = replace(
    _texts("Defaults", "What stands in a blank that nobody fills.", {"price": "an honest price"}),
    is_right=_are_storable,
)
TEMPLATE: dict[str, Field] = {"name": _NAME, "brief": _BRIEF, "defaults": DEFAULTS}
SHARED_TEMPLATE: Fields = {**TEMPLATE, "shared": SHARED}
# What a submission names of a template.
THROUGH: Fields = {
    "template_id": an_id(
        "Template_id",
        about="The template whose brief it is; what else is sent of the brief takes its place.",
    ),
    "values": _texts(
        "Values", "With `template_id`, what stands in its blanks.", {"product": "A teapot"}
    ),
}


def read_brief(sent: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """The brief of a template as it is kept, or what is wrong with which field."""
    values, errors = read(TITLED_BRIEF, sent)
    number = len(Template("", values).blanks)
    if number > BLANKS_MOST:
        errors = {"topic": [f"The brief has {number} blanks: at most {BLANKS_MOST} may be in it."]}
    kept = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v}
    return ({} if errors else kept), errors
