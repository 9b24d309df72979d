"""An archive is written: read in steps, each in a short transaction, and nothing of it is held.

Whoever gives it out packs each step before the next is read. A text that changes meanwhile is in it
as it was when its turn came.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, select, tuple_
from sqlalchemy.orm import lazyload, selectinload, undefer

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
from smartcontent.contents.history.reading import histories
from smartcontent.exports.packing import File
from smartcontent.models import Content, Draft, KeptTemplate, KeptVoice, SavedView, Series, now
from smartcontent.models.dismissal import dismissals
from smartcontent.models.moments import iso
from smartcontent.portions import portions
from smartcontent.stores.sql import db, only_read

AT_ONCE = 20  # contents, of which each may have hundreds of versions
VERSIONS_AT_ONCE = 50
VERSIONS_LONGEST = 1_000_000  # of one step, in characters, unless one version has more
HISTORY_AT_ONCE = 250  # versions of some contents, unless one content has more

Step = list[File]

_LONG = (
    *(Draft.text, Draft.prompt, Draft.taken_out, Draft.brief, Draft.task),
    *(Draft.error_values, Draft.earlier_error, Draft.options, Draft.stats),
)
_SIZE: Any = sum((func.coalesce(func.length(cast(each, Text)), 0) for each in _LONG), start=0)


def steps(user_id: int) -> Iterator[Step]:
    """All files of the archive, some at a time."""
    yield _head(user_id)
    after: tuple[Any, UUID] | None = None
    while rows := _next(user_id, after):
        yield from _of_contents({row.id: folder_of(row) for row in rows})
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
    """The next contents, the oldest first, by what their folders are named by."""
    place = tuple_(Content.created_at, Content.id)
    behind = [place > after] if after else []
    some = select(Content.id, Content.created_at, Content.title)
    own = some.where(Content.user_id == user_id, *behind)
    return _read(own.order_by(Content.created_at, Content.id).limit(AT_ONCE))


def _read(query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    only_read()
    rows = db.session.execute(query).all()
    db.session.commit()
    return rows


def _of_contents(folders: Mapping[UUID, str]) -> Iterator[Step]:
    """The versions of some contents, and then what they are: of those versions that are there."""
    its = select(Draft.id, _SIZE.label("size")).where(Draft.content_id.in_(folders))
    written = defaultdict[UUID, list[int]](list)
    for some in _cut(_read(its.order_by(Draft.content_id, Draft.number))):
        yield _versions(Draft.id.in_(some), folders, written)
    for few in portions(folders, lambda its_id: 1 + len(written[its_id]), HISTORY_AT_ONCE):
        yield _contents({its_id: folders[its_id] for its_id in few}, written)


def _cut(rows: Sequence[Any]) -> Iterator[list[int]]:
    some, size = list[int](), 0
    for row in rows:
        size += row.size
        if some and (size > VERSIONS_LONGEST or len(some) == VERSIONS_AT_ONCE):
            yield some
            some, size = [], row.size
        some.append(row.id)
    if some:
        yield some


def _versions(which: Any, folders: Mapping[UUID, str], written: Mapping[UUID, list[int]]) -> Step:
    only_read()
    query = select(Draft).where(which).order_by(Draft.content_id, Draft.number)
    whole = undefer(Draft.prompt), undefer(Draft.taken_out)
    its_content = selectinload(Draft.content).lazyload(Content.current)
    drafts = db.session.scalars(query.options(*whole, its_content)).all()
    files = [file for each in drafts for file in _of_version(each, folders[each.content_id])]
    for each in drafts:
        written[each.content_id].append(each.number)
    db.session.commit()
    return files


def _of_version(draft: Draft, folder: str) -> Iterator[File]:
    yield File(f"{folder}{draft.number}.json", draft.created_at, of_draft(draft))
    if draft.text:
        yield File(f"{folder}{draft.number}.md", draft.created_at, as_it_is(draft))


def _contents(folders: Mapping[UUID, str], written: Mapping[UUID, list[int]]) -> Step:
    only_read()
    query = select(Content).where(Content.id.in_(folders))
    query = query.order_by(Content.created_at, Content.id)
    with_tags = (lazyload(Content.current), selectinload(Content.tags))
    contents = db.session.scalars(query.options(*with_tags)).all()
    its = select(dismissals).where(dismissals.c.content_id.in_(folders))
    hidden = _by_content(db.session.execute(its))
    lines = histories(contents)
    files = []
    for each in filter(lambda content: written[content.id], contents):
        dismissed = [row.finding for row in hidden[each.id]]
        said = of_content(each, written[each.id], dismissed, lines[each.id])
        files.append(File(f"{folders[each.id]}content.json", each.created_at, said))
    db.session.commit()
    return files


def _by_content(rows: Iterable[Any]) -> Mapping[UUID, list[Any]]:
    found = defaultdict[UUID, list[Any]](list)
    for row in rows:
        found[row.content_id].append(row)
    return found
