"""Bytes in, lines out, and what stands on a line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from smartcontent.ollama.errors import error_text, failure, failure_of
from smartcontent.texts.storable import all_storable, has_more_values

_VALUES_MOST = 100_000  # of a list of thousands of models
# Digits of a number that every database takes.
_DIGITS = 18


class Lines:
    """Cuts bytes into lines at line feeds alone, looking at every byte once.

    str.splitlines and its relatives also cut at U+0085 and U+2028, which are text here.
    """

    def __init__(self, limit: int, names: Mapping[str, object]) -> None:
        self.rest = bytearray()
        self._limit = limit
        self._names = names

    def feed(self, block: bytes) -> Iterator[bytes]:
        """The lines that the block completes, each with its line feed.

        Raises:
            OllamaError: cause `protocol`, for a line longer than the limit.
        """
        start = 0
        while (end := block.find(b"\n", start) + 1) > 0:
            self._add(block[start:end])
            yield bytes(self.rest)
            self.rest.clear()
            start = end
        self._add(block[start:])

    def _add(self, part: bytes) -> None:
        self.rest += part
        if len(self.rest) > self._limit:
            raise unreadable(self.rest, self._names)


def unreadable(line: bytes | bytearray, names: Mapping[str, object]) -> Exception:
    """The error for bytes that are not what Ollama sends."""
    return failure("protocol", names, detail=f"{len(line)} bytes that are no JSON object")


def _loaded(line: bytes) -> Any:
    # One broken byte is no reason to lose a text.
    value = json.loads(line.decode("utf-8-sig", "replace"), parse_int=_number)
    return all_storable(value) if b"\\u" in line else value


def _number(digits: str) -> int | float:
    """A whole number, where it is one that can be reckoned with and stored."""
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def decoded(line: bytes, names: Mapping[str, object]) -> dict[str, Any]:
    """The JSON object on a line.

    Raises:
        OllamaError: the line is no JSON object, or one of more values than Ollama sends, is cut in
            the middle, or tells of an error.
    """
    if len(line) > _VALUES_MOST and has_more_values(line, _VALUES_MOST):
        raise unreadable(line, names)
    try:
        value = _loaded(line)
    except (ValueError, RecursionError):
        if line.startswith(b"{") and not line.endswith(b"\n"):
            raise failure("stream_cut", names, detail="in the middle of a line") from None
        raise unreadable(line, names) from None
    if not isinstance(value, dict):
        raise unreadable(line, names)
    if value.get("error"):
        raise failure_of(None, error_text(line), names)
    return value
