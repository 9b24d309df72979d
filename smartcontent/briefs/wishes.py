"""How and when a brief is to be written, as far as its owner wishes: all else is usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from smartcontent.fields import Field, Refused, matching, number, read, whole

VARIANTS_MOST = 4
LONGEST_DELAY = timedelta(days=365)
# Steps of the temperature, in words that say what becomes of a text ("warmer" is a tone).
BOLDNESS: Mapping[str, float] = MappingProxyType(
    {"careful": 0.2, "usual": 0.5, "freer": 0.8, "boldest": 1.1}
)

Wishes = dict[str, Any]

# What a draft may wish for itself alone.
OWN: dict[str, Field] = {
    "model": matching(
        "Model",
        r"[A-Za-z0-9._:/-]{1,100}",
        "be the name of an Ollama model, such as llama3.2:3b: at most 100 letters, digits and "
        ". _ : / - characters",
        about="The Ollama model; without it the server's. One that Ollama does not have is taken:"
        " `waiting_for` says that it is missing.",
        example="llama3.2:3b",
    ),
    "temperature": number("Temperature", 0, 2, usual=0.5, example=0.7),
    "seed": whole("Seed", 0, 2**31 - 1, example=7),
}


def may_be_model(name: str) -> bool:
    """Whether a brief may name such a model, whoever says that there is one."""
    return not read(OWN, {"model": name})[1]


@dataclass(frozen=True, kw_only=True)
class Variants(Field):
    """How many drafts of one brief, or what each of them wishes."""

    label: str = "Variants"

    def read(self, value: Any) -> int | list[Wishes]:
        if type(value) is int and 1 <= value <= VARIANTS_MOST:
            return value
        if not isinstance(value, list) or not 1 <= len(value) <= VARIANTS_MOST:
            raise Refused(
                f"{self.label} must be a whole number from 1 to {VARIANTS_MOST}, or a list of 1 to "
                f"{VARIANTS_MOST}."
            )
        return [self._wishes(place, each) for place, each in enumerate(value, 1)]

    def _wishes(self, place: int, value: Any) -> Wishes:
        if not isinstance(value, dict):
            raise Refused(f"{self.label}: number {place} must be an object.")
        wishes, errors = read(OWN, value)
        for [said] in errors.values():
            raise Refused(f"{self.label}: number {place}: {said}")
        return wishes

    def _holds(self) -> dict[str, Any]:
        own = {name: field.schema() for name, field in OWN.items()}
        return {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": VARIANTS_MOST},
                {
                    "type": "array",
                    "items": {"type": "object", "properties": own},
                    "minItems": 1,
                    "maxItems": VARIANTS_MOST,
                },
            ]
        }


def boldness_of(temperature: float) -> str:
    """The temperature in a word, or as the number that it is."""
    words = {value: word for word, value in BOLDNESS.items()}
    return words.get(temperature, f"temperature {temperature:g}")


def by_boldness(number: int) -> Sequence[Wishes]:
    """What some variants wish that differ by their temperature, the most careful first."""
    words = ("usual",) if number == 1 else ("careful", "freer") if number == 2 else [*BOLDNESS]
    return [{"temperature": BOLDNESS[word]} for word in words[:number]]


WISHES: dict[str, Field] = {
    **OWN,
    "variants": Variants(
        about="How many drafts to make of it, all due together, with seeds one after the other; "
        "or a list with the `model`, `temperature` or `seed` of each, whatever of these it says. "
        "Those that differ by model or temperature have the same seed.",
        usual=1,
    ),
    "delay_seconds": number(
        "Delay_seconds",
        0,
        LONGEST_DELAY // timedelta(seconds=1),
        ", which is a year",
        about="After how many seconds it starts; without it after the server's usual delay.",
        example=120,
    ),
}
