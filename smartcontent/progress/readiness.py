"""Whether a model is ready for the next draft, as last found: kept in Redis, told to open pages."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import redis as redis_py

from smartcontent import events
from smartcontent.stores import keys, stored
from smartcontent.stores.redis import redis

log = logging.getLogger(__name__)

# Of a finding that nobody renews: the one who looks is gone, and what he saw may be wrong.
KEPT_SECONDS = 15
PULL_ASKED_SECONDS = 3600
# An Ollama that is away for a while has the same models when it is back.
MODELS_KEPT_SECONDS = 3600


class Stage(StrEnum):
    """How far a model is."""

    READY = "ready"
    WARMING = "warming"
    PULLING = "pulling"
    MISSING = "missing"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Readiness:
    """What was found of a model, in a sentence for people; `progress` of a download is 0 to 1."""

    model: str
    stage: Stage
    sentence: str
    progress: float | None = None


def _key(model: str) -> str:
    return f"smartcontent:readiness:{model}"


def tell(found: Readiness, user_ids: Iterable[int] = ()) -> None:
    """Keep a finding for pages that open, and tell those that are open."""
    written = json.dumps(asdict(found))
    with redis() as client:
        client.set(_key(found.model), written, ex=KEPT_SECONDS)
    for user_id in user_ids:
        events.publish(user_id, "readiness", asdict(found))


def told(model: str) -> Readiness | None:
    """What was last found of a model; None where nobody has looked lately."""
    return next(iter(told_of([model])), None)


def told_of(models: Sequence[str]) -> list[Readiness]:
    """What was last found of each model, asked for at once; nothing of one nobody looked at."""
    if not models:
        return []
    try:
        with redis() as client:
            written = client.mget([_key(model) for model in models])
    except redis_py.RedisError:
        return []
    answers = zip(models, written, strict=True)
    read = [stored.document(_key(model), found, _readiness) for model, found in answers]
    return [found for found in read if found is not None]


def _readiness(values: dict[str, Any]) -> Readiness:
    progress = values["progress"]
    if progress is not None and not 0 <= progress <= 1:
        raise ValueError("no share of a download")
    for name in ("model", "sentence"):
        if not isinstance(values[name], str):
            raise TypeError(f"{name} is no text")
    return Readiness(values["model"], Stage(values["stage"]), values["sentence"], progress)


def tell_models(names: Iterable[str]) -> None:
    """Keep the names of the models that Ollama has, for the form of a brief."""
    with redis() as client:
        client.set(keys.MODELS, json.dumps(sorted(names)), ex=MODELS_KEPT_SECONDS)


def models_told() -> list[str]:
    """The models that Ollama had when somebody looked last; none where that is not known."""
    try:
        with redis() as client:
            written = stored.asked(keys.MODELS, lambda: client.get(keys.MODELS))
    except redis_py.RedisError:
        return []
    return stored.document(keys.MODELS, written, _names) or []


def _names(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(name, str) for name in values):
        raise TypeError("no list of names")
    return values


def ask_for_pull(model: str) -> None:
    """Have the model downloaded to the Ollama server by whoever looks after it.

    Raises:
        redis.RedisError: Redis does not answer, or refuses.
    """
    with redis() as client, client.pipeline(transaction=True) as pipe:
        pipe.sadd(keys.PULLS, model)
        pipe.expire(keys.PULLS, PULL_ASKED_SECONDS)
        pipe.execute()


def pulls_asked_for() -> set[str]:
    """The models somebody wants downloaded."""
    with redis() as client:
        asked = stored.asked(keys.PULLS, lambda: client.smembers(keys.PULLS))
    return {name for raw in asked or () if (name := stored.text(keys.PULLS, raw))}


def pull_ended(model: str) -> None:
    """Take a model off the list of downloads."""
    with redis() as client:
        client.srem(keys.PULLS, model)
