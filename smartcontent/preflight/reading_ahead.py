"""The model reads a draft's prompt before its time, so that the first word is there when it is due.

The draft's own request is sent with room for one word, which nobody sees: Ollama keeps what it has
read. It has one place for each model, so a reading must end before any draft needs that: it is
planned so (plan.py), and given up when a draft falls due all the same. Closing the connection is
what gives it up, and so the model is loaded before, by another request: Ollama drops the loading
with the connection that asked for it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from smartcontent.models import Draft, Reading, Status, now
from smartcontent.models.reading_ahead import (
    does_not_help,
    forget_old_readings,
    was_given_to_read,
)
from smartcontent.models.status import WAITS
from smartcontent.ollama import Answer, OllamaError
from smartcontent.ollama.configured import ollama
from smartcontent.preflight.needs import Need, Prepared, prepared
from smartcontent.preflight.plan import SPARE, Upcoming, ahead, longest, to_read
from smartcontent.prompts import estimated_tokens
from smartcontent.prompts.request import Request
from smartcontent.stores.sql import db, only_read

log = logging.getLogger(__name__)


class ReadingAhead:
    """Has prompts read, one at a time."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._thread: threading.Thread | None = None
        self._answer: Answer | None = None
        self._is_given_up = threading.Event()

    def look(
        self,
        needs: Mapping[str, Need],
        is_loaded: Callable[[str], bool],
        go_on: Callable[[], None],
    ) -> None:
        """Begin what is to be read now, of models that are loaded; `go_on` is called on the way."""
        if not needs or not _is_wanted() or self._is_under_way():
            return
        self._is_given_up.clear()  # before the stores are asked: what falls due from now on counts
        upcoming = {}
        for model, need in needs.items():
            upcoming[model] = _upcoming(need, is_loaded(model))
            go_on()
        only_read()
        chosen = to_read(upcoming.values(), _is_writing(), now(), _usual())
        db.session.commit()
        if chosen is not None:
            need = next(needs[model] for model, each in upcoming.items() if each is chosen)
            first = prepared(need)  # once more, for of all of them none was kept
            if first is not None:
                self._begin(first)

    def give_up(self) -> None:
        """End the reading under way: a draft is due. Returns at once."""
        self._is_given_up.set()
        answer = self._answer
        if answer is not None:
            threading.Thread(target=answer.close, name="give up reading", daemon=True).start()

    def _is_under_way(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _begin(self, first: Prepared) -> None:
        work = (first.draft.id, first.draft.revision, first.to_send, first.seconds)

        def run() -> None:
            with self._app.app_context():
                self._read(*work)

        self._thread = threading.Thread(target=run, name="read ahead", daemon=True)
        self._thread.start()

    def _read(self, draft_id: int, revision: int, request: Request, expected: float) -> None:
        try:
            reading = _put_on_record(draft_id, request)
            if reading is not None:
                self._have_read(reading, revision, request, expected)
        except SQLAlchemyError as error:
            log.warning("draft=%s not read ahead, the database: %s", draft_id, error)
        finally:
            self._answer = None

    def _have_read(
        self, reading: Reading, revision: int, request: Request, expected: float
    ) -> None:
        began = time.monotonic()
        keep_alive = current_app.config["OLLAMA_KEEP_ALIVE"]
        options = request.options | {"num_predict": 1}
        with ollama().chat(request.model, request.messages, options, keep_alive) as answer:
            self._answer = answer
            self._listen(answer, reading, revision, now() + longest(expected))
        if answer.done_reason is not None:
            _note_end(reading, revision, answer.stats)
        elif self._is_given_up.is_set():
            took = time.monotonic() - began
            _note_given_up(reading, request, took if took > expected else None)

    def _listen(self, answer: Answer, reading: Reading, revision: int, ends_by: datetime) -> None:
        """Wait for the end, or for a reason to give up."""
        try:
            while not self._is_given_up.is_set() and next(answer, None) is not None:
                if not _is_still_wanted(reading, revision, ends_by):
                    self._is_given_up.set()
        except OllamaError as error:
            # One word may well be no text: the answer is over all the same.
            if answer.done_reason is None and not self._is_given_up.is_set():
                log.info("draft=%s not read ahead cause=%s", reading.draft_id, error.cause)


def _is_wanted() -> bool:
    return bool(current_app.config["READ_AHEAD"]) and _usual() > timedelta()


def _usual() -> timedelta:
    return timedelta(seconds=current_app.config["WARM_UP_SECONDS"])


def loaded_before(seconds: float) -> timedelta:
    """How long before its time a draft's model has to be loaded, which reads it in so long.

    Nothing: not at all.
    """
    return ahead(seconds, _usual()) + SPARE if _is_wanted() else _usual()


def _upcoming(need: Need, is_loaded: bool) -> Upcoming:
    first = prepared(need) if is_loaded else None
    if first is None:
        return Upcoming(need.due_at, 0.0, may_be_read=False)
    prompt = first.to_send.prompt_digest  # Ollama may be asked: in no transaction
    only_read()
    may_be_read = (
        first.draft.status == Status.PENDING
        and not was_given_to_read(first.draft.id, prompt)
        and not does_not_help(first.request.model)
    )
    db.session.commit()
    return Upcoming(need.due_at, first.seconds, may_be_read)


def _is_writing() -> bool:
    writing = select(Draft.id).where(Draft.status == Status.GENERATING).limit(1)
    return db.session.scalar(writing) is not None


def _put_on_record(draft_id: int, request: Request) -> Reading | None:
    """The row of a reading that begins; None where another scheduler was faster."""
    reading = Reading(draft_id=draft_id, model=request.model, prompt=request.prompt_digest)
    db.session.add(reading)
    try:
        forget_old_readings(request.model)
        db.session.commit()
    except IntegrityError:  # or the draft is gone
        db.session.rollback()
        return None
    return reading


def _is_still_wanted(reading: Reading, revision: int, ends_by: datetime) -> bool:
    """Whether the draft waits as it did, and no other is being written, or due before the end.

    Such a one came after the reading had begun: a server notices late that nobody reads on.
    """
    is_due = Draft.status.in_(WAITS) & (Draft.due_at <= max(ends_by, now()))
    matters = or_(Draft.id == reading.draft_id, is_due, Draft.status == Status.GENERATING)
    only_read()
    seen = select(Draft.id, Draft.revision, Draft.status).where(matters).limit(2)
    rows = db.session.execute(seen).all()
    db.session.commit()
    return [tuple(row) for row in rows] == [(reading.draft_id, revision, Status.PENDING)]


def _note_end(reading: Reading, revision: int, stats: dict[str, Any]) -> None:
    tokens, ms = stats.get("prompt_eval_count"), stats.get("prompt_eval_duration_ms")
    if ms is None:
        return
    _write(reading, tokens=tokens, ms=ms)
    log.info("Read ahead draft=%s tokens=%s ms=%.0f", reading.draft_id, tokens, ms)
    draft = db.session.get(Draft, reading.draft_id, populate_existing=True)
    if draft is not None:
        still_waits = (Draft.status == Status.PENDING, Draft.revision == revision)
        draft.move(Status.PENDING, *still_waits, read_ahead_ms=ms)


def _note_given_up(reading: Reading, request: Request, seconds: float | None) -> None:
    """Let it be begun again; what took longer than expected tells how slow the model is at best."""
    log.info("Gave up reading ahead draft=%s", reading.draft_id)
    tokens = estimated_tokens(request.messages) if seconds else None
    _write(reading, prompt=None, tokens=tokens, ms=seconds and seconds * 1000)


def _write(reading: Reading, **values: object) -> None:
    db.session.execute(update(Reading).where(Reading.id == reading.id).values(**values))
    db.session.commit()
