"""What keeps a text from being written: rows and Redis have the cause and its values, and the
sentence is made of them when somebody reads it."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smartcontent.ollama.causes import KINDS, Kind, Mender

OURS = {
    "worker_lost": Kind(
        False,
        Mender.READER,
        "The worker stopped in the middle of this text {attempts} times: ask your administrator to "
        "look at the worker's log, then retry.",
    ),
    "source_gone": Kind(
        False,
        Mender.READER,
        "The version it was to be made of is gone: choose another one.",
    ),
    "not_made_ready": Kind(
        False,
        Mender.READER,
        "Of what is on record of this version no request can be made: ask for another draft of the "
        "brief, and your administrator to look at the worker's log.",
    ),
    "not_downloaded": Kind(
        True,
        Mender.DOWNLOADER,
        "Ollama does not have {model}: download it here, or run `ollama pull {model}`.",
    ),
    "no_worker": Kind(
        True,
        Mender.OPERATOR_OF_ALL,
        "No worker is running: start one with `python worker.py`.",
    ),
    "nobody_writes": Kind(
        True, Mender.OPERATOR_OF_ALL, "Nobody can write it, {finding}: {remedy}."
    ),
}
_EVERY = KINDS | OURS


def of_use(cause: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Those of the values that the cause's sentence is made of; None where there is no such one."""
    kind = _EVERY.get(cause)
    return kind.of_use(values) if kind else None


@dataclass(frozen=True)
class Failure:
    """A cause with its values.

    Raises:
        KeyError, TypeError, ValueError: there is no such cause, or its values are others.
    """

    cause: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _EVERY[self.cause].filled(self.values)

    @property
    def sentence(self) -> str:
        """What happened and, after a colon, what to do next."""
        return _EVERY[self.cause].filled(self.values)

    @property
    def mender(self) -> Mender:
        return _EVERY[self.cause].mender


@dataclass(frozen=True)
class ToldElsewhere:
    """A failure on record by another version of this program, as far as it can be told."""

    cause: str
    sentence: str

    @property
    def mender(self) -> Mender:
        kind = _EVERY.get(self.cause)
        return kind.mender if kind else Mender.OPERATOR


def on_record(
    cause: str, values: Mapping[str, Any] | None, earlier: str | None
) -> Failure | ToldElsewhere:
    """What a row says: cause and values, or the finished sentence that earlier versions kept."""
    if values is not None:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return Failure(cause, values)
    return ToldElsewhere(cause, earlier or "It could not be written: retry.")
