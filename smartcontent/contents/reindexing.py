"""What is not found yet is made findable, step by step: all that there was before the index was.

A step reads some contents, makes their tokens while no transaction is open, and writes them in a
short one, so that on SQLite nobody waits for longer than a moment. Whoever is interrupted has lost
one step; any number of processes may do it at once.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, update

from smartcontent.models import FINAL, Content, Draft
from smartcontent.models.search_index import (
    Entry,
    findable_by,
    findables,
    is_behind,
    store,
    words_of,
)
from smartcontent.stores.sql import db, only_read
from smartcontent.texts.counting import size_of

AT_ONCE = 200
TEXTS_LONGEST = 600_000  # of one step, in characters

_READ = (
    *(findables.c.place, findables.c.behind, Content.user_id, Content.title, Content.topic),
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
    while rows := _next():
        for some in _cut(rows):
            _take_in(some)
            yield len(some)


def _next() -> Sequence[Any]:
    only_read()
    query = select(*_READ).join_from(findables, Content, Content.id == findables.c.content_id)
    newest = query.join(Content.current).where(is_behind()).order_by(findables.c.place.desc())
    rows = db.session.execute(newest.limit(AT_ONCE)).all()
    db.session.commit()
    return rows


def _cut(rows: Sequence[Any]) -> Iterator[list[Any]]:
    some, size = list[Any](), 0
    for row in rows:
        size += len(row.text)
        if some and size > TEXTS_LONGEST:
            yield some
            some, size = [], len(row.text)
        some.append(row)
    yield some


def _take_in(rows: Sequence[Any]) -> None:
    entries = {row.place: _entry(row) for row in rows}
    sizes = [
        {"its_id": row.draft_id, "size": size_of(row.text).number}
        for row in rows
        if row.words is None and row.text and row.status in FINAL
    ]
    seen = {row.place: row.behind for row in rows}
    here = select(findables.c.place, findables.c.behind).where(findables.c.place.in_(seen))
    now = db.session.execute(here.with_for_update()).all()
    # What changed since it was read is taken in by the next step.
    store([entries[place] for place, behind in now if behind == seen[place]])
    if sizes:
        db.session.connection().execute(_SIZED, sizes)
    db.session.commit()


_SIZED = (
    update(Draft)
    .where(Draft.id == bindparam("its_id"), Draft.words.is_(None))
    .values(words=bindparam("size"))
)


def _entry(row: Any) -> Entry:
    # What a draft has of a text counts when it has ended.
    text = findable_by(row.text) if row.status in FINAL else ""
    return Entry(row.place, row.user_id, words_of(row, text))
