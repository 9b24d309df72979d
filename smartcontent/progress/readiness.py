"""Whether a model is ready for the next draft, as last found: kept in Redis, told to open pages."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import redis as redis_py

from smartcontent import events
from smartcontent.briefs.wishes import may_be_model
from smartcontent.models.failures import Failure
from smartcontent.ollama.causes import Mender
from smartcontent.stores import keys, stored
from smartcontent.stores.redis import redis

log = logging.getLogger(__name__)

# Of a finding that nobody renews: the one who looks is gone, and what he saw may be wrong.
KEPT_SECONDS = 15
# An Ollama that is away for a while has the same models when it is back.
MODELS_KEPT_SECONDS = 3600
MODELS_MOST = 200


class Stage(StrEnum):
    """How far a model is."""

    READY = "ready"
    WARMING = "warming"
    PULLING = "pulling"
    MISSING = "missing"
    PROBLEM = "problem"


WELL = {
    "there": "All is ready: Ollama has {model}, and a worker is there.",
    "loaded": "All is ready: {model} is loaded, and a worker is there.",
    "loading": "All is there; {model} is being loaded…",
    "downloading": "{model} is being downloaded; the draft waits for it.",
    "downloaded_in_part": "{model} is being downloaded, {share:.0%} are there; the draft waits for "
    "it.",
}
TRIED_AGAIN = " The download is tried again by itself."


@dataclass(frozen=True)
class Readiness:
    """What was found of a model: one of WELL, or a cause of a failure with its values.

    Raises:
        KeyError, TypeError, ValueError: there is no such cause, or its values are others.
    """

    model: str
    stage: Stage
    cause: str
    values: Mapping[str, Any] = field(default_factory=dict)
    progress: float | None = None  # of a download, from 0 to 1
    is_tried_again: bool = False

    def __post_init__(self) -> None:
        assert self.sentence

    @property
    def sentence(self) -> str:
        """The same for people."""
        if self.cause in WELL:
            return WELL[self.cause].format(model=self.model, share=self.progress)
        again = TRIED_AGAIN if self.is_tried_again else ""
        return Failure(self.cause, self.values).sentence + again

    @property
    def mender(self) -> Mender:
        """Who can do what the sentence asks for."""
        well = self.cause in WELL
        return Mender.READER if well else Failure(self.cause, self.values).mender

    def as_event(self) -> dict[str, Any]:
        """What a `readiness` event and a snapshot say."""
        return {
            "model": self.model,
            "stage": self.stage,
            "sentence": self.sentence,
            "progress": self.progress,
        }


def _key(model: str) -> str:
    return f"smartcontent:readiness:{model}"


def tell(found: Readiness, user_ids: Iterable[int] = ()) -> None:
    """Keep a finding for pages that open, and tell those that are open."""
    written = json.dumps(asdict(found))
    with redis() as client:
        client.set(_key(found.model), written, ex=KEPT_SECONDS)
    for user_id in user_ids:
        events.publish(user_id, "readiness", found.as_event())


def last_found(model: str) -> Readiness | None:
    """What was last found of a model; None where nobody has looked lately."""
    return next(iter(last_found_of([model])), None)


def last_found_of(models: Sequence[str]) -> list[Readiness]:
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
    if not isinstance(values["model"], str):
        raise TypeError("a model's name is a text")
    return Readiness(**values | {"stage": Stage(values["stage"])})


def note_models(names: Iterable[str]) -> None:
    """Keep those of Ollama's models that a brief may name for its form, so many at most."""
    kept = sorted(name for name in names if may_be_model(name))[:MODELS_MOST]
    with redis() as client:
        client.set(keys.MODELS, json.dumps(kept), ex=MODELS_KEPT_SECONDS)


def noted_models() -> list[str]:
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
