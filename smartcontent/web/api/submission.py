"""What a script submits: a brief, and how and when it is to be written."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from smartcontent.briefs.brief import Brief
from smartcontent.briefs.from_json import brief_from_json, settings_from_json
from smartcontent.models import Content
from smartcontent.web.problems import Problem


@dataclass(frozen=True)
class Submission:
    """A checked request for a content."""

    brief: Brief
    title: str
    settings: dict[str, Any]

    @property
    def digest(self) -> str:
        """The same for two bodies that ask for the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def submission_from(payload: dict[str, Any]) -> Submission:
    """Read a submission; names we do not know are ignored.

    Raises:
        Problem: fields are missing or wrong (422), each named with its sentences.
    """
    fields, brief_errors = brief_from_json(payload)
    settings, settings_errors = settings_from_json(payload)
    errors = brief_errors | settings_errors
    if errors:
        raise Problem(422, f"Not accepted: see errors ({', '.join(errors)}).", errors)
    title = fields.pop("title")
    return Submission(Brief(**fields), title, settings)


def as_payload(content: Content) -> dict[str, Any]:
    """The body that would have made the content as it is now, a title left to us left out."""
    payload = vars(content.brief) | content.settings | {"keywords": content.keywords}
    return payload | {"title": content.own_title or None}
