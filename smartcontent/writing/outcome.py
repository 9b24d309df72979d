"""How an attempt ends: completed, later, failed for good, or handed back."""

import logging
import random
from itertools import zip_longest
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement
from sqlalchemy.exc import OperationalError

from smartcontent import events
from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.download import Download
from smartcontent.models.moments import due_in
from smartcontent.models.reading import read_ahead_ms
from smartcontent.ollama import Answer, OllamaError
from smartcontent.ollama.configured import ollama
from smartcontent.prompts.request import Request, model_of
from smartcontent.scheduling import backoff, schedule_draft, while_away
from smartcontent.stores.sql import db
from smartcontent.texts.counting import size_of
from smartcontent.texts.sentiment import sentiment_of
from smartcontent.texts.tokens import searchable
from smartcontent.texts.wrapping import unwrapped
from smartcontent.writing.attempt import REPEATING, SPENT_ON_THINKING, Attempt, patiently

log = logging.getLogger(__name__)


PULL_LOOK_SECONDS = 5  # waiting for a download is no failure
# Nor is an Ollama that is out of reach: a laptop that sleeps, a server that is restarted. After so
# many tries, about a day, it is.
AWAY, AWAY_TRIES = "unreachable", 24 * 60
SHOWN_OF_A_TEXT = 20


def complete(draft: Draft, attempt: Attempt, answer: Answer, behind: str = "") -> bool:
    """Do what grows with a text, then write it down: a transaction holds up other writers.

    Behind the model's words comes what stood there in the draft that this one is made of.
    """
    written, around = unwrapped(attempt.written)
    text = attempt.before + written + behind
    values = {
        "text": text,
        "words": size_of(text).number,
        "model_digest": _digest_of(draft),
        "reproduces": _compared(draft, text),
        "taken_out": "\n\n".join(filter(None, (answer.taken_out, around))) or None,
        "first_word_at": attempt.first_word_at,
        "done_reason": answer.done_reason,
        "stats": answer.stats,
    }
    words = searchable(text)
    return patiently(lambda: _put_on_record(draft, attempt.number, words, values))


def _put_on_record(draft: Draft, attempt: int, words: str, values: dict[str, Any]) -> bool:
    content = Content.take_in(draft, words)
    if content is None:  # its owner is gone with all that was theirs
        return False
    held = Draft.held_by(attempt)
    values |= _read_ahead(draft, values["stats"])
    completed = draft.move_untold(
        Status.COMPLETED, *held, finished_at=now(), lease_until=None, **values
    )
    log.info("Completed draft=%s words=%s won=%s", draft.id, len(values["text"].split()), completed)
    if completed:
        owner, event = draft.user_id, draft.as_event()
        _note_feeling(draft, content.language)
        events.publish(owner, "status", event)
    return completed


def _read_ahead(draft: Draft, stats: dict[str, Any]) -> dict[str, float | None]:
    """How long the model had read the prompt before its time, and how much of that it saved."""
    sent = Request(draft.model or "", draft.prompt or [], draft.options or {})
    before, after = (
        read_ahead_ms(draft.id, sent.prompt_digest),
        stats.get("prompt_eval_duration_ms"),
    )
    saved = None if before is None or after is None else max(0.0, before - after)
    return {"read_ahead_ms": before, "saved_ms": saved}


def _digest_of(draft: Draft) -> str | None:
    """Which model it was by its digest; None where the server does not say."""
    try:
        return ollama().digest(draft.model or model_of(draft))
    except OllamaError:
        return None


def _compared(draft: Draft, text: str) -> dict[str, Any] | None:
    """Whether a draft that repeats another is the same, or where the first difference is."""
    if draft.reproduces is None:
        return None
    source = draft.content.version(draft.reproduces["number"])
    other = source.text if source else ""
    pairs = enumerate(zip_longest(text, other))
    differs_at = next((place for place, (one, two) in pairs if one != two), None)
    return draft.reproduces | {"identical": differs_at is None, "differs_at": differs_at}


def give_up_without_source(draft: Draft, attempt: Attempt) -> bool:
    """What it was to be made of is gone: no other attempt would find it."""
    return draft.move(
        Status.FAILED,
        *Draft.held_by(attempt.number),
        finished_at=now(),
        lease_until=None,
        error_cause="source_gone",
        error_values={},
    )


def _note_feeling(draft: Draft, language: str) -> None:
    """Score a text that is safe by now, before its owner is told: the page is drawn but once."""
    feeling = sentiment_of(draft.text, language)
    if feeling is None:
        return
    draft.sentiment_score, draft.sentiment_label = feeling
    try:
        db.session.commit()
    except OperationalError as error:
        log.warning("draft=%s its feeling is not on record: %s", draft.id, error.orig)
        db.session.rollback()


def give_up_or_try_later(draft: Draft, attempt: Attempt, error: OllamaError) -> bool:
    held = Draft.held_by(attempt.number)
    values: dict[str, Any] = {
        "text": attempt.text,
        "first_word_at": attempt.first_word_at,
        "lease_until": None,
        "error_cause": error.cause,
        "error_values": error.values,
    }
    log.warning("Failed draft=%s cause=%s detail=%s", draft.id, error.cause, _told(draft, error))
    if error.cause == "model_missing" and _is_on_its_way(model_of(draft)):
        return _later(draft, held, PULL_LOOK_SECONDS)
    if error.cause == AWAY and attempt.number < AWAY_TRIES:
        return _later(draft, held, _spread(while_away(attempt.number).total_seconds()), **values)
    values["failures"] = draft.failures + 1
    attempts = current_app.config["GENERATION_ATTEMPTS"]
    if not _may_succeed(attempt, error) or draft.failures >= attempts - 1:
        return _fail(draft, held, attempt.text, values)
    pause = error.retry_after or backoff(draft.failures + 1).total_seconds()
    return _later(draft, held, _spread(pause), **values)


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
    Content.take_in(draft, searchable(text))
    return draft.move(Status.FAILED, *held, finished_at=now(), **values)


def _told(draft: Draft, error: OllamaError) -> str:
    """What the server said, as far as it may stand in a log: nobody's words do."""
    brief = draft.content.brief
    words = [brief.topic, brief.audience, brief.instructions, *brief.keywords, brief.material]
    words += brief.voice.as_text.splitlines() if brief.voice else []
    openings = [" ".join(text.split())[:SHOWN_OF_A_TEXT] for text in words]
    # Where it is not Ollama's language that was spoken, it may be the text itself.
    if error.cause == "protocol" or any(text and text in error.detail for text in openings):
        return "withheld: it may have words of the brief or the text"
    return error.detail


def _may_succeed(attempt: Attempt, error: OllamaError) -> bool:
    """Whether another attempt has a chance: one more has that asks for something else."""
    asks_otherwise = error.cause in (SPENT_ON_THINKING, REPEATING)
    return error.transient or (asks_otherwise and attempt.after != error.cause)


def _is_on_its_way(model: str) -> bool:
    """Whether somebody downloads the model, or will as soon as he looks."""
    wanted = {each.model: each for each in Download.wanted()}
    if model in wanted:
        return not wanted[model].fails
    config = current_app.config
    return bool(config["OLLAMA_PULL"]) and model == config["OLLAMA_MODEL"]


def hand_back(draft: Draft, attempt: Attempt) -> bool:
    """Give the draft to another worker; an attempt that we broke off does not count."""
    held = Draft.held_by(attempt.number)
    if not draft.move(Status.PENDING, *held, due_at=now(), lease_until=None, text=attempt.text):
        return False
    log.info("Handed back draft=%s", draft.id)
    schedule_draft(draft)
    return True
