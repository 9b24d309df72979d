"""Erasing a person: the account, and whatever there is of it in the database and in Redis."""

import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, func, select

from smartcontent import events
from smartcontent.contents import ending
from smartcontent.logs import note
from smartcontent.models import (
    UNFINISHED,
    ApiToken,
    Batch,
    BulkAct,
    Content,
    Draft,
    KeptTemplate,
    KeptVoice,
    SavedView,
    Series,
    Tag,
    User,
)
from smartcontent.models.draft import LOOK_AROUND_SECONDS
from smartcontent.models.job_ids import job_id
from smartcontent.scheduling import unschedule_drafts
from smartcontent.stores.sql import db, only_read

AT_ONCE = 500
ATTEMPTS_LEFT = 3
# Of each so few at a time that nobody else waits for longer than a moment: texts first, which may
# be long, then contents, for whatever else they are named by would have to let go of all of them.
_STEPS = {
    Draft: 25,
    Content: 10,
    BulkAct: 1,
    Batch: 10,
    Series: 10,
    Tag: AT_ONCE,
    KeptTemplate: 10,
    KeptVoice: 10,
    SavedView: AT_ONCE,
    ApiToken: AT_ONCE,
}


class LastAdministrator(Exception):
    """Nobody else could look after the others."""


def belongings(user: User) -> dict[str, int]:
    """What would go with the person, counted."""
    owners = {
        "contents": Content.user_id,
        "drafts": Draft.user_id,
        "API tokens": ApiToken.user_id,
        "batches": Batch.user_id,
        "series": Series.user_id,
        "saved views": SavedView.user_id,
        "templates": KeptTemplate.user_id,
        "voices": KeptVoice.user_id,
    }
    return {
        name: db.session.execute(select(func.count()).where(owner == user.id)).scalar_one()
        for name, owner in owners.items()
    }


def erase(user: User) -> Iterator[int]:
    """Erase a person and what is theirs, for good, in steps; says how many contents each erased.

    Streams that are open end within seconds: they ask whether their sessions and tokens hold.
    The account goes last, and nobody can use it meanwhile: who is interrupted begins again.

    Raises:
        LastAdministrator: there are others, and no administrator would be left to them.
    """
    user_id = user.id
    _shut_out(user)
    drafts = _cancel_all(user_id)
    # Who writes one of them says it for the last time by then, and forgets it.
    time.sleep(2 * LOOK_AROUND_SECONDS)
    _forget_in_redis(user_id, drafts)
    yield from _erase_belongings(user_id)
    # Whatever has come meanwhile goes with the row, by its foreign keys.
    db.session.execute(delete(User).where(User.id == user_id))
    db.session.commit()
    note(f"Erased account={user_id}")


def _erase_belongings(user_id: int) -> Iterator[int]:
    for kind, at_once in _STEPS.items():
        while number := _erase_some(kind, user_id, at_once):
            if kind is Content:
                yield number


def _erase_some(kind: type[Any], user_id: int, at_once: int) -> int:
    """In one short transaction; answers how many there still were."""
    some = select(kind.id).where(kind.user_id == user_id).limit(at_once)
    only_read()
    ids = db.session.scalars(some).all()
    db.session.commit()
    if ids:
        db.session.execute(
            delete(kind).where(kind.id.in_(ids)),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()
    return len(ids)


def _shut_out(user: User) -> None:
    """End sessions and tokens, so that nothing new comes while the old is cleared away."""
    heir = _heir(user)
    user.is_enabled = False
    user.end_sessions()
    user.revoke_tokens()
    if user.is_founder and heir:
        user.is_founder = None
        db.session.flush()  # there is one founder at a time
        heir.is_founder = True
    db.session.commit()


def _heir(user: User) -> User | None:
    """The administrator who is left; None where nobody is left at all."""
    everybody = db.session.scalars(select(User).order_by(User.id).with_for_update()).all()
    others = [other for other in everybody if other.id != user.id]
    left = [other for other in others if other.is_admin and other.is_enabled]
    if others and not left:
        raise LastAdministrator
    return left[0] if left else None


def _cancel_all(user_id: int) -> list[tuple[int, int]]:
    """Stop what is unfinished; answers each draft with the number of its attempts."""
    unfinished = select(Draft.id).where(Draft.user_id == user_id, Draft.status.in_(UNFINISHED))
    only_read()
    drafts = db.session.scalars(unfinished).all()
    db.session.commit()
    ending.cancel_each(drafts)
    only_read()
    rows = db.session.execute(select(Draft.id, Draft.attempt).where(Draft.user_id == user_id)).all()
    db.session.commit()
    return [(row.id, row.attempt) for row in rows]


def _forget_in_redis(user_id: int, drafts: list[tuple[int, int]]) -> None:
    # One that waited for Ollama had a thousand, of which the last may have left something.
    attempts = [
        (draft, number)
        for draft, last in drafts
        for number in range(max(1, last + 1 - ATTEMPTS_LEFT), last + 1)
    ]
    ways = (False, True)  # asked for alone, or by a batch
    unschedule_drafts([job_id(*each, user_id, by_batch) for each in attempts for by_batch in ways])
    for first in range(0, len(attempts), AT_ONCE):
        events.forget_texts(attempts[first : first + AT_ONCE])
