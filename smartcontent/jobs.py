"""What runs in the background, each job beside the functions that ask for it."""

import logging
import random
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import redis as redis_py
from flask import current_app
from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from smartcontent import events, logs, prompts, quotas, writing
from smartcontent.briefs import CONTENT_TYPES, Brief, BriefForm
from smartcontent.estimates import estimate_for
from smartcontent.extensions import db, redis
from smartcontent.models import FINAL, UNFINISHED, Content, Draft, Origin, Status, now
from smartcontent.models.draft import iso
from smartcontent.ollama import Answer, OllamaError
from smartcontent.readiness import Stage, told
from smartcontent.redis_answers import trouble
from smartcontent.scheduling import backoff, schedule_draft, unschedule_draft
from smartcontent.sentiment import sentiment_of
from smartcontent.sought import as_sought
from smartcontent.wrapping import unwrapped

log = logging.getLogger(__name__)

PULL_LOOK_SECONDS = 5
VERSIONS_KEPT = 200  # of one content
SHOWN_OF_A_TEXT = 20
SPENT_ON_THINKING = "only_thinking"


def due_in(seconds: float, since: datetime | None = None) -> datetime:
    """That many seconds from now (or since a moment), rounded up to the millisecond people see."""
    moment = (since or now()) + timedelta(seconds=seconds, microseconds=999)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def submit(
    user_id: int,
    brief: Brief,
    title: str,
    settings: dict[str, Any] | None = None,
    delay_seconds: float | None = None,
    due_at: datetime | None = None,
    idempotency_key: str | None = None,
    request_digest: str | None = None,
) -> Content:
    """Store a brief with its first draft, then schedule the draft: after a delay or at a time.

    Raises:
        sqlalchemy.exc.IntegrityError: the user has submitted with this idempotency key before.
        smartcontent.quotas.OverQuota: the user has asked for more than one may.
    """
    if delay_seconds is None:
        delay_seconds = current_app.config["GENERATION_DELAY_SECONDS"]
    submitted_at = now()
    content = Content(
        user_id=user_id,
        created_at=submitted_at,
        title=title,
        settings=settings or {},
        idempotency_key=idempotency_key,
        request_digest=request_digest,
        current_number=1,
    )
    write_brief(content, brief)
    draft = Draft(
        user_id=user_id,
        number=1,
        status=Status.PENDING,
        created_at=submitted_at,
        due_at=due_in(0, due_at) if due_at else due_in(delay_seconds, submitted_at),
    )
    content.drafts.append(draft)
    db.session.add(content)
    quotas.check(user_id)
    db.session.commit()
    schedule_draft(draft)
    draft.announce()
    return content


def submit_once(
    user_id: int,
    brief: Brief,
    title: str,
    settings: dict[str, Any],
    due_at: datetime | None,
    key: str | None,
) -> Content:
    """Submit what a form holds; of one that is sent again, answer what it has made.

    Raises:
        smartcontent.quotas.OverQuota: the user has asked for more than one may.
    """
    try:
        return submit(user_id, brief, title, settings, due_at=due_at, idempotency_key=key)
    except IntegrityError:
        # The index decides, so that of many requests at once exactly one makes a content.
        db.session.rollback()
        if key is None:
            raise
    content = Content.submitted_with(user_id, key)
    # Taken back meanwhile, and the form sent once more: that is meant.
    if content.deleted_at:
        return submit(user_id, brief, title, settings, due_at=due_at)
    return content


def write_brief(content: Content, brief: Brief) -> None:
    """Copy a brief into its content's columns."""
    for name in ("content_type", "topic", "audience", "tone", "length", "language", "instructions"):
        setattr(content, name, getattr(brief, name))
    content.keywords = list(brief.keywords)
    content.index_text("")


def cancel(draft: Draft) -> bool:
    """Stop a draft for good, what it has of text kept; False if it had ended."""
    db.session.refresh(draft)  # a worker may have claimed it since it was read
    job_id = draft.job_id
    db.session.commit()  # no transaction while Redis is asked: it holds up other writers
    text = draft.text_so_far()
    values = {"text": text} if text != draft.text else {}
    if not draft.move(Status.CANCELLED, finished_at=now(), **values):
        return False
    unschedule_draft(job_id)
    return True


def retry(content: Content, key: str | None = None) -> Draft | None:
    """Ask for another draft, at once, or find what was asked for with the key of a form.

    None while one is unfinished.

    Raises:
        smartcontent.quotas.OverQuota: the user has asked for more than one may.
    """
    return new_draft(content, Status.PENDING, due_at=due_in(0), idempotency_key=key)


def save_edit(content: Content, title: str, text: str, key: str | None = None) -> Draft | None:
    """Keep a text edited by hand as the next version, once for each key of a form.

    None while one is unfinished.
    """
    language = content.language
    db.session.commit()  # a transaction holds up other writers, a long text the transaction
    feeling, sought = sentiment_of(text, language), as_sought(text)
    db.session.expire(content)  # of before that
    content.title = title
    content.index_text(sought)
    return new_draft(
        content,
        Status.COMPLETED,
        origin=Origin.EDITED,
        text=text,
        idempotency_key=key,
        finished_at=now(),
        sentiment_score=feeling and feeling.score,
        sentiment_label=feeling and feeling.label,
    )


def new_draft(content: Content, status: Status, **values: Any) -> Draft | None:
    """Make the next version of a content its current one; None while one is unfinished."""
    key = values.get("idempotency_key")
    if content.current.status in UNFINISHED or _made_with(content, key):
        db.session.rollback()
        return _made_with(content, key)
    last = db.session.scalar(select(func.max(Draft.number)).where(Draft.content_id == content.id))
    draft = Draft(
        user_id=content.user_id, content_id=content.id, number=(last or 0) + 1, status=status
    )
    for name, value in values.items():
        setattr(draft, name, value)
    _make_room(content)
    content.current_number = draft.number
    db.session.add(draft)
    try:
        if status is Status.PENDING:
            quotas.check(content.user_id)
        db.session.commit()
    except IntegrityError:  # two tabs asked at once: the other's draft has this number
        db.session.rollback()
        return _made_with(content, key)
    db.session.expire(content)
    if status is Status.PENDING:
        schedule_draft(draft)
    draft.announce()
    return draft


def _made_with(content: Content, key: str | None) -> Draft | None:
    if key is None:
        return None
    with db.session.no_autoflush:
        return db.session.scalar(
            select(Draft).filter_by(content_id=content.id, idempotency_key=key)
        )


def make_current(content: Content, number: int) -> bool:
    """Show an earlier version again; False while a draft is unfinished, or if it has no text."""
    shown = content.current
    version = content.version(number)
    if version is None or not version.text or not (version.is_final and shown.is_final):
        return False
    db.session.commit()  # no transaction meanwhile: it holds up other writers
    content.index_text(as_sought(version.text))
    # Of the very version that was looked at: a draft asked for meanwhile stays the current one.
    changed = db.session.execute(
        update(Content)
        .where(Content.id == content.id, Content.current_number == shown.number)
        .values(current_number=number)
        .returning(Content.id)
    ).all()
    if not changed:
        db.session.rollback()
        return False
    db.session.commit()
    _tell_of(content)
    return True


def version_to_go(content: Content) -> int | None:
    """The number of the version that the next one will take the place of, if one has to go."""
    if content.version_count() < VERSIONS_KEPT:
        return None
    return db.session.scalar(_first_to_go(content).with_only_columns(Draft.number).limit(1))


def _make_room(content: Content) -> None:
    surplus = content.version_count() - VERSIONS_KEPT + 1
    if surplus > 0:
        going = _first_to_go(content).with_only_columns(Draft.id).limit(surplus)
        db.session.execute(
            delete(Draft).where(Draft.id.in_(going)),
            execution_options={"synchronize_session": False},
        )


def _first_to_go(content: Content) -> Select[Draft]:
    """What is let go first: versions without a text, then the oldest; never the current one."""
    may_go = (Draft.number != content.current_number, Draft.status.in_(FINAL))
    return (
        select(Draft)
        .where(Draft.content_id == content.id, *may_go)
        .order_by(Draft.text != "", Draft.number)
    )


def discard(content: Content) -> None:
    """Move a content to the trash; an unfinished draft of it is cancelled."""
    cancel(content.current)
    _set_deleted(content, now())


def restore(user_id: int, content_id: UUID) -> Content | None:
    """Take a content of the user out of the trash again."""
    content = db.session.scalar(select(Content).filter_by(user_id=user_id, id=content_id))
    if content is not None:
        _set_deleted(content, None)
    return content


def _set_deleted(content: Content, moment: datetime | None) -> None:
    content.deleted_at = moment
    db.session.commit()
    _tell_of(content)


def _tell_of(content: Content) -> None:
    event = {"content_id": str(content.id), "deleted": content.deleted_at is not None}
    events.publish(content.user_id, "content", event)


def warm_up() -> None:
    """Load what the first draft would else wait for: lexicon, templates, mappers, statements."""
    sentiment_of("A lovely teapot.", "en")
    for content_type in CONTENT_TYPES.values():
        prompts.messages_for(BriefForm(data=content_type.example).brief)
    open_connections()
    db.engine.dispose()
    redis.disconnect()


def open_connections() -> None:
    """Open what this process's first draft would else wait for: its database and Redis."""
    try:
        Draft(id=0).claim(lease_seconds=0)  # there is no such draft
        with redis() as client:
            client.ping()
    except SQLAlchemyError as error:
        log.warning("not connected yet, trying again at the first draft: %s", error)
    except redis_py.RedisError as error:
        log.warning("not connected yet, trying again at the first draft: %s", trouble(error))


def write_draft(draft_id: int) -> None:
    """Write one draft, showing the text as it comes. Safe to run twice."""
    draft = db.session.get(Draft, draft_id)
    logs.work_for(draft.request_id if draft else None)
    needs_room = draft is not None and draft.error_cause == SPENT_ON_THINKING
    if draft is None or not _claim(draft):
        db.session.rollback()
        log.info("Nothing to do draft=%s", draft_id)
        return
    attempt = writing.Attempt(draft, needs_room)
    if not _write(draft, attempt, needs_room):
        attempt.forget()
        log.info("Stopped draft=%s attempt=%s", draft_id, attempt.number)


def _write(draft: Draft, attempt: writing.Attempt, needs_room: bool) -> bool:
    """Write the text and note how it ended; False where it is no longer ours to note."""
    try:
        answer = attempt.write(_request_on_record(draft, needs_room))
    except writing.DraftTaken:
        return False
    except writing.WorkerStopping:
        return writing.patiently(lambda: _hand_back(draft, attempt))
    except OllamaError as error:
        problem = error
        return writing.patiently(lambda: _give_up_or_try_later(draft, attempt, problem))
    return _complete(draft, attempt, answer)


def _request_on_record(draft: Draft, needs_room: bool) -> writing.Request:
    """What is sent to Ollama, written down before it is."""
    request = writing.with_room_to_think(writing.request_for(draft.content), needs_room)
    estimate = estimate_for(draft.content, request.model)
    if not draft.write(
        draft.attempt,
        model=request.model,
        prompt=request.messages,
        options=request.options,
        estimated_seconds=estimate and estimate.seconds,
    ):
        raise writing.DraftTaken
    return request


def _claim(draft: Draft) -> bool:
    if draft.due_at and draft.status in (Status.PENDING, Status.QUEUED):
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


def _complete(draft: Draft, attempt: writing.Attempt, answer: Answer) -> bool:
    """Do what grows with a text, then write it down: a transaction holds up other writers."""
    text, around = unwrapped(attempt.text)
    values = {
        "text": text,
        "taken_out": "\n\n".join(filter(None, (answer.taken_out, around))) or None,
        "first_word_at": attempt.first_word_at,
        "done_reason": answer.done_reason,
        "stats": answer.stats,
    }
    sought = as_sought(text)
    return writing.patiently(lambda: _put_on_record(draft, attempt.number, sought, values))


def _put_on_record(draft: Draft, attempt: int, sought: str, values: dict[str, Any]) -> bool:
    # The owner may have renamed it meanwhile, or be gone with all that was theirs.
    content = db.session.get(Content, draft.content_id, populate_existing=True)
    if content is None:
        return False
    content.index_text(sought)
    held = Draft.held_by(attempt)
    completed = draft.move_untold(
        Status.COMPLETED, *held, finished_at=now(), lease_until=None, **values
    )
    log.info("Completed draft=%s words=%s won=%s", draft.id, len(values["text"].split()), completed)
    if completed:
        owner, event = draft.user_id, draft.as_event()
        _note_feeling(draft)
        events.publish(owner, "status", event)
    return completed


def _note_feeling(draft: Draft) -> None:
    """Score a text that is safe by now, before its owner is told: the page is drawn but once."""
    feeling = sentiment_of(draft.text, draft.content.language)
    if feeling is None:
        return
    draft.sentiment_score, draft.sentiment_label = feeling
    try:
        db.session.commit()
    except OperationalError as error:
        log.warning("draft=%s its feeling is not on record: %s", draft.id, error.orig)
        db.session.rollback()


def _give_up_or_try_later(draft: Draft, attempt: writing.Attempt, error: OllamaError) -> bool:
    held = Draft.held_by(attempt.number)
    values = {
        "text": attempt.text,
        "first_word_at": attempt.first_word_at,
        "lease_until": None,
        "error": str(error),
        "error_cause": error.cause,
        "failures": draft.failures + 1,
    }
    log.warning("Failed draft=%s cause=%s detail=%s", draft.id, error.cause, _told(draft, error))
    if error.cause == "model_missing" and _is_being_pulled(draft):
        return _wait_for_pull(draft, held)
    attempts = current_app.config["GENERATION_ATTEMPTS"]
    if not _may_succeed(attempt, error) or draft.failures >= attempts - 1:
        return draft.move(Status.FAILED, *held, finished_at=now(), **values)
    pause = error.retry_after or backoff(draft.failures + 1).total_seconds()
    # Jitter, so that the drafts that met one outage do not all come back in one instant.
    due_at = due_in(pause * random.uniform(0.8, 1.2))  # noqa: S311
    if not draft.move(Status.PENDING, *held, due_at=due_at, **values):
        return False
    schedule_draft(draft)
    return True


def _told(draft: Draft, error: OllamaError) -> str:
    """What the server said, as far as it may stand in a log: nobody's words do."""
    brief = draft.content.brief
    words = (brief.topic, brief.audience, brief.instructions, *brief.keywords)
    openings = [" ".join(text.split())[:SHOWN_OF_A_TEXT] for text in words]
    # Where it is not Ollama's language that was spoken, it may be the text itself.
    if error.cause == "protocol" or any(text and text in error.detail for text in openings):
        return "withheld: it may have words of the brief or the text"
    return error.detail


def _may_succeed(attempt: writing.Attempt, error: OllamaError) -> bool:
    """Whether another attempt has a chance: spent on thinking, one more has, with more room."""
    return error.transient or (error.cause == SPENT_ON_THINKING and not attempt.had_room)


def _is_being_pulled(draft: Draft) -> bool:
    model = writing.model_for(draft.content)
    found = told(model)
    if found is None:  # nobody has looked yet who would begin the download
        config = current_app.config
        return bool(config["OLLAMA_PULL"]) and model == config["OLLAMA_MODEL"]
    return found.stage is Stage.PULLING


def _wait_for_pull(draft: Draft, held: tuple[ColumnElement[bool], ...]) -> bool:
    """Look again in a moment; waiting for a download is no failure."""
    if not draft.move(Status.PENDING, *held, due_at=due_in(PULL_LOOK_SECONDS), lease_until=None):
        return False
    schedule_draft(draft)
    return True


def _hand_back(draft: Draft, attempt: writing.Attempt) -> bool:
    """Give the draft to another worker; an attempt that we broke off does not count."""
    held = Draft.held_by(attempt.number)
    if not draft.move(Status.PENDING, *held, due_at=now(), lease_until=None, text=attempt.text):
        return False
    log.info("Handed back draft=%s", draft.id)
    schedule_draft(draft)
    return True
