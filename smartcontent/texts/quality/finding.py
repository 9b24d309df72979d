"""What the card finds in a text: where, why, and how it can be mended."""

import hashlib
from dataclasses import dataclass, field

KEY_LENGTH = 32  # hexadecimal digits


@dataclass(frozen=True)
class Finding:
    """Where it is (code points; None for what concerns the whole text) and what to do about it."""

    kind: str
    start: int | None
    end: int | None
    what: str
    why: str
    fix: str
    key: str = field(init=False)  # the same for whatever says the same of a text

    def __post_init__(self) -> None:
        said = f"{self.kind}\0{self.what}".encode("utf-8", "replace")
        object.__setattr__(self, "key", hashlib.sha256(said).hexdigest()[:KEY_LENGTH])
