"""What a field may hold: one object reads a value, says what is wrong with it, and documents it.

Forms of pages, JSON bodies, addresses and commands are read by these, and the API's schema is
made of them. A text's length is looked at first: nothing else is done with one that is too long.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Annotated, Any, get_origin, get_type_hints

Errors = dict[str, list[str]]

# str.strip() would also take away control characters, which are to be refused.
BLANKS = " \t\n\xa0\u2028\u2029\u3000\u200b\ufeff"
# What word processors and slides end lines with, and all else that means a new line.
_LINE_END = re.compile(r"\r\n|[\r\v\f\x0e\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_STORED = re.compile(r"[\x00\ud800-\udfff]")  # NUL, and half of a sign that is two
# Commas as people type them in our languages; the same for lists, so that what a form shows for
# editing is read back as it was.
_BETWEEN_WORDS = re.compile(r"[,\n،、，]")


class Refused(ValueError):
    """What is wrong with a value: a sentence for people."""


@dataclass(frozen=True, kw_only=True)
class Field(ABC):
    """One field by the name people read."""

    label: str
    about: str = ""  # what the documentation says of it beside what it may hold
    is_needed: bool = False
    usual: Any = None  # what it is where it is not sent, for the documentation
    example: Any = None

    @abstractmethod
    def read(self, value: Any) -> Any:
        """The value as it is kept.

        Raises:
            Refused: it may not be this.
        """

    @abstractmethod
    def _holds(self) -> dict[str, Any]:
        """What it may hold, in JSON Schema's words."""

    def schema(self) -> dict[str, Any]:
        """All that is to be known of it, as JSON Schema."""
        known = {"description": self.about, "default": self.usual}
        examples = {"examples": [self.example]} if self.example is not None else {}
        return self._holds() | {name: v for name, v in known.items() if v} | examples


def is_storable(text: str) -> bool:
    """Whether every database and page takes the text as it is."""
    return not _NOT_STORED.search(text)


def with_plain_line_ends(text: str) -> str:
    """The text with a newline wherever a line ends, whatever it was pasted from."""
    return _LINE_END.sub("\n", text)


def with_newlines(text: str) -> str:
    """The text with a newline for each end of a line as programs write it; other signs stay."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cleaned(text: str | None) -> str:
    """The text with plain line ends and without blanks around it."""
    return with_plain_line_ends(text or "").strip(BLANKS)


def on_one_line(text: str | None) -> str:
    """The text, cleaned, with single blanks for line ends and more of them."""
    return re.sub(r"[ \t\n]+", " ", cleaned(text))


def too_long(label: str, length: int, limit: int) -> str:
    """The sentence that refuses it; `lengths.js` says the same beside the field."""
    over = length - limit
    characters = "character" if over == 1 else "characters"
    return f"{label}: {over:,} {characters} too long, at most {limit:,} fit."


def _refuse_control_characters(label: str, text: str) -> None:
    if found := _CONTROL.search(text):
        raise Refused(
            f"{label} has an invisible control character (U+{ord(found[0]):04X}) at "
            f"position {found.start() + 1:,}: delete it."
        )


@dataclass(frozen=True, kw_only=True)
class _Typed(Field):
    """Something that people type."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise Refused(f"{self.label} must be text in quotation marks.")
        text = self.cleaned(value)
        self.check(text)
        return text

    def cleaned(self, text: str | None) -> str:
        """The text as it is kept and shown again."""
        return cleaned(text)

    @abstractmethod
    def check(self, text: str) -> None:
        """Look at a text that was cleaned.

        Raises:
            Refused: it may not be this.
        """


@dataclass(frozen=True, kw_only=True)
class Text(_Typed):
    """A text of at most so many characters, on one line or on several."""

    most: int
    has_lines: bool = False
    missing: str = ""  # what to do where it has to be given, and is not

    def cleaned(self, text: str | None) -> str:
        return cleaned(text) if self.has_lines else on_one_line(text)

    def check(self, text: str) -> None:
        if len(text) > self.most:
            raise Refused(too_long(self.label, len(text), self.most))
        # Joiners and marks of direction alone are invisible: a text nobody could read.
        if self.missing and not any(sign.isprintable() and sign != " " for sign in text):
            raise Refused(f"{self.label} is missing: {self.missing}.")
        _refuse_control_characters(self.label, text)

    def _holds(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.most}


@dataclass(frozen=True, kw_only=True)
class Choice(_Typed):
    """One of some names."""

    values: Collection[str]

    def check(self, text: str) -> None:
        is_left_open = not text and not self.is_needed
        if text not in self.values and not is_left_open:
            raise Refused(
                f"{self.label} is {'not known' if text else 'missing'}: "
                f"use one of {', '.join(self.values)}."
            )

    def _holds(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.values]}


@dataclass(frozen=True, kw_only=True)
class Words(Field):
    """Words or phrases, each kept once: a list, or one text with commas or lines between them."""

    most: int
    longest: int  # of one, in characters
    typed_most: int  # of all of them as typed, in characters, blanks and repetitions included

    def read(self, value: Any) -> tuple[str, ...]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(f"{self.label} must be a list of texts, or one text with commas.")
        words = self.cleaned(texts)
        self.check(texts, words)
        return tuple(words)

    def cleaned(self, texts: Sequence[str]) -> list[str]:
        """The words in some texts, in order, each once whatever the case of its letters.

        What will be refused for its length is not taken apart, to be shown as it was typed.
        """
        if self._typed(texts) > self.typed_most:
            return list(texts)
        parts = map(on_one_line, self._taken_apart(cleaned("\n".join(texts))))
        kept: dict[str, str] = {}
        for part in filter(None, parts):
            kept.setdefault(part.casefold(), part)
        return list(kept.values())

    def check(self, texts: Sequence[str], words: Sequence[str]) -> None:
        """Look at some texts and the words in them.

        Raises:
            Refused: there are too many, or one is too long.
        """
        if (typed := self._typed(texts)) > self.typed_most:
            raise Refused(too_long(self.label, typed, self.typed_most))
        if len(words) > self.most:
            raise Refused(f"{self.label} are too many: {len(words):,} of at most {self.most}.")
        if (longest := max(map(len, words), default=0)) > self.longest:
            raise Refused(
                f"{self.label} contain one that is too long: {longest:,} of at most "
                f"{self.longest} characters. {self._advice}"
            )
        _refuse_control_characters(self.label, ",".join(words))

    @property
    def _advice(self) -> str:
        return f"Put commas between {self.label.lower()}."

    def _taken_apart(self, text: str) -> list[str]:
        return _BETWEEN_WORDS.split(text)

    def _typed(self, texts: Sequence[str]) -> int:
        return len(texts) - 1 + sum(map(len, texts))

    def _holds(self) -> dict[str, Any]:
        word = {"type": "string", "maxLength": self.longest}
        listed = {"type": "array", "items": word, "maxItems": self.most}
        return {"anyOf": [listed, {"type": "string", "maxLength": self.typed_most}]}


@dataclass(frozen=True, kw_only=True)
class Lines(Words):
    """Words that may have commas in them: a list, or one text with one of them a line."""

    @property
    def _advice(self) -> str:
        return "Put each on a line of its own."

    def _taken_apart(self, text: str) -> list[str]:
        return text.split("\n")


@dataclass(frozen=True, kw_only=True)
class Texts(Field):
    """A few texts, each like the one that is described; empty ones are left out."""

    most: int
    each: Text

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Refused(f"{self.label} must be a list of texts.")
        if len(value) > self.most:
            raise Refused(f"{self.label} are too many: {len(value):,} of at most {self.most}.")
        return tuple(filter(None, map(self.each.read, value)))

    def _holds(self) -> dict[str, Any]:
        text = {"type": "string", "maxLength": self.each.most}
        return {"type": "array", "items": text, "maxItems": self.most}


@dataclass(frozen=True, kw_only=True)
class Value(Field):
    """Something that is taken as it is sent, or refused with what it must be like."""

    must: str = ""
    is_right: Callable[[Any], bool]
    says: str = ""  # the whole sentence, where it is another
    holds: Mapping[str, Any] = field(default_factory=dict)

    def read(self, value: Any) -> Any:
        is_storable_text = not isinstance(value, str) or is_storable(value)
        if not (is_storable_text and self.is_right(value)):
            raise Refused(self.says or f"{self.label} must {self.must}.")
        return value

    def _holds(self) -> dict[str, Any]:
        return dict(self.holds)


def number(label: str, least: int, most: int, note: str = "", **known: Any) -> Value:
    """A number within limits, with or without fractions."""
    return Value(
        label=label,
        must=f"be a number from {least} to {most}{note}",
        # JSON's true is an int to Python; NaN fails both comparisons.
        is_right=lambda value: type(value) in (int, float) and least <= value <= most,
        holds={"type": "number", "minimum": least, "maximum": most},
        **known,
    )


def whole(label: str, least: int, most: int, **known: Any) -> Value:
    """A whole number within limits."""
    return Value(
        label=label,
        must=f"be a whole number from {least} to {most}",
        is_right=lambda value: type(value) is int and least <= value <= most,
        holds={"type": "integer", "minimum": least, "maximum": most},
        **known,
    )


def yes_or_no(label: str, **known: Any) -> Value:
    """True or false."""
    return Value(
        label=label,
        must="be true or false",
        is_right=lambda value: isinstance(value, bool),
        holds={"type": "boolean"},
        **known,
    )


def an_id(label: str, **known: Any) -> Value:
    """The id of something that is kept."""
    uuid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    example = "0b9c9e52-6a3e-4f0e-9b57-0e6f7d0f6a52"
    return matching(label, uuid, f"be an id, such as {example}", example=example, **known)


def one_of(label: str, values: Collection[str], **known: Any) -> Value:
    """One of some names, as it is."""
    return Value(
        label=label,
        must=f"be one of {', '.join(values)}",
        is_right=lambda value: isinstance(value, str) and value in values,
        holds={"type": "string", "enum": [*values]},
        **known,
    )


def some_of(label: str, values: Collection[str], **known: Any) -> Value:
    """Some of some names, each once."""
    return Value(
        label=label,
        must=f"be a list of some of {', '.join(values)}, each once",
        is_right=lambda value: (
            isinstance(value, list)
            and all(isinstance(each, str) and each in values for each in value)
            and len(set(value)) == len(value)
        ),
        holds={
            "type": "array",
            "items": {"type": "string", "enum": [*values]},
            "uniqueItems": True,
            "maxItems": len(values),
        },
        **known,
    )


def matching(label: str, pattern: str, must: str, **known: Any) -> Value:
    """A text of a certain form."""
    return Value(
        label=label,
        must=must,
        is_right=lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None,
        holds={"type": "string", "pattern": f"^{pattern}$"},
        **known,
    )


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A moment with its zone."""

    def read(self, value: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise Refused("Write the time like 2026-12-24T08:00:00Z.") from error
        if moment.tzinfo is None:
            raise Refused("Write the time with its zone: 2026-12-24T08:00:00Z.")
        return moment

    def _holds(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, kw_only=True)
class Never(Field):
    """A name that means something elsewhere, and is refused here with the reason."""

    because: str

    def read(self, value: Any) -> Any:
        raise Refused(self.because)

    def _holds(self) -> dict[str, Any]:
        return {"type": "null"}


Fields = Mapping[str, Field]


def fields_of(shape: type) -> dict[str, Field]:
    """The fields of a dataclass whose types are annotated with them, and what they usually are."""
    hints = get_type_hints(shape, include_extras=True)
    rules = {
        each.name: (hints[each.name].__metadata__[0], each.default)
        for each in fields(shape)
        if get_origin(hints[each.name]) is Annotated
    }
    return {
        name: rule if rule.is_needed else replace(rule, usual=default)
        for name, (rule, default) in rules.items()
    }


def read(
    known: Fields, sent: Mapping[str, Any], is_change: bool = False
) -> tuple[dict[str, Any], Errors]:
    """What was sent of some fields, or else what is wrong, one sentence a field.

    What is null counts as not sent; other names are ignored, so nothing else can be set. A change
    need not hold what is needed, but may not take it away; of all else null says that it does.
    """
    values: dict[str, Any] = {}
    errors: Errors = {}
    for name, rule in known.items():
        value = sent.get(name)
        if value is None and not rule.is_needed:
            if is_change and name in sent:
                values[name] = None
            continue
        if is_change and name not in sent:
            continue
        try:
            values[name] = rule.read("" if value is None else value)
        except Refused as refused:
            errors[name] = [str(refused)]
    return ({} if errors else values), errors
