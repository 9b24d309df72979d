"""The job: one draft is claimed, written, and its end put on record. Safe to run twice."""

import logging
from contextlib import ExitStack, closing
from datetime import datetime, timedelta

from flask import current_app

from smartcontent import logs
from smartcontent.models import Draft, Status, now
from smartcontent.models.moments import iso
from smartcontent.models.status import WAITS
from smartcontent.ollama import OllamaError
from smartcontent.progress.batches import announce_of
from smartcontent.stores.sql import db, only_read
from smartcontent.writing.armed import LONGEST_SECONDS, Ready, hands, ready
from smartcontent.writing.attempt import Attempt, WorkerStopping, patiently
from smartcontent.writing.backoff import tries_away
from smartcontent.writing.lease import DraftTaken
from smartcontent.writing.outcome import complete, give_up_unsent, hand_back
from smartcontent.writing.retrying import give_up_or_try_later, may_be_tried_with_room
from smartcontent.writing.room_to_think import ask_again

log = logging.getLogger(__name__)

TRIES = 5  # to claim a draft that its owner, or the clerk, changes just then


def write_draft(draft_id: int) -> None:
    """Write one draft, showing the text as it comes. Safe to run twice."""
    only_read()
    draft = db.session.get(Draft, draft_id)
    db.session.commit()
    logs.work_for(draft.request_id if draft else None)
    after = draft.error_cause if draft is not None else None
    tries = tries_away(draft) if draft is not None else 0
    earlier = draft.text if draft is not None else ""  # pages begin anew with the claim
    due_at = draft.due_at if draft is not None else None
    made = _claimed(draft, after) if draft is not None else None
    if draft is None or made is None:
        if _is_put_off(draft_id, due_at):
            hands.give_back(draft_id)
        db.session.rollback()
        log.info("Nothing to do draft=%s", draft_id)
        return
    begun = Attempt(draft, after, made.around.before, tries, earlier)
    with closing(made), closing(begun) as attempt:
        if made.answer is not None:
            attempt.begin(made.answer)
        _tell_of_claim(draft)
        is_noted = _write(draft, attempt, made)
        attempt.forget()
        if not is_noted:
            log.info("Stopped draft=%s attempt=%s", draft_id, attempt.number)
            if not _read_anew(draft_id):
                return
            draft.announce()  # it may have ended so by us: the answer to a commit can be lost
    announce_of(draft)
    if draft.model is not None and draft.status == Status.COMPLETED:
        ask_again(draft.model)


def _claimed(draft: Draft, after: str | None) -> Ready | None:
    """What is to be sent, once the draft is ours; None where it is not, or not now.

    After an attempt that ended for that cause, something else may be sent.
    """
    lease, draft_id = current_app.config["LEASE_SECONDS"], draft.id
    for _ in range(TRIES):
        if not _starts_soon(draft):
            return None
        with ExitStack() as unless_claimed:
            made = ready(draft, after)
            unless_claimed.callback(made.close)
            is_due = hands.wait(draft)
            if is_due and draft.claim(lease, **made.record):
                unless_claimed.pop_all()
                return made
        if not is_due or not _read_anew(draft_id):
            return None
    return None


def _is_put_off(draft_id: int, since: datetime | None) -> bool:
    """Whether it has another due time, to come, than when its job began."""
    only_read()
    draft = db.session.get(Draft, draft_id)  # it may be gone by now
    if draft is None or draft.due_at is None or draft.due_at == since:
        return False
    return draft.status in WAITS and draft.due_at > now()


def _starts_soon(draft: Draft) -> bool:
    if draft.due_at is None or draft.status not in WAITS:
        return False
    return (draft.due_at - now()).total_seconds() <= LONGEST_SECONDS


def _read_anew(draft_id: int) -> bool:
    """Read it and its brief anew, holding up no writer; False if it is gone."""
    db.session.expire_all()
    only_read()
    is_there = db.session.get(Draft, draft_id) is not None
    db.session.commit()
    return is_there


def _write(draft: Draft, attempt: Attempt, made: Ready) -> bool:
    """Write the text and note how it ended; False where it is no longer ours to note."""
    if made.answer is None:
        return patiently(lambda: give_up_unsent(draft, attempt, made.problem))
    try:
        attempt.write(made.answer)
    except DraftTaken:
        return False
    except WorkerStopping:
        return patiently(lambda: hand_back(draft, attempt))
    except OllamaError as error:
        problem = error
        return patiently(lambda: give_up_or_try_later(draft, attempt, problem))
    spent = made.answer.spent_on_thinking()
    if spent and may_be_tried_with_room(attempt):
        return patiently(lambda: give_up_or_try_later(draft, attempt, spent))
    return complete(draft, attempt, made.answer, made)


def _tell_of_claim(draft: Draft) -> None:
    committed_at = now()
    draft.announce()
    assert draft.started_at
    assert draft.due_at
    log.info(
        "Job picked up draft=%s job=%s due=%s late_ms=%.1f committed_ms=%.1f attempt=%s",
        draft.id, draft.job_id, iso(draft.due_at), _ms(draft.started_at - draft.due_at),
        _ms(committed_at - draft.due_at), draft.attempt,
    )  # fmt: skip


def _ms(time: timedelta) -> float:
    return time.total_seconds() * 1000
