"""An archive is written: read in steps, each in a short transaction, and nothing of it is held.

Whoever gives it out packs each step before the next is read. A text that changes meanwhile is in it
as it was when its turn came.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import lazyload, selectinload

from smartcontent.contents.archives import FORMAT, HEAD, README, VERSION
from smartcontent.contents.archives.describing import (
    folder_of,
    of_content,
    of_draft,
    of_series,
    of_template,
    of_view,
    of_voice,
)
from smartcontent.contents.as_document import as_it_is
from smartcontent.contents.history.reading import Line, histories
from smartcontent.exports.packing import File
from smartcontent.models import Content, Draft, KeptTemplate, KeptVoice, SavedView, Series, now
from smartcontent.models.dismissal import dismissals
from smartcontent.models.moments import iso
from smartcontent.stores.sql import db, only_read

AT_ONCE = 50
TEXTS_LONGEST = 1_000_000  # of one step, in characters, unless one content has more

Step = list[File]


def steps(user_id: int) -> Iterator[Step]:
    """All files of the archive, some at a time."""
    yield _head(user_id)
    after: tuple[Any, UUID] | None = None
    while rows := _next(user_id, after):
        for some in _cut(rows):
            yield _files(some)
        after = rows[-1].created_at, rows[-1].id


def _head(user_id: int) -> Step:
    only_read()
    own = {
        "voices": [of_voice(each) for each in _own(KeptVoice, user_id)],
        "templates": [of_template(each) for each in _own(KeptTemplate, user_id)],
        "series": [of_series(each) for each in _own(Series, user_id)],
        "views": [of_view(each) for each in _own(SavedView, user_id)],
    }
    db.session.commit()
    moment = now()
    head = {"format": FORMAT, "version": VERSION, "exported_at": iso(moment), **own}
    return [File("README.txt", moment, README), File(HEAD, moment, head)]


def _own(kind: Any, user_id: int) -> Sequence[Any]:
    own = select(kind).where(kind.user_id == user_id)
    return db.session.scalars(own.order_by(kind.created_at, kind.id)).all()


def _next(user_id: int, after: tuple[Any, UUID] | None) -> Sequence[Any]:
    """Ids of the next contents, the oldest first, and how long all their texts are."""
    place = tuple_(Content.created_at, Content.id)
    behind = [place > after] if after else []
    some = select(Content.id, Content.created_at).where(Content.user_id == user_id, *behind)
    page = some.order_by(Content.created_at, Content.id).limit(AT_ONCE).subquery()
    size = func.coalesce(func.sum(func.length(Draft.text)), 0).label("size")
    query = select(page.c.id, page.c.created_at, size).outerjoin(
        Draft, Draft.content_id == page.c.id
    )
    only_read()
    grouped = query.group_by(page.c.id, page.c.created_at)
    rows = db.session.execute(grouped.order_by(page.c.created_at, page.c.id)).all()
    db.session.commit()
    return rows


def _cut(rows: Sequence[Any]) -> Iterator[list[UUID]]:
    some, size = list[UUID](), 0
    for row in rows:
        size += row.size
        if some and size > TEXTS_LONGEST:
            yield some
            some, size = [], row.size
        some.append(row.id)
    yield some


def _files(ids: Sequence[UUID]) -> Step:
    only_read()
    query = select(Content).where(Content.id.in_(ids)).order_by(Content.created_at, Content.id)
    with_tags = (lazyload(Content.current), selectinload(Content.tags))
    contents = db.session.scalars(query.options(*with_tags)).all()
    drafts = _by_content(db.session.scalars(select(Draft).where(Draft.content_id.in_(ids))))
    its = select(dismissals).where(dismissals.c.content_id.in_(ids))
    hidden = _by_content(db.session.execute(its))
    lines = histories(contents)
    files = [
        file
        for each in contents
        for file in _of(
            each, drafts[each.id], [row.finding for row in hidden[each.id]], lines[each.id]
        )
    ]
    db.session.commit()
    return files


def _by_content(rows: Iterable[Any]) -> Mapping[UUID, list[Any]]:
    found = defaultdict[UUID, list[Any]](list)
    for row in rows:
        found[row.content_id].append(row)
    return found


def _of(
    content: Content, drafts: Sequence[Draft], dismissed: Sequence[str], history: Sequence[Line]
) -> Iterator[File]:
    folder, at = folder_of(content), content.created_at
    drafts = sorted(drafts, key=lambda draft: draft.number)
    numbers = [draft.number for draft in drafts]
    yield File(f"{folder}content.json", at, of_content(content, numbers, dismissed, history))
    for draft in drafts:
        yield File(f"{folder}{draft.number}.json", draft.created_at, of_draft(draft))
        if draft.text:
            yield File(f"{folder}{draft.number}.md", draft.created_at, as_it_is(draft))
