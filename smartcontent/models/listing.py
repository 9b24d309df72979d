"""The list of a user's contents: filtered, searched, and cut into pages that do not shift."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Tuple, func, select, true, tuple_
from sqlalchemy.orm import contains_eager, selectinload

from smartcontent.models.batch import Batch
from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.models.findable import (
    among_found,
    among_nearest,
    is_postgresql,
    place_of_found,
    rank,
)
from smartcontent.models.series import Series
from smartcontent.models.tag import Tag, content_tags
from smartcontent.stores.sql import db
from smartcontent.texts.queries import LONGEST
from smartcontent.texts.queries import query as parsed
from smartcontent.texts.sought import as_sought

Q_LONGEST = LONGEST  # of a search, in characters
PAGE = 20
COUNTED_MOST = 1_000
NAMED_MOST = 50
FEW = 2_000  # so many are looked up one by one
# What the texts of one page come to, in characters: one page of the longest would be an answer
# of tens of megabytes. As many as fit are shown, and the cursor leads on.
TEXTS_LONGEST = 2_000_000


class Sort(StrEnum):
    """In which order contents are listed; by relevance only what was searched."""

    NEWEST = "newest"
    OLDEST = "oldest"
    RELEVANCE = "relevance"
    TITLE = "title"


@dataclass(frozen=True)
class Filters:
    """What to list; what is empty means any. `q` is looked for in title, brief and text."""

    status: str = ""
    content_type: str = ""
    q: str = ""
    tag: str = ""
    favourite: bool = False
    model: str = ""  # that wrote the current draft
    voice: str = ""  # ids
    batch: str = ""
    series: str = ""
    since: datetime | None = None  # submitted then or later
    until: datetime | None = None  # submitted before
    trash: bool = False
    sort: str = Sort.NEWEST


@dataclass(frozen=True)
class Page:
    """Some contents in their order, and the cursor of the page after them, if there is one."""

    items: list[Content]
    next_cursor: str | None


@dataclass(frozen=True)
class Trashed:
    """What the trash shows of a content."""

    id: UUID
    title: str
    content_type: str
    deleted_at: datetime


def list_contents(user_id: int, filters: Filters, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of the user's contents: at most `limit`, fewer where their texts are very long.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    found = _found(user_id, filters, cursor, limit + 1)
    ids = _those_that_fit([row.id for row in found[:limit]])
    items = _in_full(ids)
    if len(found) <= len(ids):
        return Page(items, None)
    last = found[len(ids) - 1]
    if not filters.q or filters.sort == Sort.TITLE:
        return Page(items, _cursor_behind(items[-1], filters.sort))
    return Page(items, _cursor_behind_found(found[0], last, filters.sort, cursor, len(ids)))


def _found(user_id: int, filters: Filters, cursor: str, number: int) -> Sequence[Row[Any]]:
    """The ids of the next so many, from behind the cursor; of a search with their places.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    if filters.q and filters.sort in (Sort.NEWEST, Sort.OLDEST):
        near = _nearest(user_id, filters, _place(cursor) if cursor else None)
        found = db.session.execute(near.limit(number)).all() if near is not None else ()
        if len(found) == number:
            return found
    return db.session.execute(_page(user_id, filters, cursor).limit(number)).all()


def _nearest(user_id: int, filters: Filters, behind: int | None) -> Any:
    is_oldest = filters.sort == Sort.OLDEST
    query: Any = _unsought(user_id, filters)
    near = among_nearest(query, user_id, parsed(filters.q), is_oldest, behind)
    if near is None:
        return None
    place = place_of_found()
    placed = near.with_only_columns(Content.id, place.label("place"))
    return placed.order_by(place if is_oldest else place.desc())


def _page(user_id: int, filters: Filters, cursor: str) -> Select[Any]:
    """The ids in order, from behind the cursor.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    query: Any = _filtered(user_id, filters)  # of other columns
    if not filters.q or filters.sort == Sort.TITLE:
        return _ordered(query, filters.sort, cursor).with_only_columns(Content.id)
    place = place_of_found()
    placed = query.with_only_columns(Content.id, place.label("place"))
    if filters.sort == Sort.RELEVANCE:
        return _ranked(placed, rank(parsed(filters.q)), cursor)
    behind = _place(cursor) if cursor else None
    if filters.sort == Sort.OLDEST:
        return placed.where(true() if behind is None else place > behind).order_by(place)
    return placed.where(true() if behind is None else place < behind).order_by(place.desc())


def _ranked(placed: Select[Any], fits: ColumnElement[float], cursor: str) -> Select[Any]:
    """Of the newest that are found so many, the best first: what there is to do is bounded.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    begun_at, done = _place_and_number(cursor) if cursor else (None, 0)
    place = place_of_found()
    # As of the first page: what is submitted meanwhile shifts nothing.
    known = placed.where(true() if begun_at is None else place <= begun_at)
    newest = known.order_by(place.desc()).limit(COUNTED_MOST)
    found = newest.add_columns(fits.label("fits")).subquery()
    latest = func.max(found.c.place).over()
    query = select(found.c.id, latest.label("place"))
    return query.order_by(found.c.fits, found.c.place.desc()).offset(done)


def _in_full(ids: Sequence[UUID]) -> list[Content]:
    """The contents with these ids, in their order."""
    query = select(Content).join(Content.current).where(Content.id.in_(ids))
    with_them = (contains_eager(Content.current), selectinload(Content.tags))
    contents = db.session.scalars(query.options(*with_them)).unique()
    return sorted(contents, key=lambda content: ids.index(content.id))


def list_trash(user_id: int, cursor: str = "") -> tuple[Sequence[Trashed], str | None]:
    """What the user has deleted, the last first, and the cursor of what was deleted before.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    place = (Content.deleted_at, Content.id)
    query = select(Content.id, Content.title, Content.content_type, Content.deleted_at)
    query = query.where(Content.user_id == user_id, Content.deleted_at.is_not(None))
    if cursor:
        query = query.where(tuple_(*place) < _position(cursor))
    newest_first = query.order_by(*(column.desc() for column in place)).limit(PAGE + 1)
    rows = db.session.execute(newest_first)
    found = [Trashed(*row) for row in rows]  # type: ignore[arg-type]  # none without deleted_at
    last = found[:PAGE][-1:]
    return found[:PAGE], _cursor(last[0].deleted_at, last[0].id) if found[PAGE:] else None


def _those_that_fit(ids: Sequence[UUID]) -> Sequence[UUID]:
    """The first ones, as far as their texts fit on a page."""
    # After there is a page of them, for to measure a text is to read it.
    sizes = select(Content.id, func.length(Draft.text)).join(Content.current)
    rows = db.session.execute(sizes.where(Content.id.in_(ids)))
    known = {content_id: size for content_id, size in rows}
    fitting = sum(total <= TEXTS_LONGEST for total in accumulate(known[each] for each in ids))
    # One in any case: a page without any would lead nowhere.
    return ids[: max(1, fitting)]


def newest(user_id: int) -> list[UUID]:
    """The ids of the first page of the user's contents, nothing filtered."""
    ids = Content.owned_by(user_id).with_only_columns(Content.id).limit(PAGE)
    return list(db.session.scalars(ids))


def _filtered(user_id: int, filters: Filters, in_order: bool = True) -> Select[Content]:
    query = _unsought(user_id, filters)
    if not filters.q:
        return query
    is_oldest = filters.sort == Sort.OLDEST if in_order else None
    return among_found(query, user_id, parsed(filters.q), is_oldest)


def _unsought(user_id: int, filters: Filters) -> Select[Content]:
    """All that the filters ask for but the words."""
    of_status, of_tag = _of_status(user_id, filters.status), _tagged(user_id, filters.tag)
    is_rare = bool(filters.q) or any(
        asked and _are_few(some)
        for asked, some in ((filters.status, of_status), (filters.tag, of_tag))
    )
    # What few have is looked up. SQLite, which has no statistics, would go through the index in
    # the order of the list for it.
    owner = Content.user_id if is_postgresql() or not is_rare else Content.user_id + 0
    query = select(Content).where(owner == user_id, *_conditions(filters)).join(Content.current)
    if filters.tag:
        has_it = of_tag.where(content_tags.c.content_id == Content.id).exists()
        query = query.where(_one_of(of_tag) if is_rare else has_it)
    if filters.status and is_rare:
        query = query.where(Draft.user_id == user_id)
    return query


def _one_of(some: Select[tuple[UUID]]) -> ColumnElement[bool]:
    """That a content is one of few; PostgreSQL takes them for few only where they are an array."""
    if not is_postgresql():
        return Content.id.in_(some)
    return Content.id == func.any(func.array(some.scalar_subquery()))


def _are_few(some: Select[Any]) -> bool:
    counted = select(func.count()).select_from(some.limit(FEW + 1).subquery())
    return (db.session.scalar(counted) or 0) <= FEW


def _of_status(user_id: int, status: str) -> Select[Any]:
    return select(Draft.id).where(Draft.user_id == user_id, Draft.status == status)


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    deleted_at = Content.deleted_at
    yield deleted_at.is_not(None) if filters.trash else deleted_at.is_(None)
    if filters.status:
        yield Draft.status == filters.status
    if filters.content_type:
        yield Content.content_type == filters.content_type
    if filters.favourite:
        yield Content.favourite.is_(True)
    if filters.model:
        yield Draft.model == filters.model
    if filters.since:
        yield Content.created_at >= filters.since
    if filters.until:
        yield Content.created_at < filters.until
    yield from _of_origin(filters)


def _of_origin(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.voice:
        yield from Content.sounds_like(UUID(filters.voice))
    if filters.batch:
        yield Content.batch_id == UUID(filters.batch)
    if filters.series:
        yield Content.series_id == UUID(filters.series)


def _tagged(user_id: int, tag: str) -> Select[tuple[UUID]]:
    """The ids of the contents with a tag, in any case of letters."""
    of_tag = Tag.user_id == user_id, Tag.sought == as_sought(tag)
    return select(content_tags.c.content_id).join(Tag).where(*of_tag)


def _ordered(query: Select[Content], sort: str, cursor: str) -> Select[Content]:
    """The query in an order, from behind the place that a cursor names.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    first = func.lower(Content.title) if sort == Sort.TITLE else Content.created_at
    place = (first, Content.id)
    if sort == Sort.NEWEST:
        behind = tuple_(*place) < _position(cursor) if cursor else true()
        return query.where(behind).order_by(*(column.desc() for column in place))
    position = _position_of_title if sort == Sort.TITLE else _position
    ahead = tuple_(*place) > position(cursor) if cursor else true()
    return query.where(ahead).order_by(*place)


def count_contents(user_id: int, filters: Filters) -> int:
    """How many of the user's contents a search finds; no more than COUNTED_MOST are counted."""
    found = _filtered(user_id, filters, in_order=False).with_only_columns(Content.id)
    counted = select(func.count()).select_from(found.limit(COUNTED_MOST).subquery())
    return db.session.scalar(counted) or 0


def names_of(kind: type[Batch] | type[Series], user_id: int) -> Sequence[tuple[UUID, str]]:
    """The ids and names of the user's last batches, or series."""
    named = select(kind.id, kind.name).where(kind.user_id == user_id)
    if kind is Batch:
        named = named.where(Batch.submitted_at.is_not(None))
    newest = named.order_by(kind.created_at.desc()).limit(NAMED_MOST)
    return [(row.id, row.name) for row in db.session.execute(newest)]


def matching(user_id: int, filters: Filters, most: int) -> Sequence[UUID]:
    """The ids of the user's contents that the filters find, in no order; at most so many."""
    found = _filtered(user_id, filters).with_only_columns(Content.id)
    # Some at a time: SQLite lets others go on in between.
    return db.session.scalars(found.limit(most).execution_options(yield_per=500)).all()


def _cursor_behind(content: Content, sort: str) -> str:
    if sort == Sort.TITLE:
        return _encoded(f"{content.title} {content.id}")
    return _cursor(content.created_at, content.id)


def _cursor_behind_found(first: Row, last: Row, sort: str, cursor: str, number: int) -> str:
    if sort == Sort.RELEVANCE:
        done = _place_and_number(cursor)[1] if cursor else 0
        return _encoded(f"{first.place}+{done + number} {last.id}")
    return _encoded(f"{last.place} {last.id}")


def _place(cursor: str) -> int:
    return _whole(_decoded(cursor)[0])


def _place_and_number(cursor: str) -> tuple[int, int]:
    place, _, number = _decoded(cursor)[0].partition("+")
    return _whole(place), _whole(number)


def _whole(written: str) -> int:
    number = int(written)
    if not 0 <= number < 2**31:
        raise ValueError("ours are smaller")
    return number


def _cursor(moment: datetime, content_id: UUID) -> str:
    return _encoded(f"{moment.isoformat()} {content_id}")


def _encoded(position: str) -> str:
    return urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, UUID]:
    written, content_id = _decoded(cursor)
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not UTC:
        raise ValueError("ours are in UTC")
    return moment, content_id


def _position_of_title(cursor: str) -> Tuple:
    title, content_id = _decoded(cursor)
    # The database's own small letters: another's are others.
    return tuple_(func.lower(title), content_id)


def _decoded(cursor: str) -> tuple[str, UUID]:
    first, _, content_id = urlsafe_b64decode(cursor.encode() + b"==").decode().rpartition(" ")
    if "\0" in first:
        raise ValueError("ours have none")
    return first, UUID(content_id)
