"""Whether a text keeps to the limits of where it is to be posted, from one file of data."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from smartcontent.texts.quality.measuring import UNITS
from smartcontent.texts.quality.parts import parts_called

_SAID = ("pixels", "hashtags")  # all else is characters to people, however they are counted


@dataclass(frozen=True)
class Limit:
    """One limit, and the value that the text has; `least` is 0 where there is none."""

    name: str
    limit: int
    least: int
    value: int
    unit: str
    ok: bool
    note: str
    source: str
    as_of: str

    @property
    def bounds(self) -> str:
        """What it asks for: "280", "121 to 156"."""
        return f"{self.least:,} to {self.limit:,}" if self.least else f"{self.limit:,}"

    @property
    def unit_said(self) -> str:
        """What it counts, in words."""
        return self.unit if self.unit in _SAID else "characters"


@cache
def _known() -> dict[str, Any]:
    path = Path(__file__).with_name("limits.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _of_type(content_type: str) -> list[dict[str, Any]]:
    return [known for known in _known()["limits"] if known["for"] == content_type]


def limits_for(content_type: str) -> list[Limit]:
    """The limits for this type of content, before there is a text."""
    return [_held_against(known, [0]) for known in _of_type(content_type)]


def limits_of(text: str, content_type: str) -> list[Limit]:
    """The limits for this type of content whose part the text has."""
    found = ((known, parts_called(known["part"], text)) for known in _of_type(content_type))
    return [
        _held_against(known, [UNITS[known["unit"]](part) for part in parts])
        for known, parts in found
        if parts
    ]


def _held_against(known: dict[str, Any], values: list[int]) -> Limit:
    most, least = known["most"], known.get("least", 0)
    value = min(values) if min(values) < least and max(values) <= most else max(values)
    return Limit(
        name=known["name"],
        limit=most,
        least=least,
        value=value,
        unit=known["unit"],
        ok=least <= value <= most,
        note=known.get("note", ""),
        source=known["source"],
        as_of=known.get("as_of", _known()["as_of"]),
    )
