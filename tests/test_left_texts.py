"""A draft that waits may have a long text, which an attempt that failed has left: nobody who asks
for many has the texts of all in memory at once."""

from datetime import timedelta
from uuid import UUID

import pytest
from conftest import BRIEF, both_databases
from costs import bytes_held
from sqlalchemy import func, select, update

from smartcontent.accounts import erasure
from smartcontent.contents import emptying, ending, submitting, waiting
from smartcontent.contents.bulk.deeds import Asked, Deed, do
from smartcontent.live.stream import snapshot
from smartcontent.models import Content, Draft, Status, User, now
from smartcontent.models.job_ids import job_id
from smartcontent.scheduling.drafts import mark_queued
from smartcontent.scheduling.reconciler import reconcile
from smartcontent.stores.sql import db

MANY = 30
LONG = "x" * 200_000  # without words, or what it is found by would be most of what is held
HELD_MOST = MANY * len(LONG) / 2


def with_texts_left(user: User) -> list[UUID]:
    """The ids of contents whose drafts wait with long texts, and the briefs that they had."""
    ids = [submitting.submit(user.id, BRIEF, f"Tea {number}").id for number in range(MANY)]
    left = {"text": LONG, "brief": {"material": LONG}, "task": {"passage": {"text": LONG}}}
    db.session.execute(update(Draft).values(due_at=now(), attempt=1, **left))
    db.session.execute(update(Content).values(material=LONG))
    db.session.commit()
    db.session.expunge_all()
    return ids


def snapshot_is_taken(user: User, _ids: list[UUID]) -> int:
    return len(snapshot(user.id)["drafts"])


def all_are_stopped(user: User, ids: list[UUID]) -> int:
    return [each.detail for each in do(Asked(user.id, Deed.CANCEL), ids)].count("")


def jobs_are_put_back(_user: User, _ids: list[UUID]) -> int:
    db.session.execute(update(Draft).values(due_at=now() - timedelta(minutes=1)))
    db.session.commit()
    return len(reconcile())


def they_are_marked_as_due(user: User, _ids: list[UUID]) -> int:
    rows = db.session.execute(select(Draft.id, Draft.attempt)).all()
    db.session.commit()
    mark_queued([job_id(row.id, row.attempt + 1, user.id) for row in rows])
    return number_of(Status.QUEUED)


def versions_are_stopped(_user: User, ids: list[UUID]) -> int:
    db.session.execute(update(Draft).values(content_id=ids[0], number=Draft.id))
    db.session.commit()
    ending.cancel_all(db.session.get(Content, ids[0]))
    return number_of(Status.CANCELLED)


def one_version_is_put_off(_user: User, ids: list[UUID]) -> int:
    values = {"content_id": ids[0], "number": Draft.id, "status": Status.HELD, "due_at": None}
    db.session.execute(update(Draft).values(**values))
    db.session.commit()
    content = db.session.get(Content, ids[0])
    waiting.put_off(content.current, now() + timedelta(hours=1))
    return number_of(Status.HELD) + number_of(Status.PENDING)


def number_of(status: Status) -> int:
    return db.session.scalar(select(func.count()).where(Draft.status == status))


def trash_is_emptied(_user: User, _ids: list[UUID]) -> int:
    db.session.execute(update(Content).values(deleted_at=now() - timedelta(days=365)))
    db.session.commit()
    return sum(emptying.empty())


def person_is_erased(user: User, _ids: list[UUID]) -> int:
    return sum(erasure.erase(user))


@both_databases
@pytest.mark.parametrize(
    "work",
    [
        snapshot_is_taken, all_are_stopped, jobs_are_put_back,
        they_are_marked_as_due, versions_are_stopped, one_version_is_put_off,
        trash_is_emptied, person_is_erased,
    ],
)  # fmt: skip
def test_what_is_done_to_many_that_wait_holds_few_of_their_texts(ada, bob, work):
    ids = with_texts_left(bob)
    bob = db.session.get(User, bob.id)
    done: list[int] = []

    held = bytes_held(lambda: done.append(work(bob, ids)))

    assert done == [MANY]
    assert held < HELD_MOST
