"""By which door somebody has come who has something done: it is kept with what is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from flask import has_request_context, request


class Door(StrEnum):
    """Where an act was asked for: elsewhere, of what an archive brought; `system`: by nobody."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    ARCHIVE = "archive"
    SYSTEM = "system"


_through: ContextVar[Door | None] = ContextVar("door", default=None)


@contextmanager
def through(door: Door) -> Iterator[None]:
    """What is done within is asked for by this door, whoever does it."""
    token = _through.set(door)
    try:
        yield
    finally:
        _through.reset(token)


def door_here() -> Door:
    """The door by which what is being done was asked for."""
    if known := _through.get():
        return known
    if not has_request_context():
        return Door.SYSTEM
    return Door.API if (request.blueprint or "").startswith("api_") else Door.PAGE
