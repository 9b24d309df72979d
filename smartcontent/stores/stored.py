"""What is kept in Redis, read as if anybody might have written it: misshapen is absent.

Each reader answers None for what it cannot read, and says so once a key.
"""

import json
import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import redis as redis_py

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST_SAID = 100
_said: set[str] = set()


def asked(key: str, ask: Callable[[], T]) -> T | None:
    """Redis's answer; None where it keeps another type of value under the key.

    Raises:
        redis.RedisError: Redis does not answer, or refuses for another reason.
    """
    try:
        return ask()
    except redis_py.ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise
        return _absent(key)


def text(key: str, raw: object) -> str | None:
    """A text."""
    try:
        return raw.decode() if isinstance(raw, bytes) else None
    except UnicodeDecodeError:
        return _absent(key)


def number(key: str, raw: object) -> float | None:
    """A finite number."""
    written = text(key, raw)
    if written is None:
        return None
    try:
        found = float(written)
    except ValueError:
        return _absent(key)
    return found if math.isfinite(found) else _absent(key)


def moment(key: str, raw: object) -> datetime | None:
    """A moment as RQ writes it, in UTC."""
    written = text(key, raw)
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return _absent(key)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def document(key: str, raw: object, shape: Callable[[Any], T]) -> T | None:
    """JSON; `shape` makes of it what is wanted, or raises ValueError, TypeError or KeyError."""
    written = text(key, raw)
    if written is None:
        return None
    try:
        return shape(json.loads(written))
    except (ValueError, TypeError, KeyError, RecursionError):
        return _absent(key)


def _absent(key: str) -> Any:
    if key not in _said and len(_said) < MOST_SAID:
        _said.add(key)
        log.warning("taken for absent: what Redis has under %s was not written by us", key)
    return None
