"""How an attempt ends: completed, without what it was to be made of, or handed back."""

import logging
from itertools import zip_longest
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from smartcontent import events
from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.reading_ahead import read_ahead_ms
from smartcontent.models.search_index import findable_by
from smartcontent.ollama import Answer, NoThread, OllamaError
from smartcontent.ollama.configured import ollama
from smartcontent.prompts.request import Request, language_of
from smartcontent.scheduling import schedule_draft
from smartcontent.stores.sql import db, only_read
from smartcontent.texts.counting import size_of
from smartcontent.texts.sentiment import sentiment_of
from smartcontent.texts.wrapping import unwrapped
from smartcontent.writing.armed import Ready
from smartcontent.writing.attempt import Attempt, patiently

log = logging.getLogger(__name__)

VERSION_LONGEST = 40


def complete(draft: Draft, attempt: Attempt, answer: Answer, made: Ready) -> bool:
    """Do what grows with a text, then write it down: a transaction holds up other writers.

    Behind the model's words comes what stood there in the draft that this one is made of. The row
    is read in the last step alone, which waits for the database.
    """
    around = made.around
    written, wrapping = unwrapped(attempt.written, around.rewritten, around.goes_on)
    text = attempt.before + written + around.behind
    digest, version = _server(made.record["model"])
    values = {
        "text": text,
        "words": size_of(text).number,
        "model_digest": digest,
        "taken_out": "\n\n".join(filter(None, (answer.taken_out, wrapping))) or None,
        "first_word_at": attempt.first_word_at,
        "done_reason": answer.done_reason,
        "stats": answer.stats | version,
        "due_at": attempt.due_at,
        "failures": attempt.failures,
    }
    words = findable_by(text)
    return patiently(lambda: _put_on_record(draft, attempt, words, values))


def _put_on_record(draft: Draft, attempt: Attempt, words: str, values: dict[str, Any]) -> bool:
    only_read()
    values |= _read_ahead(draft, values["stats"])
    values["reproduces"] = _compared(draft, values["text"], values["model_digest"])
    db.session.commit()
    draft_id = draft.id  # its row may be gone when this has ended
    content = Content.take_in(draft, words)
    if content is None:  # its owner is gone with all that was theirs
        return False
    completed = draft.complete(attempt.number, attempt.claimed, **values)
    log.info("Completed draft=%s words=%s won=%s", draft_id, len(values["text"].split()), completed)
    if completed:
        owner, event = draft.user_id, draft.as_event()
        if _note_feeling(draft, language_of(draft)):
            event["revision"] += 1  # a page that was drawn in between is drawn anew
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


def _server(model: str) -> tuple[str | None, dict[str, str]]:
    """Which model it was by its digest, and whose version; nothing where the server is silent."""
    server = ollama()
    try:
        digest = server.digest(model)
        return digest, {"ollama_version": server.version()[:VERSION_LONGEST]}
    except (OllamaError, NoThread):  # what is asked here is of less worth than the text
        return None, {}


def _compared(draft: Draft, text: str, digest: str | None) -> dict[str, Any] | None:
    """Whether a draft that repeats another is the same, or where the first difference is.

    And whether the same model wrote it, which may have changed under its name. Of a draft that was
    deleted meanwhile nobody can tell.
    """
    if draft.reproduces is None:
        return None
    source = draft.content.version(draft.reproduces["number"])
    if source is None:
        return draft.reproduces
    pairs = enumerate(zip_longest(text, source.text))
    differs_at = next((place for place, (one, two) in pairs if one != two), None)
    is_known = digest and source.model_digest
    return draft.reproduces | {
        "identical": differs_at is None,
        "differs_at": differs_at,
        "same_model": digest == source.model_digest if is_known else None,
    }


def give_up_unsent(draft: Draft, attempt: Attempt, cause: str) -> bool:
    """There is nothing to send for it, nor would there be at another attempt."""
    if attempt.left:
        Content.take_in(draft, findable_by(attempt.left))
    return draft.move(
        Status.FAILED,
        *Draft.held_by(attempt.number),
        text=attempt.left,
        finished_at=now(),
        lease_until=None,
        error_cause=cause,
        error_values={},
    )


def _note_feeling(draft: Draft, language: str) -> bool:
    """Score a text that is safe by now, before its owner is told: a page is mostly drawn once."""
    feeling = sentiment_of(draft.text, language)
    if feeling is None:
        return False
    score, label = feeling
    felt = {"sentiment_score": score, "sentiment_label": label, "revision": Draft.revision + 1}
    noted = update(Draft).where(Draft.id == draft.id).values(felt).returning(Draft.id)
    try:
        is_there = db.session.scalar(noted, execution_options={"synchronize_session": False})
        db.session.commit()
        return is_there is not None  # it may have been deleted meanwhile
    except OperationalError as error:
        log.warning("draft=%s its feeling is not on record: %s", draft.id, error.orig)
        db.session.rollback()
        return False


def hand_back(draft: Draft, attempt: Attempt) -> bool:
    """Give the draft to another worker; an attempt that we broke off does not count."""
    held = Draft.held_by(attempt.number)
    if not draft.move(Status.PENDING, *held, due_at=now(), lease_until=None, text=attempt.left):
        return False
    log.info("Handed back draft=%s", draft.id)
    schedule_draft(draft)
    return True
