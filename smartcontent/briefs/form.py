"""The one form that reads a brief, from page, API and command line alike."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wtforms import Form, StringField, TextAreaField, ValidationError
from wtforms.fields import Field
from wtforms.validators import StopValidation
from wtforms.widgets import TextInput

from smartcontent.briefs.brief import BLANKS, Brief, title_from
from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES

KEYWORDS_MAX, KEYWORD_MAX = 20, 60
KEYWORDS_TYPED_MAX = 5_000  # of all of them as typed, blanks and repetitions included
# Commas as people type them in our languages; the same for lists, so that what the form
# shows for editing is read back as it was.
_BETWEEN_KEYWORDS = re.compile(r"[,\n،、，]")
# What word processors and slides end lines with, and all else that means a new line.
_LINE_END = re.compile(r"\r\n|[\r\v\f\x0e\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def with_plain_line_ends(text: str) -> str:
    """The text with a newline wherever a line ends, whatever it was pasted from."""
    return _LINE_END.sub("\n", text)


def too_long(label: str, length: int, limit: int) -> str:
    """The sentence that refuses it; `lengths.js` says the same beside the field."""
    over = length - limit
    characters = "character" if over == 1 else "characters"
    return f"{label}: {over:,} {characters} too long, at most {limit:,} fit."


def _clean(text: str | None) -> str:
    return with_plain_line_ends(text or "").strip(BLANKS)


def _one_line(text: str | None) -> str:
    return re.sub(r"[ \t\n]+", " ", _clean(text))


def _no_control_characters(form: Form, field: Field) -> None:
    text = field.data if isinstance(field.data, str) else ",".join(field.data)
    if found := _CONTROL.search(text):
        raise ValidationError(
            f"{field.label.text} has an invisible control character (U+{ord(found[0]):04X}) at "
            f"position {found.start() + 1:,}: delete it."
        )


def _at_most(limit: int) -> Callable[[Form, Field], None]:
    """The first check of every text, and the last one where it is too long: others read it all."""

    def check(form: Form, field: Field) -> None:
        if len(field.data) > limit:
            raise StopValidation(too_long(field.label.text, len(field.data), limit))

    return check


def _given(form: Form, field: Field) -> None:
    # Joiners and marks of direction alone are invisible: a topic nobody could read.
    if not any(sign.isprintable() and sign != " " for sign in field.data):
        raise ValidationError(f"{field.label.text} is missing: say what the text is about.")


def _one_of(values: Iterable[str]) -> Callable[[Form, Field], None]:
    def check(form: Form, field: Field) -> None:
        if field.data not in values:
            raise ValidationError(
                f"{field.label.text} is {'not known' if field.data else 'missing'}: "
                f"use one of {', '.join(values)}."
            )

    return check


def _keywords(texts: Iterable[str]) -> list[str]:
    """The keywords in some texts, in order, each once whatever the case of its letters."""
    parts = map(_one_line, _BETWEEN_KEYWORDS.split(_clean("\n".join(texts))))
    kept: dict[str, str] = {}
    for part in filter(None, parts):
        kept.setdefault(part.casefold(), part)
    return list(kept.values())


class KeywordsField(Field):
    """Keywords in one text, between commas or on lines, or as a list; each is kept once."""

    widget = TextInput()

    def process_data(self, value: str | Sequence[str] | None) -> None:
        self._take([value] if isinstance(value, str) else value or ())

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if valuelist:
            self._take(valuelist)

    def _take(self, texts: Sequence[str]) -> None:
        self._typed = len(texts) - 1 + sum(map(len, texts))
        # What is refused for its length is not taken apart, and is shown again as it was typed.
        self.data = _keywords(texts) if self._typed <= KEYWORDS_TYPED_MAX else list(texts)

    def _value(self) -> str:
        return ", ".join(self.data)

    def pre_validate(self, form: Form) -> None:
        if self._typed > KEYWORDS_TYPED_MAX:
            raise StopValidation(too_long("Keywords", self._typed, KEYWORDS_TYPED_MAX))
        if len(self.data) > KEYWORDS_MAX:
            raise ValidationError(
                f"Keywords are too many: {len(self.data):,} of at most {KEYWORDS_MAX}."
            )
        longest = max(map(len, self.data), default=0)
        if longest > KEYWORD_MAX:
            raise ValidationError(
                f"Keywords contain one that is too long: {longest:,} of at most {KEYWORD_MAX} "
                "characters. Put commas between keywords."
            )


def _choice(label: str, values: Iterable[str]) -> StringField:
    return StringField(label, [_one_of(values)], filters=[_clean])


class BriefForm(Form):
    """A brief as typed; after a successful `validate()`, `brief` is what to keep of it."""

    content_type = _choice("Content type", CONTENT_TYPES)
    topic = TextAreaField(
        "Topic", [_at_most(2_000), _given, _no_control_characters], filters=[_clean]
    )
    audience = StringField("Audience", [_at_most(200), _no_control_characters], filters=[_one_line])
    tone = _choice("Tone", TONES)
    length = _choice("Length", LENGTHS)
    language = _choice("Language", LANGUAGES)
    keywords = KeywordsField("Keywords", [_no_control_characters])
    instructions = TextAreaField(
        "Instructions", [_at_most(4_000), _no_control_characters], filters=[_clean]
    )
    title = StringField("Title", [_at_most(200), _no_control_characters], filters=[_one_line])

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        kind = CONTENT_TYPES.get(self.content_type.data)
        usual_length = kind.default_length if kind else Brief.length
        self.tone.data = self.tone.data or Brief.tone
        self.length.data = self.length.data or usual_length
        self.language.data = self.language.data or Brief.language

    @property
    def brief(self) -> Brief:
        """The brief, cleaned."""
        fields = {name: value for name, value in self.data.items() if name != "title"}
        return Brief(**fields | {"keywords": tuple(self.keywords.data)})

    @property
    def title_or_default(self) -> str:
        """The title; where none was given, one from the topic."""
        return self.title.data or title_from(self.topic.data)
