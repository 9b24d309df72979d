"""Idempotency-Key: a submission repeated after a lost answer makes no second content."""

from flask import request
from sqlalchemy.exc import IntegrityError

from smartcontent.briefs.submission import Submission
from smartcontent.contents import submitting
from smartcontent.fields import Refused, matching
from smartcontent.models import Content
from smartcontent.stores.sql import db
from smartcontent.web.problems import Problem

HEADER = "Idempotency-Key"
KEY = matching(
    "The key",
    "[ -~]{1,255}",
    "have 1 to 255 printable ASCII characters",
    about="A key of your own making. The same one with the same body answers the first "
    "submission again; nothing is written twice.",
    example="spring-2026-teapot",
)


def submit_once(user_id: int, submission: Submission) -> tuple[Content, bool]:
    """Submit, or find what was submitted with the request's key; whether it was found.

    Raises:
        Problem: the key cannot be used, or was used for another body (422).
    """
    key = key_of_request()
    try:
        return _submit(user_id, submission, key), False
    except IntegrityError:
        # The index decides, so that of many requests at once exactly one makes a content.
        db.session.rollback()
        if key is None:
            raise
    content = Content.submitted_with(user_id, key)
    if content.request_digest != submission.digest:
        raise _refused("The key was used for another body: take a new key for a new text.")
    return content, True


def _submit(user_id: int, submission: Submission, key: str | None) -> Content:
    return submitting.submit(
        user_id,
        submission.brief,
        submission.title,
        submission.settings,
        delay_seconds=submission.settings.get("delay_seconds"),
        idempotency_key=key,
        request_digest=submission.digest,
        variants=submission.settings.get("variants", 1),
        tags=submission.tags,
    )


def key_of_request() -> str | None:
    """The key that makes the request one however often it is sent; None where it has none.

    Raises:
        Problem: it cannot be used (422).
    """
    key = request.headers.get(HEADER)
    try:
        return key if key is None else KEY.read(key)
    except Refused as refused:
        raise _refused(str(refused)) from refused


def _refused(sentence: str) -> Problem:
    return Problem(422, sentence, {HEADER: [sentence]})
