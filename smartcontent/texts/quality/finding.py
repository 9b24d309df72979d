"""What the card finds in a text: where, why, and how it can be mended."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Where it is (code points; None for what concerns the whole text) and what to do about it."""

    kind: str
    start: int | None
    end: int | None
    what: str
    why: str
    fix: str
