"""The one exception of Ollama, and how what a server says becomes one."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from smartcontent.ollama.causes import KINDS, RULES

DETAIL_LENGTH = 200
# Of what a server says, as much as its cause shows in: the rest may be megabytes.
_READ = 2000
RETRY_AFTER_LIMIT = 3600.0


class OllamaError(Exception):
    """Ollama could not do what was asked; `str()` is one sentence: what happened, what to do next.

    `cause` is a stable slug, whose sentence `values` fill in; `transient` says that the same
    request may succeed later, `retry_after` is the wait in seconds the server asked for, and
    `detail` is by what the cause was known (at most 200 characters, printable): for operators'
    logs. Nothing else that the server said is in it: that may quote a brief, a text or the key.
    """

    def __init__(self, cause: str, values: Mapping[str, Any], detail: str = "") -> None:
        kind = KINDS[cause]
        super().__init__(kind.filled(values))
        self.cause = cause
        self.values = kind.of_use(values)
        self.transient = kind.transient
        self.retry_after: float | None = None
        # One printable line, so that a server cannot write lines of its own into our logs.
        one_line = " ".join(detail.split())
        self.detail = "".join(filter(str.isprintable, one_line))[:DETAIL_LENGTH]


def failure(cause: str, names: Mapping[str, Any], *, detail: str = "") -> OllamaError:
    """The error of a cause; what it names and is not known stays empty."""
    return OllamaError(cause, {"model": "", "server": "", **names}, detail)


def failure_of(status: int | None, text: str, names: Mapping[str, Any]) -> OllamaError:
    """The error for what the server said, with a status or (None) in the middle of a stream."""
    text = text[:_READ]
    known_by = f"HTTP {status} " if status else ""
    for rule in RULES:
        if status in rule.statuses and (words := re.search(rule.words, text, re.IGNORECASE)):
            return failure(rule.cause, names, detail=known_by + words[0])
    return failure("protocol", names, detail=known_by)


def error_text(body: bytes) -> str:
    """The message inside an error body, whatever its shape; the body itself where there is none."""
    plain = body.decode(errors="replace")
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        return plain
    error = decoded.get("error") if isinstance(decoded, dict) else None
    if isinstance(error, dict):  # as OpenAI's API has it
        error = error.get("message")
    if not isinstance(error, str):
        return plain
    # The runner's own error comes as JSON inside the string.
    return error_text(error.encode(errors="replace")) if error.startswith("{") else error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait from Retry-After, given in seconds or as a date; at most an hour."""
    value = headers.get("Retry-After", "").strip()
    try:
        wait = (
            float(value)
            if value.isascii() and value.isdigit()
            else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_LIMIT)
