"""What is not found yet is made findable, step by step: all that there was before the index was.

A step reads some contents, makes their tokens while no transaction is open, and writes them in a
short one, so that on SQLite nobody waits for longer than a moment. Whoever is interrupted has lost
two steps; any number of processes may do it at once.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from typing import Any

from sqlalchemy import bindparam, func, select, update

from smartcontent.models import FINAL, Content, Draft
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.models.search_index import (
    Entry,
    as_told,
    findables,
    is_behind,
    store,
    words_of,
)
from smartcontent.portions import portions
from smartcontent.stores.sql import db, is_postgresql, only_read
from smartcontent.texts.counting import size_of

_Made = tuple[dict[int, Entry], list[dict[str, Any]]]

AT_ONCE = 200
TEXTS_AT_ONCE = 600_000  # of one step, in bytes: a character of Chinese is a word of its own

# What shows that the index was told of a content: changes it had not taken in, and whose rules.
_STATE = (findables.c.behind, findables.c.tokens_version)
_READ = (
    *(findables.c.place, *_STATE, Content.user_id, Content.title, Content.topic),
    *(Content.audience, Content.keywords, Content.instructions),
    *(Draft.id.label("draft_id"), Draft.status, Draft.text, Draft.words),
)


def count_behind() -> int:
    """How many contents are not found yet, or by what they said before."""
    only_read()
    number = db.session.scalar(select(func.count()).select_from(findables).where(is_behind()))
    db.session.commit()
    return number or 0


def catch_up() -> Iterator[int]:
    """Make findable what is not, the newest first; says after each step how many it were."""
    with ThreadPoolExecutor(1) as beside:
        while (yield from _all_once(beside)):
            pass  # what has changed meanwhile


def _all_once(beside: Executor) -> Generator[int, None, bool]:
    """Take in each once, and say whether there were any.

    The tokens of the next step are made in a thread while PostgreSQL takes in those of this one.
    """
    told, before = as_told(), None
    for rows in _steps():
        step = rows, beside.submit(_entries, rows, told)
        if not is_postgresql():
            # Its one writer would have to share the interpreter with the thread, and take longer.
            wait([step[1]])
        if before:
            yield _take_in(*before)
        before = step
    if before:
        yield _take_in(*before)
    return before is not None


def _steps() -> Iterator[list[Any]]:
    below = LARGEST_ID
    while rows := _next(below):
        yield from portions(rows, _size, TEXTS_AT_ONCE)
        below = rows[-1].place


def _next(below: int) -> Sequence[Any]:
    only_read()
    query = select(*_READ).join_from(findables, Content, Content.id == findables.c.content_id)
    newest = query.join(Content.current).where(is_behind()).order_by(findables.c.place.desc())
    rows = db.session.execute(newest.where(findables.c.place < below).limit(AT_ONCE)).all()
    db.session.commit()
    return rows


def _size(row: Any) -> int:
    return sum(len(part.encode()) for part in (row.topic, row.instructions, row.text))


def _take_in(rows: Sequence[Any], made: Future[_Made]) -> int:
    entries, sizes = made.result()
    seen = {(row.place, row.behind, row.tokens_version) for row in rows}
    here = select(findables.c.place, *_STATE).where(findables.c.place.in_(entries))
    now = db.session.execute(here.order_by(findables.c.place).with_for_update()).all()
    # What changed since it was read is taken in by the next step.
    store([entries[row.place] for row in now if tuple(row) in seen])
    if sizes:
        db.session.connection().execute(_SIZED, sizes)
    db.session.commit()
    return len(rows)


_SIZED = (
    update(Draft)
    .where(Draft.id == bindparam("its_id"), Draft.words.is_(None))
    .values(words=bindparam("size"))
)


def _entries(rows: Sequence[Any], told: Callable[[str], str]) -> _Made:
    """What the index is told of each by its place, and how long the texts of drafts are."""
    sizes = [
        {"its_id": row.draft_id, "size": size_of(row.text).number}
        for row in rows
        if row.words is None and row.text and row.status in FINAL
    ]
    return {row.place: _entry(row, told) for row in rows}, sizes


def _entry(row: Any, told: Callable[[str], str]) -> Entry:
    # What a draft has of a text counts when it has ended.
    text = told(row.text) if row.status in FINAL else ""
    return Entry(row.place, row.user_id, words_of(row, text))
