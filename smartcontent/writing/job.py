"""The job: one draft is claimed, written, and its end put on record. Safe to run twice."""

import logging
import time
from dataclasses import asdict

from flask import current_app

from smartcontent import logs
from smartcontent.models import Draft, now
from smartcontent.models.moments import iso
from smartcontent.models.status import WAITS
from smartcontent.ollama import OllamaError
from smartcontent.progress.batches import announce_of
from smartcontent.progress.estimates import estimate_for
from smartcontent.prompts.request import Request, SourceGone, request_of, seeded
from smartcontent.stores.sql import db
from smartcontent.writing.attempt import Attempt, DraftTaken, WorkerStopping, patiently
from smartcontent.writing.outcome import (
    SPENT_ON_THINKING,
    complete,
    give_up_or_try_later,
    give_up_without_source,
    hand_back,
)
from smartcontent.writing.surroundings import surroundings
from smartcontent.writing.thinking import with_room_to_think

log = logging.getLogger(__name__)


def write_draft(draft_id: int) -> None:
    """Write one draft, showing the text as it comes. Safe to run twice."""
    draft = db.session.get(Draft, draft_id)
    logs.work_for(draft.request_id if draft else None)
    needs_room = draft is not None and draft.error_cause == SPENT_ON_THINKING
    if draft is None or not _claim(draft):
        db.session.rollback()
        log.info("Nothing to do draft=%s", draft_id)
        return
    before, behind = surroundings(draft)
    attempt = Attempt(draft, needs_room, before)
    if not _write(draft, attempt, needs_room, behind):
        attempt.forget()
        log.info("Stopped draft=%s attempt=%s", draft_id, attempt.number)
    announce_of(draft)


def _write(draft: Draft, attempt: Attempt, needs_room: bool, behind: str) -> bool:
    """Write the text and note how it ended; False where it is no longer ours to note."""
    try:
        answer = attempt.write(_request_on_record(draft, needs_room))
    except DraftTaken:
        return False
    except SourceGone:
        return patiently(lambda: give_up_without_source(draft, attempt))
    except WorkerStopping:
        return patiently(lambda: hand_back(draft, attempt))
    except OllamaError as error:
        problem = error
        return patiently(lambda: give_up_or_try_later(draft, attempt, problem))
    return complete(draft, attempt, answer, behind)


def _request_on_record(draft: Draft, needs_room: bool) -> Request:
    """What is sent to Ollama, written down before it is."""
    request = seeded(with_room_to_think(request_of(draft), needs_room))
    estimate = None if draft.task else estimate_for(draft.content, request.model)
    if not draft.write(
        draft.attempt,
        model=request.model,
        prompt=request.messages,
        options=request.options,
        brief=asdict(draft.content.brief),
        estimated_seconds=estimate and estimate.seconds,
    ):
        raise DraftTaken
    return request


def _claim(draft: Draft) -> bool:
    if draft.due_at and draft.status in WAITS:
        # A scheduler whose clock is ahead of ours may not make us early.
        early = (draft.due_at - now()).total_seconds()
        time.sleep(min(max(early, 0.0), 1.0))
    if not draft.claim(current_app.config["LEASE_SECONDS"]):
        return False
    assert draft.started_at
    assert draft.due_at
    late = (draft.started_at - draft.due_at).total_seconds() * 1000
    log.info(
        "Job picked up draft=%s job=%s due=%s late_ms=%.1f attempt=%s",
        draft.id, draft.job_id, iso(draft.due_at), late, draft.attempt,
    )  # fmt: skip
    return True
