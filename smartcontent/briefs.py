"""What a marketer can ask for, and the one form that reads it from page, API and CLI alike."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wtforms import Form, StringField, TextAreaField, ValidationError
from wtforms.fields import Field
from wtforms.widgets import TextInput

Errors = dict[str, list[str]]


@dataclass(frozen=True, eq=False)
class ContentType:
    """One kind of text: how many words each length means, and a brief that shows it off."""

    slug: str
    label: str
    description: str
    default_length: str
    words: Mapping[str, tuple[int, int]]
    example: Mapping[str, Any]


class Language(NamedTuple):
    """A language by its English name and by the name its speakers use."""

    name: str
    own_name: str


LENGTHS = {"short": "Short", "medium": "Medium", "long": "Long"}
TONES = {
    "friendly": "Friendly", "professional": "Professional", "playful": "Playful",
    "persuasive": "Persuasive", "warm": "Warm", "formal": "Formal", "witty": "Witty",
    "confident": "Confident", "inspiring": "Inspiring", "plain": "Plain and factual",
}  # fmt: skip
LANGUAGES = {
    "en": Language("English", "English"),
    "es": Language("Spanish", "Español"),
    "fr": Language("French", "Français"),
    "de": Language("German", "Deutsch"),
    "it": Language("Italian", "Italiano"),
    "pt": Language("Portuguese", "Português"),
    "nl": Language("Dutch", "Nederlands"),
    "pl": Language("Polish", "Polski"),
    "uk": Language("Ukrainian", "Українська"),
    "tr": Language("Turkish", "Türkçe"),
    "ar": Language("Arabic", "العربية"),
    "hi": Language("Hindi", "हिन्दी"),
    "id": Language("Indonesian", "Bahasa Indonesia"),
    "ja": Language("Japanese", "日本語"),
    "ko": Language("Korean", "한국어"),
    "zh-Hans": Language("Chinese (simplified)", "简体中文"),
}


def _type(
    slug: str, label: str, description: str, words: Sequence[tuple[int, int]], **example: Any
) -> ContentType:
    return ContentType(
        slug=slug,
        label=label,
        description=description,
        default_length=example["length"],
        words=dict(zip(LENGTHS, words, strict=True)),
        example={"content_type": slug, "language": "en", **example},
    )


_TYPES = (
    _type(
        "blog_post_outline", "Blog post outline",
        "A working title and the sections to write, each with its points.",
        ((120, 200), (200, 350), (350, 600)),
        topic="How to brew better pour-over coffee at home: water, grind, pouring and patience",
        audience="Beginners who just bought their first dripper",
        tone="friendly", length="medium",
        keywords=["pour-over coffee", "grind size", "water temperature"],
        instructions="Five sections. End with a short list of common mistakes.",
    ),
    _type(
        "product_description", "Product description",
        "A headline, what the product does for its buyer, and its facts as a list.",
        ((40, 80), (80, 150), (150, 300)),
        topic="Mira, a gooseneck kettle: 0.9 litres, brushed steel, keeps the chosen temperature"
        " for 30 minutes, walnut handle, two-year guarantee",
        audience="People who care about their morning coffee",
        tone="warm", length="medium",
        keywords=["gooseneck kettle", "pour-over"],
        instructions="Name the guarantee. Do not mention a price.",
    ),
    _type(
        "social_media_caption", "Social media caption",
        "A few lines to stand beside a picture, with hashtags.",
        ((10, 25), (25, 60), (60, 120)),
        topic="Our bakery's new courtyard opens on Saturday at 9; lemonade is free for the first"
        " 50 guests",
        audience="Neighbours with small children",
        tone="playful", length="short",
        keywords=["courtyard", "Saturday"],
        instructions="One emoji at most, three hashtags.",
    ),
    _type(
        "email_newsletter", "Email newsletter",
        "A subject line, a preview text and the mail itself, with one thing to do.",
        ((80, 150), (150, 300), (300, 500)),
        topic="Spring at the garden centre: 20 % off all hand tools until Sunday, and a free"
        " pruning class on Friday at 17:00",
        audience="Subscribers who garden at the weekend",
        tone="friendly", length="medium",
        keywords=["pruning class", "hand tools"],
        instructions="Ask the reader to book a seat in the class.",
    ),
    _type(
        "ad_copy", "Ad copy",
        "A headline, a few lines and a call to action.",
        ((15, 30), (30, 60), (60, 120)),
        topic="A bicycle mechanic who comes to your door: repairs on the spot, evenings too,"
        " booked online in a minute",
        audience="Commuters who have no time for a workshop",
        tone="confident", length="short",
        keywords=["bike repair", "at your door"],
        instructions="The call to action is: Book a visit.",
    ),
    _type(
        "press_release", "Press release",
        "Headline, lead, details and a note about the company, ready for a newsroom.",
        ((150, 250), (250, 400), (400, 600)),
        topic="Northwind Cargo Bikes opens a repair school in Leeds on 3 May: a twelve-week course,"
        " 24 places a year, no fees for people out of work",
        audience="Local and cycling press",
        tone="professional", length="medium",
        keywords=["repair school", "cargo bikes"],
        instructions="Leave a marked gap for a quotation by the founder.",
    ),
    _type(
        "seo_title_description", "SEO title and description",
        "The title and the description a search engine shows for a page.",
        ((20, 35), (40, 70), (60, 105)),
        topic="The shop page for hand-dyed merino yarn: 42 colours, dyed in small batches, samples"
        " by post",
        audience="Knitters looking for unusual colours",
        tone="plain", length="short",
        keywords=["hand-dyed yarn", "merino"],
        instructions="Do not use the word “best”.",
    ),
)  # fmt: skip
CONTENT_TYPES = {kind.slug: kind for kind in _TYPES}

TITLE_MAX = 80  # of a title made from the topic, in characters
KEYWORDS_MAX, KEYWORD_MAX = 20, 60
# Commas as people type them in the languages above; the same for lists, so that what the form
# shows for editing is read back as it was.
_BETWEEN_KEYWORDS = re.compile(r"[,\n،、，]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# str.strip() would also take away control characters, which are to be refused.
_BLANKS = " \t\n\xa0\u2028\u2029\u3000\u200b\ufeff"


@dataclass(frozen=True)
class Brief:
    """What the user typed, complete and checked; what prompts are made of."""

    content_type: str
    topic: str
    audience: str = ""
    tone: str = "friendly"
    length: str = "medium"
    language: str = "en"
    keywords: tuple[str, ...] = ()
    instructions: str = ""


def title_from(topic: str) -> str:
    """The topic's first line, cut at a word where it is longer than a title."""
    line = topic.strip(_BLANKS).partition("\n")[0].strip(_BLANKS)
    if len(line) <= TITLE_MAX:
        return line
    # Languages written without blanks are cut where the room ends.
    head = line[:TITLE_MAX].rpartition(" ")[0] or line[: TITLE_MAX - 1]
    return head.rstrip(" ,;:.-–") + "…"


def _clean(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip(_BLANKS)


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
    def check(form: Form, field: Field) -> None:
        if len(field.data) > limit:
            raise ValidationError(
                f"{field.label.text} is too long: {len(field.data):,} of at most "
                f"{limit:,} characters."
            )

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

    def process_data(self, value: str | Iterable[str] | None) -> None:
        self.data = _keywords([value] if isinstance(value, str) else value or ())

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        if valuelist:
            self.data = _keywords(valuelist)

    def _value(self) -> str:
        return ", ".join(self.data)

    def pre_validate(self, form: Form) -> None:
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
        "Topic", [_given, _at_most(2_000), _no_control_characters], filters=[_clean]
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
