"""The one exception of Ollama, and how what a server says becomes one."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from smartcontent.ollama.causes import KINDS, RULES

DETAIL_LENGTH = 200
# Of what a server says, as much as its cause shows in: the rest may be megabytes.
_READ = 2000
RETRY_AFTER_LIMIT = 3600.0


class OllamaError(Exception):
    """Ollama could not do what was asked; `str()` is one sentence: what happened, what to do next.

    `cause` is a stable slug, `transient` says that the same request may succeed later,
    `retry_after` is the wait in seconds the server asked for, and `detail` is what the server said
    (at most 200 characters, printable): for operators' logs, never for a page.
    """

    def __init__(
        self,
        sentence: str,
        *,
        cause: str,
        transient: bool = False,
        retry_after: float | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.transient = transient
        self.retry_after = retry_after
        # One printable line, so that a server cannot write lines of its own into our logs.
        one_line = " ".join(detail.split())
        self.detail = "".join(filter(str.isprintable, one_line))[:DETAIL_LENGTH]


def failure(
    cause: str,
    names: Mapping[str, object],
    *,
    detail: str = "",
    transient: bool | None = None,
) -> OllamaError:
    """The error of a cause, its sentence filled in with the names."""
    kind = KINDS[cause]
    return OllamaError(
        kind.sentence.format_map({"model": "", "server": "", **names}),
        cause=cause,
        transient=kind.transient if transient is None else transient,
        detail=detail,
    )


def told(status: int | None, text: str, names: Mapping[str, object]) -> OllamaError:
    """The error for what the server said, with a status or (None) in the middle of a stream."""
    text = text[:_READ]
    for rule in RULES:
        if status in rule.statuses and re.search(rule.words, text, re.IGNORECASE):
            return failure(rule.cause, names, detail=text)
    return failure("protocol", names, detail=f"HTTP {status} {text}")


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
    return error_text(error.encode()) if error.startswith("{") else error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait from Retry-After, given in seconds or as a date; at most an hour."""
    value = headers.get("Retry-After", "").strip()
    try:
        wait = (
            float(value)
            if value.isascii() and value.isdigit()
            else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_LIMIT)
