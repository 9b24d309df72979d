"""What one check found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How a dependency is: `degraded` still works, but not as it should."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Finding:
    """A state, what it was concluded from, what to do, and since when if that is known."""

    state: State
    cause: str
    remedy: str = ""
    since: datetime | None = None


def ok(cause: str, since: datetime | None = None) -> Finding:
    return Finding(State.OK, cause, since=since)


def degraded(cause: str, remedy: str, since: datetime | None = None) -> Finding:
    return Finding(State.DEGRADED, cause, remedy, since)


def down(cause: str, remedy: str, since: datetime | None = None) -> Finding:
    return Finding(State.DOWN, cause, remedy, since)
