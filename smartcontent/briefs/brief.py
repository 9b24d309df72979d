"""A brief: what the user typed, complete and checked; its fields are listed here alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, LENGTHS, TONES
from smartcontent.briefs.voice import Voice
from smartcontent.fields import BLANKS, Choice, Field, Text, Words, fields_of, on_one_line

MATERIAL_LONGEST = 8_000  # characters
TITLE_MAX = 80  # of a title made from the topic, in characters


@dataclass(frozen=True)
class Brief:
    """What prompts are made of."""

    content_type: Annotated[
        str,
        Choice(
            label="Content type",
            values=CONTENT_TYPES,
            is_needed=True,
            example="product_description",
        ),
    ]
    topic: Annotated[
        str,
        Text(
            label="Topic",
            most=2_000,
            has_lines=True,
            is_needed=True,
            missing="say what the text is about",
            example="A teapot of blue glass, 0.8 litres",
        ),
    ]
    audience: Annotated[str, Text(label="Audience", most=200, about="For whom it is.")] = ""
    tone: Annotated[str, Choice(label="Tone", values=TONES)] = "friendly"
    length: Annotated[
        str, Choice(label="Length", values=LENGTHS, about="By default what fits the content type.")
    ] = "medium"
    language: Annotated[str, Choice(label="Language", values=LANGUAGES)] = "en"
    keywords: Annotated[
        tuple[str, ...],
        Words(
            label="Keywords",
            most=20,
            longest=60,
            typed_most=5_000,
            about="A list, or one text with commas.",
            example=["teapot", "glass"],
        ),
    ] = ()
    instructions: Annotated[
        str,
        Text(
            label="Instructions",
            most=4_000,
            has_lines=True,
            about="What else the writer must know.",
        ),
    ] = ""
    voice: Voice | None = None
    material: str = ""  # the finished text that another is to be made from

    @property
    def typed(self) -> dict[str, Any]:
        """The fields that are typed."""
        return {name: getattr(self, name) for name in BRIEF}


BRIEF = fields_of(Brief)  # what is typed; all else of a brief is chosen
CHOSEN = ("voice", "material")
TITLED_BRIEF: dict[str, Field] = {
    **BRIEF,
    "title": Text(label="Title", most=200, about="Without it, the topic's first line."),
}


def usual_choices(content_type: str | None) -> dict[str, str]:
    """What a brief of this type says where nothing was chosen."""
    usual = {name: rule.usual for name, rule in BRIEF.items() if rule.usual}
    kind = CONTENT_TYPES.get(content_type or "")
    return usual | ({"length": kind.default_length} if kind else {})


def brief_of(values: Mapping[str, Any]) -> Brief:
    """The brief of values that were read; what is not there or empty is the usual choice."""
    given = {name: values[name] for name in (*BRIEF, *CHOSEN) if values.get(name)}
    return Brief(**usual_choices(given["content_type"]) | given)


def as_material(text: str) -> str:
    """As much of a text as another is made from: whole paragraphs, or else lines, or words."""
    if len(text) <= MATERIAL_LONGEST:
        return text
    head = text[:MATERIAL_LONGEST]
    ends = (head.rpartition(end)[0] for end in ("\n\n", "\n", " "))
    return next(filter(None, ends), head)


def title_from(topic: str) -> str:
    """The topic's first line, cut at a word where it is longer than a title."""
    line = on_one_line(topic.strip(BLANKS).partition("\n")[0])
    if len(line) <= TITLE_MAX:
        return line
    # Languages written without blanks are cut where the room ends.
    head = line[:TITLE_MAX].rpartition(" ")[0] or line[: TITLE_MAX - 1]
    return head.rstrip(" ,;:.-–") + "…"


def title_of(values: Mapping[str, Any]) -> str:
    """The title of values that were read; where none was given, one from the topic."""
    return values.get("title") or title_from(values["topic"])
