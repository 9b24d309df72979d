"""Whether a text keeps to the limits of where it is to be posted, from one file of data."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from smartcontent.texts.quality.measuring import UNITS
from smartcontent.texts.quality.parts import parts_called


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


@cache
def _known() -> dict[str, Any]:
    path = Path(__file__).with_name("limits.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def limits_of(text: str, content_type: str) -> Iterator[Limit]:
    """The limits for this type of content whose part the text has."""
    for known in _known()["limits"]:
        parts = parts_called(known["part"], text) if known["for"] == content_type else []
        if parts:
            yield _held_against(known, [UNITS[known["unit"]](part) for part in parts])


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
