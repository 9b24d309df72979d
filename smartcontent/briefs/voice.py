"""A voice: how a brand sounds. A brief holds it as it was when the brief was submitted."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, NamedTuple

from smartcontent.fields import Field, Fields, Lines, Text, Texts, Words, fields_of, yes_or_no

SAMPLES_MOST = 3
_IN_PLACE_OF = " instead of "


class Preferred(NamedTuple):
    """A word that the brand likes, and the one it takes the place of, if there is one."""

    word: str
    instead_of: str


@dataclass(frozen=True)
class Voice:
    """How a brand sounds, in its owner's words."""

    name: Annotated[
        str,
        Text(
            label="Name",
            most=80,
            is_needed=True,
            missing="call it by what people know the brand as",
            example="Northwind",
        ),
    ]
    description: Annotated[
        str,
        Text(
            label="Description",
            most=1_000,
            has_lines=True,
            about="How it sounds.",
            example="A good neighbour who knows bicycles.",
        ),
    ] = ""
    always: Annotated[
        tuple[str, ...],
        Lines(
            label="Rules",
            most=20,
            longest=200,
            typed_most=2_000,
            about="What every text does: a list, or one text with one rule a line.",
            example=["Say “we”, never “the company”."],
        ),
    ] = ()
    never: Annotated[
        tuple[str, ...],
        Words(
            label="Words it never uses",
            most=50,
            longest=60,
            typed_most=2_000,
            about="A list, or one text with commas; the quality card marks them.",
            example=["cheap", "revolutionary"],
        ),
    ] = ()
    prefer: Annotated[
        tuple[str, ...],
        Words(
            label="Words it prefers",
            most=50,
            longest=120,
            typed_most=2_000,
            about="A list, or one text with commas; each a word, or “guests instead of customers”.",
            example=["guests instead of customers"],
        ),
    ] = ()
    samples: Annotated[
        tuple[str, ...],
        Texts(
            label="Sample texts",
            most=SAMPLES_MOST,
            each=Text(label="Sample text", most=2_000, has_lines=True),
            about=f"Up to {SAMPLES_MOST} texts that sound like it.",
            example=["We fix your bike while you drink your coffee."],
        ),
    ] = ()
    id: str = ""  # of what it was taken from

    def as_json(self) -> dict[str, Any]:
        """The voice as a row keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> "Voice | None":
        """The voice of a row; None where it has none."""
        if not kept:
            return None
        known = {each.name: kept.get(each.name, ()) for each in fields(cls)}
        taken: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in known.items()
        }
        return cls(**taken)

    @property
    def preferred(self) -> Iterator[Preferred]:
        """The words it prefers, taken apart."""
        for typed in self.prefer:
            word, _, other = typed.partition(_IN_PLACE_OF)
            yield Preferred(word.strip(), other.strip())

    @property
    def as_text(self) -> str:
        """All of it, to be compared and to be looked for."""
        listed = {"Always": self.always, "Never": self.never, "Preferred": self.prefer}
        lines = [f"{label}: {', '.join(words)}" for label, words in listed.items() if words]
        return "\n".join(filter(None, (self.name, self.description, *lines, *self.samples)))


VOICE: dict[str, Field] = fields_of(Voice)
SHARED = yes_or_no(
    "Shared", about="Whether everybody with an account may use it.", usual=False, example=True
)
SHARED_VOICE: Fields = {**VOICE, "shared": SHARED}
