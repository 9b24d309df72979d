"""Submitting a batch: all of it in one transaction, then into Redis.

A thousand contents with their drafts are two statements. Who is killed in between has lost nothing
and doubles nothing: the batch is there or it is not, its key is unique, and what Redis has not
heard of the reconciler schedules.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import insert, inspect, select, update

from smartcontent.briefs.wishes import LONGEST_DELAY
from smartcontent.contents import quotas
from smartcontent.contents.batches.rows import BatchRow, length
from smartcontent.contents.locking import one_after_the_other
from smartcontent.contents.submitting import write_brief
from smartcontent.models import Batch, Content, Draft, Status, now
from smartcontent.models.moments import due_after, rounded_up
from smartcontent.models.search_index import Words, make_all_findable, words_of
from smartcontent.portions import portions as by_size
from smartcontent.progress.batches import announce
from smartcontent.scheduling import schedule_drafts
from smartcontent.stores.sql import db

# Bytes of the words that the index is told in one transaction, for which others wait.
INDEXED_AT_ONCE = 400_000
# Characters of briefs: they take 0.2 s where no blank parts them, as in Chinese.
PREPARED_AT_ONCE = 20_000


class TooFarOff(ValueError):
    """The last row would be due too late; the text is for people."""


class Timing(NamedTuple):
    """When the rows are due: the first after a delay, each later one so much after the one before.

    The delay is None for the usual one, and does not count where the first one has its due time.
    """

    delay_seconds: float | None = None
    every_seconds: float = 0.0
    first: datetime | None = None

    def due_times(self, moment: datetime, number: int) -> list[datetime]:
        """The due times of so many rows submitted at a moment."""
        first = self.first or due_after(moment, self.delay_seconds)
        return [
            rounded_up(first + timedelta(seconds=place * self.every_seconds))
            for place in range(number)
        ]

    def check(self, number: int) -> None:
        """Refuse times that nobody can foresee.

        Raises:
            TooFarOff: the last of so many rows is due too late.
        """
        distance = timedelta(seconds=(number - 1) * self.every_seconds)
        [first] = self.due_times(now(), 1)
        if distance > LONGEST_DELAY or first + distance > now() + LONGEST_DELAY:
            raise TooFarOff(
                f"The last of {number:,} rows so far apart comes in more than a year: begin"
                " earlier, or let less time lie between."
            )


class Prepared(NamedTuple):
    """A content that is to be inserted: its columns, and what it is found by."""

    columns: dict[str, Any]
    words: Words


def portions(rows: Iterable[BatchRow]) -> Iterator[list[BatchRow]]:
    """So many rows at a time as are prepared in one go."""
    return by_size(rows, _length, PREPARED_AT_ONCE)


def _length(row: BatchRow) -> int:
    return length(row.submission.brief) if row.submission else 0


def prepared(user_id: int, rows: Sequence[BatchRow]) -> list[Prepared]:
    """The content of each row. Asks no store: it may be done in a thread."""
    return [_prepared(user_id, row) for row in rows]


def _prepared(user_id: int, row: BatchRow) -> Prepared:
    assert row.submission, "rows with problems are left out"
    content = Content(
        id=uuid4(),
        user_id=user_id,
        title=row.submission.title,
        settings=row.submission.settings,
        current_number=1,
        batch_row=row.number,
        batch_cells=list(row.cells),
    )
    write_brief(content, row.submission.brief)
    state = inspect(content).dict
    columns = {name: value for name, value in state.items() if name != "_sa_instance_state"}
    return Prepared(columns, words_of(content, ""))


def submit(batch: Batch, contents: Sequence[Prepared], timing: Timing) -> bool:
    """Submit a new batch, or one that was uploaded; False where that has just been submitted.

    Raises:
        sqlalchemy.exc.IntegrityError: the user has submitted with its idempotency key before.
        smartcontent.contents.quotas.OverQuota: the user may not have so many; nothing is saved.
    """
    one_after_the_other(batch.user_id)  # before the batch, as who makes room for a table does
    moment = rounded_up(now())  # the first row is due the delay itself later, no less
    if not _begin(batch, len(contents), moment):
        db.session.rollback()
        return False
    batch_id, user_id = batch.id, batch.user_id
    shared = {"batch_id": batch_id, "created_at": moment}
    due_times = timing.due_times(moment, len(contents))
    db.session.execute(insert(Content), [{**each.columns, **shared} for each in contents])
    if _indexed_soon(contents):
        make_all_findable((each.columns["id"], user_id, each.words) for each in contents)
    usual = {"user_id": user_id, "number": 1, "status": Status.PENDING, **shared}
    db.session.execute(
        insert(Draft),
        [
            {**usual, "content_id": each.columns["id"], "due_at": due_at}
            for each, due_at in zip(contents, due_times, strict=True)
        ],
    )
    quotas.check(user_id, of_batch=len(contents))
    db.session.commit()
    schedule_drafts(_first_drafts(batch_id))
    announce(batch)
    return True


def _indexed_soon(contents: Sequence[Prepared]) -> bool:
    """Whether they are few words: of more the scheduler makes them findable, in steps."""
    words = (word for each in contents for word in each.words)
    return sum(len(word.encode()) for word in words) <= INDEXED_AT_ONCE


def _begin(batch: Batch, total: int, moment: datetime) -> bool:
    if inspect(batch).transient:
        batch.id, batch.created_at, batch.submitted_at, batch.total = uuid4(), moment, moment, total
        db.session.add(batch)
        db.session.flush()
        return True
    values = {"submitted_at": moment, "total": total, "upload": None}
    begun = db.session.execute(
        update(Batch)
        .where(Batch.id == batch.id, Batch.submitted_at.is_(None))
        .values(**values)
        .returning(Batch.id)
    ).all()
    return bool(begun)


def _first_drafts(batch_id: Any) -> Sequence[Draft]:
    own = select(Content.id).where(Content.batch_id == batch_id)
    drafts = db.session.scalars(
        select(Draft).where(Draft.content_id.in_(own), Draft.number == 1).order_by(Draft.id)
    ).all()
    db.session.commit()
    return drafts
