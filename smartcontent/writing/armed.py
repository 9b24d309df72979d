"""A draft in a worker's hands just before its time: all is ready, and at the instant it begins.

The scheduler moves a draft to the queue some hundredths of a second before it is due. Whoever takes
it reads the row, builds the request, opens the connection to Ollama, and waits. Nothing is claimed
until then: what its owner does meanwhile counts, and where a worker dies the draft still waits.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis as redis_py
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.models import Draft, now
from smartcontent.models.job_ids import draft_id_of
from smartcontent.models.status import WAITS
from smartcontent.ollama import Answer, NoThread
from smartcontent.ollama.configured import ollama
from smartcontent.progress.estimates import estimate_for
from smartcontent.prompts.request import SourceGone, language_of, request_of, seeded
from smartcontent.scheduling import schedule_draft
from smartcontent.stores import keys
from smartcontent.stores.redis import redis
from smartcontent.stores.sql import db, only_read
from smartcontent.writing.attempt import REPEATING, SPENT_ON_THINKING, stopping
from smartcontent.writing.room_to_think import with_room_to_think
from smartcontent.writing.surroundings import Surroundings, surroundings

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.005
# No clock of Redis is further ahead of ours; whatever is due later was not due at all.
LONGEST_SECONDS = 1.0


@dataclass(frozen=True)
class Ready:
    """What is to be sent for a draft, its connection open; `record` is what the row says of it."""

    record: dict[str, Any]
    around: Surroundings
    answer: Answer | None
    problem: str = ""  # the cause for which there is nothing to send

    def close(self) -> None:
        """End the connection, which nothing was sent on."""
        if self.answer is not None:
            self.answer.close()


def ready(draft: Draft, after: str | None) -> Ready:
    """Make ready all that can be before the due time, `after` an attempt that ended for a cause.

    Whatever breaks here would at each attempt, before it is counted as one; but for what is away or
    short by now, for which the draft goes on waiting.
    """
    try:
        return _made_ready(draft, after)
    except (SQLAlchemyError, redis_py.RedisError, NoThread):
        raise
    except SourceGone:
        problem = "source_gone"
    except Exception:
        log.exception("draft=%s cannot be made ready", draft.id)
        problem = "not_made_ready"
    db.session.commit()  # nothing was written; after a rollback the row would be read to write
    return Ready({}, Surroundings(), None, problem)


def _made_ready(draft: Draft, after: str | None) -> Ready:
    only_read()
    around = surroundings(draft)
    request = with_room_to_think(request_of(draft), after == SPENT_ON_THINKING)
    is_to_differ = after == REPEATING and not request.repeats
    request = seeded(request, anew=is_to_differ)
    estimate = None if draft.task else estimate_for(draft.content, request.model)
    record = {
        "model": request.model,
        "prompt": request.messages,
        "options": request.options,
        "brief": asdict(replace(draft.content.brief, language=language_of(draft))),
        "estimated_seconds": estimate and estimate.seconds,
    }
    db.session.commit()
    keep_alive = current_app.config["OLLAMA_KEEP_ALIVE"]
    to_send = (request.model, request.messages, request.options, keep_alive)
    return Ready(record, around, ollama().chat(*to_send, at_once=False))


class Hands:
    """Waits for a draft's time, with the draft in hand; gives it back for another that is due.

    `gives_back` is false where nobody would put the draft back into the queue: `rq worker`.
    """

    def __init__(self) -> None:
        self.gives_back = False
        self._to_put_back: list[int] = []

    def wait(self, draft: Draft) -> bool:
        """Wait until the draft is due; False if it was given back instead."""
        assert draft.due_at is not None
        is_needed = _due_in_queue()
        while (left := (draft.due_at - now()).total_seconds()) > 0:
            if self.gives_back and (
                stopping.is_set()
                # It may be due when the look has come back.
                or (left > LOOK_SECONDS and is_needed() and draft.due_at > now())
            ):
                self.give_back(draft.id)
                return False
            time.sleep(min(left, LOOK_SECONDS))
        return True

    def give_back(self, draft_id: int) -> None:
        """Have the draft scheduled again when this job, of the same name, has ended."""
        self._to_put_back.append(draft_id)

    def put_back(self) -> None:
        """Schedule again what was given back: RQ has written over what was scheduled meanwhile."""
        while self._to_put_back:
            draft = db.session.get(Draft, self._to_put_back.pop(), populate_existing=True)
            db.session.commit()
            if draft is not None and draft.status in WAITS:
                schedule_draft(draft)


hands = Hands()


def _due_in_queue() -> Callable[[], bool]:
    """Tells, asked every few milliseconds, whether a draft that is due waits for a free worker.

    One that stands there at one look only is taken by another.
    """
    seen: bytes | None = None

    def look() -> bool:
        nonlocal seen
        first, seen = seen, _first_in_queue()
        return seen is not None and first == seen and _is_due(seen)

    return look


def _first_in_queue() -> bytes | None:
    try:
        with redis() as client:
            first: bytes | None = client.lindex(keys.QUEUED, 0)  # type: ignore[assignment]
    except redis_py.RedisError:
        return None
    return first


def _is_due(job_id: bytes) -> bool:
    draft_id = draft_id_of(job_id.decode(errors="surrogateescape"))
    only_read()
    due = select(Draft.id).where(
        Draft.id == draft_id, Draft.status.in_(WAITS), Draft.due_at <= now()
    )
    is_due = db.session.scalar(due) is not None
    db.session.commit()
    return is_due
