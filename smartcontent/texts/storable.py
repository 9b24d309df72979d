"""What every database and socket takes of a text."""

from typing import Any


def storable(text: str) -> str:
    """The text without NUL, and with a mark in the place of half a surrogate pair."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
