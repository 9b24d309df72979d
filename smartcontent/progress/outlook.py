"""Why an unfinished draft waits, and for how long: one plain sentence, for page and API alike."""

from dataclasses import dataclass
from functools import cache

import redis as redis_py
from flask import current_app
from sqlalchemy import and_, func, or_, select, tuple_

from smartcontent.durations import exactly, roughly
from smartcontent.models import Content, Draft, Status, now
from smartcontent.models.failures import Failure
from smartcontent.models.status import WAITS
from smartcontent.ollama.causes import Mender
from smartcontent.progress.estimates import Estimate, estimate_for
from smartcontent.progress.readiness import Readiness, Stage, last_found
from smartcontent.prompts.request import model_of
from smartcontent.stores import keys
from smartcontent.stores.redis import redis
from smartcontent.stores.sql import db

STOPPED = (Stage.PROBLEM, Stage.MISSING)  # nobody can say until when


@dataclass(frozen=True)
class Outlook:
    """What is to be said of an unfinished draft.

    `position` counts the drafts of all users that are due and come first; `eta_seconds` is until
    its text is complete, None while there is nothing to learn from; `mender` is who can do what the
    sentence asks for.
    """

    sentence: str
    position: int | None = None
    eta_seconds: float | None = None
    estimate: Estimate | None = None
    readiness: Readiness | None = None
    mender: Mender = Mender.READER


class Outlooks:
    """How it stands with the drafts of one answer: what they have in common is asked for once."""

    def __init__(self) -> None:
        self._estimates: dict[tuple[str, ...], Estimate | None] = {}
        self._last_found = cache(last_found)
        self._drafts_due = cache(drafts_due)
        self._workers = cache(workers)

    def of(self, draft: Draft) -> Outlook | None:
        """How it stands with a draft; None when it has ended."""
        if draft.is_final:
            return None
        if draft.status == Status.HELD:
            delay = exactly(current_app.config["GENERATION_DELAY_SECONDS"])
            return Outlook(f"On hold: it starts {delay} after you release it.")
        model = model_of(draft)
        estimate = self._estimate_for(draft.content, model)
        if draft.status == Status.GENERATING:
            return Outlook("It is being written.", None, _rest(draft, estimate), estimate)
        position = self._drafts_ahead(draft)
        found = self._last_found(model)
        wait = seconds_until_start(draft) or 0.0
        before = estimate.seconds * position / max(1, self._workers()) if estimate else None
        eta = None
        if estimate and not (found and found.stage in STOPPED):
            eta = round(wait + (before or 0) + estimate.seconds, 1)
        sentence, mender = _sentence(draft, position, before, found)
        return Outlook(sentence, position, eta, estimate, found, mender)

    def _estimate_for(self, content: Content, model: str) -> Estimate | None:
        kind = model, content.content_type, content.length
        if kind not in self._estimates:
            self._estimates[kind] = estimate_for(content, model)
        return self._estimates[kind]

    def _drafts_ahead(self, draft: Draft) -> int:
        """How many drafts of all users are due and come first: by the queue, or by due times."""
        if draft.status == Status.QUEUED and (place := _place_in_queue(draft.job_id)) is not None:
            return place
        return self._drafts_due() if seconds_until_start(draft) else drafts_due(before=draft)


def outlook(draft: Draft) -> Outlook | None:
    """How it stands with a draft; None when it has ended."""
    return Outlooks().of(draft)


def seconds_until_start(draft: Draft) -> float | None:
    """How long until its time comes; 0 when it has come, None when it waits for no time."""
    if draft.due_at is None or draft.status not in WAITS:
        return None
    return max(0.0, round((draft.due_at - now()).total_seconds(), 3))


def drafts_due(before: Draft | None = None) -> int:
    """How many drafts of all users are due, or are due before another."""
    is_due = or_(
        Draft.status == Status.QUEUED, and_(Draft.status == Status.PENDING, Draft.due_at <= now())
    )
    due = select(func.count()).select_from(Draft).where(is_due)
    if before is not None:
        due = due.where(tuple_(Draft.due_at, Draft.id) < (before.due_at, before.id))
    return db.session.scalar(due) or 0


def _place_in_queue(job_id: str) -> int | None:
    try:
        with redis() as client:
            place: int | None = client.lpos(keys.QUEUED, job_id)  # type: ignore[assignment]
    except redis_py.RedisError:
        return None
    return place


def _rest(draft: Draft, estimate: Estimate | None) -> float | None:
    if estimate is None or draft.started_at is None:
        return None
    return max(0.0, round(estimate.seconds - (now() - draft.started_at).total_seconds(), 1))


def workers() -> int:
    """How many work on the queue; 0 where Redis does not say."""
    try:
        with redis() as client:
            return int(client.scard(keys.WORKERS_OF_QUEUE))
    except redis_py.RedisError:
        return 0


def _sentence(
    draft: Draft, position: int, before: float | None, found: Readiness | None
) -> tuple[str, Mender]:
    if found and found.stage in (*STOPPED, Stage.PULLING):
        return found.sentence, found.mender
    wait = seconds_until_start(draft) or 0.0
    if draft.failure and wait:
        return f"Next try in {exactly(wait)}: {draft.error}", draft.failure.mender
    if draft.status == Status.QUEUED and not wait and not workers():
        nobody = Failure("no_worker")
        return nobody.sentence, nobody.mender
    return _what_comes(draft, wait, position, before), Mender.READER


def _what_comes(draft: Draft, wait: float, position: int, before: float | None) -> str:
    if wait:
        return f"Starts in {exactly(wait)}."
    if draft.status == Status.PENDING:
        return "Its time has come: the scheduler moves it to the queue."
    if position:
        about = f", {roughly(before)}" if before else ""
        return f"{position:,} ahead of you{about}."
    return "Next in line: the first free worker takes it."
