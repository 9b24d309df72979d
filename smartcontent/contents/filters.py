"""What of the contents is listed, and in which order: the same for scripts and on pages."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from smartcontent.briefs.catalogue import CONTENT_TYPES
from smartcontent.contents.tagging import TAG_LONGEST
from smartcontent.fields import Field, Fields, Refused, Value, read
from smartcontent.models import Status
from smartcontent.models.listing import Q_LONGEST, RANKED_MOST, Filters, Sort
from smartcontent.models.search_index import LOOKED_INTO

MOMENT_LONGEST = 40  # characters
_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class Switch(Field):
    """1 for yes; nothing and 0 for no matter."""

    def read(self, value: Any) -> bool:
        if value not in ("", "0", "1"):
            raise Refused(f"{self.label} must be 1, or left out.")
        return bool(value == "1")

    def _holds(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["1", "0"]}


@dataclass(frozen=True, kw_only=True)
class _Moment(Field):
    """A day of UTC or a moment with its zone; of an end, the day is part."""

    is_end: bool = False

    def read(self, value: Any) -> datetime | None:
        try:
            return self._moment(value) if value else None
        except (ValueError, OverflowError) as error:
            raise Refused(
                f"{self.label} must be a day such as 2026-03-01, or a time with its zone."
            ) from error

    def _moment(self, written: str) -> datetime:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
            day = datetime.combine(date.fromisoformat(written), time(), UTC)
            return day + timedelta(days=self.is_end)
        if len(written) > MOMENT_LONGEST:  # a second may have any number of decimals
            raise ValueError("too long")
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            raise ValueError("of no zone")
        return moment.astimezone(UTC)

    def _holds(self) -> dict[str, Any]:
        return {"type": "string"}


def _only(name: str, values: Collection[str], about: str) -> Value:
    return Value(
        label=name,
        must=f"be one of {', '.join(values)}",
        is_right=lambda value: value in ("", *values),  # an empty one is any
        holds={"type": "string", "enum": [*values]},
        about=about,
    )


def _name(name: str, longest: int, about: str, **known: Any) -> Value:
    return Value(
        label=name,
        must=f"be at most {longest} characters, all of them whole and none NUL",
        is_right=lambda value: len(value) <= longest,
        holds={"type": "string", "maxLength": longest},
        about=about,
        **known,
    )


def _id(name: str, about: str) -> Value:
    return Value(
        label=name,
        must="be an id",
        is_right=lambda value: not value or _UUID.fullmatch(value) is not None,
        holds={"type": "string"},
        about=about,
    )


FILTERS: Fields = {
    "status": _only("status", [*Status], "Only contents whose current draft has this status."),
    "content_type": _only("content_type", CONTENT_TYPES, "Only this content type."),
    "q": _name(
        "q",
        Q_LONGEST,
        "Words that must all occur in title, brief or text, in any case of letters and with or "
        "without accents; the last may be the beginning of one. Words in quotation marks stand "
        "beside each other, and those with a minus before them must not occur: "
        '`tea "blue glass" -cup`. The first ten count. For words beside each other '
        f"{LOOKED_INTO:,} of those with all the words are looked through at a time, and so it is "
        "where two filters are sent of which each is true of more: then a page may be short or "
        "even empty, and its `next_cursor` leads on.",
        example="teapot",
    ),
    "tag": _name("tag", TAG_LONGEST, "Only those with this tag, in any case of letters."),
    "favourite": Switch(label="favourite", about="1: only favourites."),
    "model": _name("model", 200, "Only those whose current draft this Ollama model has written."),
    "voice": _id("voice", "Only those that were submitted with the voice of this id."),
    "batch": _id("batch", "Only those of the batch with this id."),
    "series": _id("series", "Only those that the series with this id has made."),
    "since": _Moment(
        label="since", about="Only those submitted then or later.", example="2026-03-01"
    ),
    "until": _Moment(
        label="until",
        is_end=True,
        about="Only those submitted before; of a day, until its end.",
        example="2026-03-31",
    ),
    "sort": _only(
        "sort",
        [*Sort],
        f"In which order. By relevance, of the newest {RANKED_MOST} that are found, where "
        "something is searched; else as `newest`.",
    ),
    "trash": Switch(label="trash", about="1: what is in the trash, instead of all else."),
}
LISTING: Fields = {
    **FILTERS,
    "limit": Value(
        label="limit",
        must="be a whole number from 1 to 100",
        is_right=lambda value: re.fullmatch("[1-9][0-9]?|100", value) is not None,
        holds={"type": "integer", "minimum": 1, "maximum": 100},
        about="How many at most; fewer are answered where their texts are very long.",
        usual=20,
    ),
    "cursor": Value(
        label="cursor",
        must="be the next_cursor of the page before",
        is_right=lambda value: True,  # the list itself knows
        holds={"type": "string"},
        about="The `next_cursor` of the page before.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Narrowing(Field):
    """Filters as the list has them in its address: an object of texts, each of them right."""

    def read(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise Refused(f"{self.label} must be an object of texts, as the list's parameters are.")
        if unknown := value.keys() - FILTERS.keys():
            raise Refused(f"{self.label} has what is no filter: {min(unknown)[:80]}.")
        _, errors = read(FILTERS, value)
        if errors:
            raise Refused(" ".join(sentence for [sentence] in errors.values()))
        return dict(value)

    def _holds(self) -> dict[str, Any]:
        known = {name: rule.schema() for name, rule in FILTERS.items()}
        return {"type": "object", "properties": known}


def filters_of(values: Mapping[str, Any]) -> Filters:
    """The filters of values that were read; what is empty is left open."""
    return Filters(**{name: values[name] for name in FILTERS if values.get(name)})


def filters_in(sent: Mapping[str, str]) -> Filters:
    """The filters of an address, as far as they make sense: one typed by hand shows something."""
    return filters_of({name: _or_open(FILTERS[name], sent.get(name, "")) for name in FILTERS})


def making_sense(sent: Mapping[str, str]) -> dict[str, str]:
    """What of an address asks for something, as it is written."""
    written = {name: text for name in FILTERS if (text := sent.get(name))}
    return {name: text for name, text in written.items() if _or_open(FILTERS[name], text)}


def _or_open(rule: Field, value: str) -> Any:
    try:
        return rule.read(value)
    except Refused:
        return None
