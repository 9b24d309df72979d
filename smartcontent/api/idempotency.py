"""Idempotency-Key: a submission repeated after a lost answer makes no second content."""

import re

from flask import request
from sqlalchemy import select

from smartcontent import jobs
from smartcontent.api.submission import Submission
from smartcontent.extensions import db
from smartcontent.models import Content
from smartcontent.problems import Problem

HEADER = "Idempotency-Key"
_PRINTABLE = re.compile(r"[ -~]{1,255}")
# Kept in the content's settings, so that a change of the brief does not change the comparison.
_DIGEST = "request_digest"


def submit_once(user_id: int, submission: Submission) -> tuple[Content, bool]:
    """Submit, or find what was submitted with the request's key; whether it was found.

    Raises:
        Problem: the key cannot be used, or was used for another body (422).
    """
    key = _key()
    if key is None:
        return _submit(user_id, submission, submission.settings, None), False
    settings = {**submission.settings, _DIGEST: submission.digest}
    earlier = db.session.scalar(select(Content).filter_by(user_id=user_id, idempotency_key=key))
    content = earlier or _submit(user_id, submission, settings, key)
    if content.settings.get(_DIGEST) != submission.digest:
        raise _refused("The key was used for another body: take a new key for a new text.")
    # Of two requests at once one makes the content; the other is handed the first's row.
    return content, content.settings is not settings


def kept_digest(content: Content) -> dict[str, str]:
    """The part of a content's settings that a change must keep."""
    return {name: value for name, value in content.settings.items() if name == _DIGEST}


def _submit(
    user_id: int, submission: Submission, settings: dict[str, object], key: str | None
) -> Content:
    return jobs.submit(
        user_id,
        submission.brief,
        submission.title,
        settings,
        submission.settings.get("delay_seconds"),
        key,
    )


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _PRINTABLE.fullmatch(key):
        raise _refused("The key must have 1 to 255 printable ASCII characters.")
    return key


def _refused(sentence: str) -> Problem:
    return Problem(422, sentence, {HEADER: [sentence]})
