"""What every database and socket takes of a text."""

import re
from typing import Any

# A codec's error handler would do as much, but is called for each half: all of a text of millions.
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NUL, and with a mark in the place of half a surrogate pair."""
    if text.isascii():
        return text.replace("\0", "")
    return _HALF_OF_A_PAIR.sub("\ufffd", text.replace("\0", ""))


def all_storable(value: Any) -> Any:
    """What JSON has said, all of its texts storable.

    Raises:
        RecursionError: it is nested too deeply.
    """
    match value:
        case str():
            return storable(value)
        case list():
            return [all_storable(each) for each in value]
        case dict():
            return {storable(name): all_storable(each) for name, each in value.items()}
        case _:
            return value


def has_more_values(data: bytes, most: int) -> bool:
    """Whether JSON has more values than so many.

    Each takes twenty times its bytes, and whoever makes them holds up all of the process.
    """
    unescaped = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > 4 * most:  # each value is a text by its name
        return True
    outside_of_texts = unescaped.split(b'"')[::2]
    return sum(part.count(sign) for part in outside_of_texts for sign in (b",", b"[", b"{")) > most
