"""What scripts and commands submit: a brief, and how and when it is to be written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from smartcontent.briefs.brief import TITLED_BRIEF, Brief, brief_of, title_of
from smartcontent.briefs.template import THROUGH
from smartcontent.briefs.wishes import WISHES
from smartcontent.fields import Fields, an_id

VOICE_ID = an_id(
    "Voice_id",
    about="The voice it is to sound like, of your own or shared; it is taken as it is now.",
)
SUBMISSION: Fields = {**TITLED_BRIEF, **WISHES, "voice_id": VOICE_ID, **THROUGH}
# What is said of each of many that are due by one rule: the rows of a batch, the times of a series.
UNTIMED: Fields = {
    name: SUBMISSION[name] for name in (*TITLED_BRIEF, "model", "temperature", "seed")
}


@dataclass(frozen=True)
class Submission:
    """A checked request for a content."""

    brief: Brief
    title: str
    settings: dict[str, Any]
    tags: tuple[str, ...] = ()
    # As it was sent, where a template stands for the rest: that may be another when it comes again.
    sent: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Submission":
        """The submission of values that were read."""
        settings = {name: values[name] for name in WISHES if values.get(name) is not None}
        return cls(brief_of(values), title_of(values), settings, tuple(values.get("tags") or ()))

    @property
    def digest(self) -> str:
        """The same for two bodies that ask for the same."""
        if self.sent is not None:
            return _digest_of(dict(self.sent))
        asked = asdict(self)
        del asked["sent"]
        if not self.tags:  # so that those of before there were any are the same still
            del asked["tags"]
        voice = asked["brief"].pop("voice")
        if not asked["brief"]["material"]:
            del asked["brief"]["material"]
        # By its id alone: what was said of it may be another when the request is sent again.
        asked |= {"voice": voice["id"]} if voice else {}
        return _digest_of(asked)


def _digest_of(asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
