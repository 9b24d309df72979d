"""An attempt that failed: tried again after a pause, or given up for good."""

import logging
import random
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement

from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.download import Download
from smartcontent.models.moments import due_in
from smartcontent.models.search_index import findable_by
from smartcontent.ollama import OllamaError, canonical
from smartcontent.ollama.configured import comes_by_itself
from smartcontent.prompts.request import model_of
from smartcontent.scheduling import schedule_draft
from smartcontent.stores.sql import db
from smartcontent.writing.attempt import REPEATING, SPENT_ON_THINKING, Attempt
from smartcontent.writing.backoff import AWAY, backoff, while_away

log = logging.getLogger(__name__)

PULL_LOOK_SECONDS = 5  # waiting for a download is no failure
# Nor is an Ollama that is out of reach: a laptop that sleeps, a server that is restarted. After so
# many tries, about a day, it is.
AWAY_TRIES = 24 * 60


def give_up_or_try_later(draft: Draft, attempt: Attempt, error: OllamaError) -> bool:
    held = Draft.held_by(attempt.number)
    values: dict[str, Any] = {
        "text": attempt.left,
        "first_word_at": attempt.first_word_at,
        "lease_until": None,
        "error_cause": error.cause,
        "error_values": error.values,
    }
    log.warning("Failed draft=%s cause=%s detail=%s", draft.id, error.cause, error.detail)
    if error.cause == "model_missing" and _is_on_its_way(model_of(draft)):
        return _later(draft, held, PULL_LOOK_SECONDS, text=attempt.left)
    if error.cause == AWAY:
        tries = attempt.tries + 1
        values["error_values"] = {**error.values, "tries": tries}
        if tries < AWAY_TRIES:
            return _later(draft, held, _spread(while_away(tries).total_seconds()), **values)
    values["failures"] = attempt.failures + 1
    if not _may_succeed(attempt, error) or not _may_fail_again(attempt):
        return _fail(draft, held, attempt.left, values)
    pause = error.retry_after or backoff(attempt.failures + 1).total_seconds()
    return _later(draft, held, _spread(pause), **values)


def may_be_tried_with_room(attempt: Attempt) -> bool:
    """Whether a text that thoughts left no room for gets another attempt; else it stays."""
    may_differ = attempt.after != SPENT_ON_THINKING and not attempt.repeats
    return may_differ and _may_fail_again(attempt)


def _may_fail_again(attempt: Attempt) -> bool:
    attempts: int = current_app.config["GENERATION_ATTEMPTS"]
    return attempt.failures < attempts - 1


def _spread(seconds: float) -> float:
    """With jitter, so that the drafts that met one outage do not all come back in one instant."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311


def _later(
    draft: Draft, held: tuple[ColumnElement[bool], ...], seconds: float, **values: Any
) -> bool:
    """Have it wait so long for its next attempt."""
    values = {"lease_until": None, **values}
    if not draft.move(Status.PENDING, *held, due_at=due_in(seconds), **values):
        return False
    schedule_draft(draft)
    return True


def _fail(
    draft: Draft, held: tuple[ColumnElement[bool], ...], text: str, values: dict[str, Any]
) -> bool:
    """Keep what there is of a text, and have it found by that."""
    db.session.commit()  # no transaction meanwhile: it holds up other writers
    Content.take_in(draft, findable_by(text))
    return draft.move(Status.FAILED, *held, finished_at=now(), **values)


def _may_succeed(attempt: Attempt, error: OllamaError) -> bool:
    """Whether another attempt has a chance: one more has that asks for something else."""
    asks_otherwise = error.cause in (SPENT_ON_THINKING, REPEATING) and not attempt.repeats
    return error.transient or (asks_otherwise and attempt.after != error.cause)


def _is_on_its_way(model: str) -> bool:
    """Whether somebody downloads the model, or will as soon as he looks."""
    wanted = {canonical(each.model): each for each in Download.wanted()}
    if canonical(model) in wanted:
        return not wanted[canonical(model)].fails
    return comes_by_itself(model)
