"""The list of a user's contents: filtered, searched, and cut into pages that do not shift."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Tuple,
    and_,
    bindparam,
    cast,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import contains_eager, selectinload

from smartcontent.models.batch import Batch
from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.models.search_index import (
    LOOKED_INTO,
    among_found,
    among_nearest,
    fitting,
    found_in_each,
    next_with_words,
    place_of_found,
)
from smartcontent.models.series import Series
from smartcontent.models.tag import Tag, content_tags
from smartcontent.stores.sql import db, is_postgresql, one_of
from smartcontent.texts.folding import as_sought
from smartcontent.texts.search.query import LONGEST, Query, has_phrase
from smartcontent.texts.search.query import query as parsed

Q_LONGEST = LONGEST  # of a search, in characters
PAGE = 20
COUNTED_MOST = 1_000
RANKED_MOST = 500  # the newest that are found: to see how well one fits takes to read its tokens
NAMED_MOST = 50
# So many are looked up one by one; and where more have each thing that is asked for, so many are
# looked into for all of them.
FEW = LOOKED_INTO
_small_title = func.lower(Content.title)
# What the texts of one page come to, in characters: one page of the longest would be an answer
# of tens of megabytes. As many as fit are shown, and the cursor leads on.
TEXTS_LONGEST = 2_000_000

# Made once: to put them together takes longer than to ask them.
_WITH_IDS = Content.id.in_(bindparam("ids", expanding=True))
_SIZES = select(Content.id, func.length(Draft.text)).join(Content.current).where(_WITH_IDS)
_IN_FULL = (
    select(Content)
    .join(Content.current)
    .where(_WITH_IDS)
    .options(contains_eager(Content.current), selectinload(Content.tags))
)


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
    """Some contents in their order, and the cursor of the page after them, if there is one.

    There may be more than what is shown where only so many were looked through: then the cursor
    leads on, unless they are in an order that knows no place to go on from.
    """

    items: list[Content]
    next_cursor: str | None
    is_partial: bool = False


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
    if not filters.q and filters.sort == Sort.RELEVANCE:
        filters = replace(filters, sort=Sort.NEWEST)
    found, end = _found(user_id, filters, cursor, limit + 1)
    ids = _those_that_fit([row.id for row in found[:limit]])
    items = _in_full(ids)
    if len(found) <= len(ids):
        return Page(items, end or None, end is not None)
    last = found[len(ids) - 1]
    if not filters.q or filters.sort == Sort.TITLE:
        return Page(items, _cursor_behind(last, filters.sort))
    return Page(items, _cursor_behind_found(found[0], last, filters.sort, cursor, len(ids)))


def _is_by_time(filters: Filters) -> bool:
    return filters.sort in (Sort.NEWEST, Sort.OLDEST)


def _found(
    user_id: int, filters: Filters, cursor: str, number: int
) -> tuple[Sequence[Row[Any]], str | None]:
    """The ids of the next so many, from behind the cursor, with what tells their places.

    And the cursor of where looking ended: None where all was looked through, empty where it knows
    no place to go on from.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    few = _few(user_id, filters)
    if filters.q and few is None and _is_by_time(filters):
        near = _nearest(user_id, filters, _place(cursor) if cursor else None)
        found = db.session.execute(near.limit(number)).all() if near is not None else ()
        if len(found) == number:
            return found, None
    query, end = _page(user_id, filters, few, cursor)
    return db.session.execute(query.limit(number)).all(), end


def _nearest(user_id: int, filters: Filters, behind: int | None) -> Any:
    is_oldest = filters.sort == Sort.OLDEST
    query: Any = _unsought(user_id, filters)
    near = among_nearest(query, user_id, parsed(filters.q), is_oldest, behind)
    if near is None:
        return None
    place = place_of_found()
    placed = near.with_only_columns(Content.id, place.label("place"))
    return placed.order_by(place if is_oldest else place.desc())


def _page(user_id: int, filters: Filters, few: Any, cursor: str) -> tuple[Any, str | None]:
    """The ids in order, from behind the cursor, and the cursor of where looking ends.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    query: Any  # of other columns
    query, end = _all(user_id, filters, few, cursor)
    if not filters.q or filters.sort == Sort.TITLE:
        return _ordered(query, filters.sort, cursor).with_only_columns(*_placed_by(filters)), end
    return _placed(query, filters, cursor), end


def _all(
    user_id: int, filters: Filters, few: Any, cursor: str = ""
) -> tuple[Select[Any], str | None]:
    """What the filters ask for, in no order, as far as is looked from behind the cursor.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    if few is not None:
        return _looked_up(user_id, filters, few), None
    if filters.q and filters.sort != Sort.TITLE:
        return _by_words(user_id, filters, cursor)
    if filters.q:
        asked = parsed(filters.q)
        places = next_with_words(user_id, asked)
        if has_phrase(asked) or len(places) < LOOKED_INTO:
            return _at_places(user_id, filters, places), _end_of(places, filters)
    query, end = _looked_up(user_id, filters, None), _end(user_id, filters, cursor)
    if end is None:
        return query, None
    return query.where(_not_behind(end, filters.sort)), end


def _end(user_id: int, filters: Filters, cursor: str) -> str | None:
    """The cursor of the last content that is looked into; None: there are not so many.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    if not (filters.q or _is_narrowed(filters)):
        return None  # a page of them is the first that come
    here = _ordered(_walked(user_id, filters), filters.sort, cursor)
    columns = here.with_only_columns(*_placed_by(filters))
    last = db.session.execute(columns.offset(LOOKED_INTO - 1).limit(1)).first()
    return _cursor_behind(last, filters.sort) if last else None


def _placed_by(filters: Filters) -> tuple[Any, ...]:
    """What `_cursor_behind` reads."""
    return Content.id, Content.title if filters.sort == Sort.TITLE else Content.created_at


def _walked(user_id: int, filters: Filters) -> Select[Any]:
    """What is looked into one after the other: as little as an index in that order knows."""
    query = select(Content).where(Content.user_id == user_id, _is_in_trash(filters))
    if filters.sort == Sort.TITLE:
        return query
    # SQLite takes the index of what is equal, also for the list itself.
    of_its_index = [*_of_voice(filters), *_of_type(filters)][:1]
    return query.where(*_of_time(filters), *of_its_index)


def _placed(query: Any, filters: Filters, cursor: str) -> Select[Any]:
    """What is sought, by its places or by how well it fits.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    place = place_of_found()
    placed = query.with_only_columns(Content.id, place.label("place"))
    if filters.sort == Sort.RELEVANCE:
        return _ranked(placed, parsed(filters.q), cursor)
    behind = _place(cursor) if cursor else None
    if filters.sort == Sort.OLDEST:
        return placed.where(true() if behind is None else place > behind).order_by(place)
    return placed.where(true() if behind is None else place < behind).order_by(place.desc())


def _place_in(cursor: str, sort: str) -> int | None:
    """From where it is gone on.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    if not cursor:
        return None
    return _place_and_number(cursor)[0] + 1 if sort == Sort.RELEVANCE else _place(cursor)


def _ranked(placed: Select[Any], asked: Query, cursor: str) -> Select[Any]:
    """Of the newest that are found so many, the best first: what there is to do is bounded.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    begun_at, done = _place_and_number(cursor) if cursor else (None, 0)
    place = place_of_found()
    # As of the first page: what is submitted meanwhile shifts nothing.
    known = placed.where(true() if begun_at is None else place <= begun_at)
    newest = known.order_by(place.desc()).limit(RANKED_MOST).subquery("hits")
    best = fitting(newest, asked)
    latest = func.max(best.c.place).over()
    query = select(best.c.id, latest.label("place"))
    return query.order_by(best.c.fit.desc(), best.c.place.desc()).offset(done)


def _in_full(ids: Sequence[UUID]) -> list[Content]:
    """The contents with these ids, in their order."""
    contents = db.session.scalars(_IN_FULL, {"ids": ids}).unique()
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
    rows = db.session.execute(_SIZES, {"ids": ids})
    known = {content_id: size for content_id, size in rows}
    sizes = (known.get(each, 0) for each in ids)  # one that was just erased has none
    fitting = sum(total <= TEXTS_LONGEST for total in accumulate(sizes))
    # One in any case: a page without any would lead nowhere.
    return ids[: max(1, fitting)]


def newest(user_id: int) -> list[UUID]:
    """The ids of the first page of the user's contents, nothing filtered."""
    ids = Content.owned_by(user_id).with_only_columns(Content.id).limit(PAGE)
    return list(db.session.scalars(ids))


def _by_words(user_id: int, filters: Filters, cursor: str = "") -> tuple[Select[Any], str | None]:
    """What is sought as the index of words has it, and the cursor of where looking ends.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    asked, oldest_first = parsed(filters.q), filters.sort == Sort.OLDEST
    is_bounded = has_phrase(asked) or _is_narrowed(filters)
    # PostgreSQL would put all that have the words in order, for the few newest of which it asks.
    if is_bounded or (is_postgresql() and filters.sort == Sort.RELEVANCE):
        behind = _place_in(cursor, filters.sort)
        places = next_with_words(user_id, asked, oldest_first, behind)
        end = _end_of(places, filters) if is_bounded else None
        return _at_places(user_id, filters, places), end
    return among_found(_unsought(user_id, filters), user_id, asked, oldest_first), None


def _at_places(user_id: int, filters: Filters, places: Sequence[int]) -> Select[Any]:
    return found_in_each(_unsought(user_id, filters), user_id, parsed(filters.q), places)


def _end_of(places: Sequence[int], filters: Filters) -> str | None:
    """The cursor of the last place that is looked into; None: there are not so many."""
    if len(places) < LOOKED_INTO:
        return None
    return _encoded(f"{places[-1]} {UUID(int=0)}") if _is_by_time(filters) else ""


def _unsought(
    user_id: int, filters: Filters, few: Any = None, in_its_order: bool = False
) -> Select[Any]:
    """All that the filters ask for but the words: of few that are looked up, or gone through.

    SQLite, which has no statistics, is told which by what its indexes are of no use for.
    """
    owner: Any = Content.user_id if in_its_order else _owner_by_no_index()
    query = select(Content).where(owner == user_id, *_conditions(filters))
    if filters.status or filters.model:
        query = query.join(Content.current)
    if few is not None:
        query = query.where(few)
    if filters.tag:
        of_tag = _tagged(user_id, filters.tag)
        query = query.where(of_tag.where(content_tags.c.content_id == Content.id).exists())
    return query


def _few(user_id: int, filters: Filters) -> ColumnElement[bool] | None:
    """That it is of those that have one of the things asked for, if few have it."""
    having = next(filter(_are_few, _asked_for(user_id, filters)), None)
    if having is None:
        return None
    (known_by,) = having.selected_columns
    return one_of(Draft.id if known_by.table is Draft.__table__ else Content.id, having)


def _are_few(some: Select[Any]) -> bool:
    counted = select(func.count()).select_from(some.limit(FEW + 1).subquery())
    return (db.session.scalar(counted) or 0) <= FEW


def _asked_for(user_id: int, filters: Filters) -> Iterator[Select[Any]]:
    """The ids of those that have each thing; for each there is an index."""
    if filters.tag:
        yield _tagged(user_id, filters.tag)
    # Those of drafts, which their indexes have: to know a draft's content is to read it.
    of_drafts = select(Draft.id).where(Draft.user_id == user_id).correlate(None)
    if filters.status:
        yield of_drafts.where(Draft.status == filters.status)
    if filters.model:
        yield of_drafts.where(Draft.model == filters.model)
    # Not those of the query around it.
    some = select(Content.id).correlate(None)
    for condition in _of_origin(filters):
        yield some.where(_owner_by_no_index() == user_id, condition)
    own = some.where(Content.user_id == user_id)
    # In the order of the index of it: SQLite without statistics takes any other that fits as well.
    in_order = own.order_by(Content.created_at, Content.id)
    if filters.trash:
        yield in_order.where(Content.deleted_at.is_not(None))
    for condition in _of_content(filters):
        yield in_order.where(condition)
    if filters.since or filters.until:
        yield own.where(*_of_time(filters))


def _owner_by_no_index() -> Any:
    """Of no use for one: SQLite would go through all of a user's for what is to be looked up."""
    return Content.user_id if is_postgresql() else Content.user_id + 0


def _is_narrowed(filters: Filters) -> bool:
    """Whether anything is asked for but words."""
    return replace(filters, q="", sort=Sort.NEWEST) != Filters()


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield _is_in_trash(filters)
    if filters.status:
        yield _beside(Draft.status) == filters.status
    if filters.model:
        yield _beside(Draft.model) == filters.model
    yield from _of_time(filters)
    yield from _of_origin(filters)
    for condition in _of_content(filters):  # whose indexes are in order of time
        yield _by_no_index(condition) if filters.sort == Sort.TITLE else condition


def _is_in_trash(filters: Filters) -> ColumnElement[bool]:
    deleted_at = Content.deleted_at
    return deleted_at.is_not(None) if filters.trash else deleted_at.is_(None)


def _beside(column: Any) -> Any:
    """Of no use for an index: of SQLite's drafts there would be all that have it, in no order."""
    return column if is_postgresql() else column.concat("")


def _by_no_index(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition if is_postgresql() else cast(condition, Integer) == 1


def _of_time(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.since:
        yield Content.created_at >= filters.since
    if filters.until:
        yield Content.created_at < filters.until


def _of_origin(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.batch:
        yield Content.batch_id == UUID(filters.batch)
    if filters.series:
        yield Content.series_id == UUID(filters.series)


def _of_content(filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield from _of_voice(filters)
    if filters.favourite:
        yield Content.favourite.is_(True)
    yield from _of_type(filters)


def _of_voice(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.voice:
        yield Content.sounds_like(UUID(filters.voice))


def _of_type(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.content_type:
        yield Content.content_type == filters.content_type


def _tagged(user_id: int, tag: str) -> Select[tuple[UUID]]:
    """The ids of the contents with a tag, in any case of letters."""
    of_tag = Tag.user_id == user_id, Tag.sought == as_sought(tag)
    return select(content_tags.c.content_id).join(Tag).where(*of_tag)


def _ordered(query: Select[Content], sort: str, cursor: str) -> Select[Content]:
    """The query in an order, from behind the place that a cursor names.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    place = (_small_title if sort == Sort.TITLE else Content.created_at, Content.id)
    if sort == Sort.NEWEST:
        behind = tuple_(*place) < _position(cursor) if cursor else true()
        return query.where(behind).order_by(*(column.desc() for column in place))
    if cursor and sort == Sort.TITLE:
        title, position = _position_of_title(cursor)
        # By both alone, SQLite looks for no place in an index of what a function makes.
        query = query.where(_small_title >= title, tuple_(*place) > position)
    elif cursor:
        query = query.where(tuple_(*place) > _position(cursor))
    return query.order_by(*place)


def count_contents(user_id: int, filters: Filters) -> tuple[int, bool]:
    """How many of the user's contents are found, and whether that is all of them.

    No more than COUNTED_MOST are counted, and where only so many are looked into, among those.
    """
    filters = replace(filters, sort=Sort.NEWEST)
    few = _few(user_id, filters)
    if few is None and filters.q and not (has_phrase(parsed(filters.q)) or _is_narrowed(filters)):
        query, end = _with_words(user_id, filters), None
    else:
        query, end = _all(user_id, filters, few)
    found = query.with_only_columns(Content.id).limit(COUNTED_MOST)
    number = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    return number, end is None and number < COUNTED_MOST


def _looked_up(user_id: int, filters: Filters, few: Any) -> Select[Any]:
    """What is found in no order: of few all, else of all one after the other."""
    query, asked = _unsought(user_id, filters, few, few is None), parsed(filters.q)
    return found_in_each(query, user_id, asked) if filters.q else query


def names_of(kind: type[Batch] | type[Series], user_id: int) -> Sequence[tuple[UUID, str]]:
    """The ids and names of the user's last batches, or series."""
    named = select(kind.id, kind.name).where(kind.user_id == user_id)
    if kind is Batch:
        named = named.where(Batch.submitted_at.is_not(None))
    newest = named.order_by(kind.created_at.desc()).limit(NAMED_MOST)
    return [(row.id, row.name) for row in db.session.execute(newest)]


def matching(user_id: int, filters: Filters, most: int) -> Sequence[UUID]:
    """The ids of the user's contents that the filters find, in no order; at most so many."""
    few = _few(user_id, filters)
    if filters.q and few is None:
        query = _with_words(user_id, filters)
    else:
        query = _looked_up(user_id, filters, few)
    found = query.with_only_columns(Content.id)
    # Some at a time: SQLite lets others go on in between.
    return db.session.scalars(found.limit(most).execution_options(yield_per=500)).all()


def _with_words(user_id: int, filters: Filters) -> Select[Any]:
    """All that is sought, in no order."""
    return among_found(_unsought(user_id, filters), user_id, parsed(filters.q), None)


def _not_behind(end: str, sort: str) -> ColumnElement[bool]:
    if sort == Sort.NEWEST:
        return tuple_(Content.created_at, Content.id) >= _position(end)
    if sort == Sort.TITLE:
        title, position = _position_of_title(end)
        return and_(_small_title <= title, tuple_(_small_title, Content.id) <= position)
    return tuple_(Content.created_at, Content.id) <= _position(end)


def _cursor_behind(last: Any, sort: str) -> str:
    if sort == Sort.TITLE:
        return _encoded(f"{last.title} {last.id}")
    return _cursor(last.created_at, last.id)


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
    if not 0 <= number < 2**31 - 1:  # the databases' whole numbers, and one is added
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


def _position_of_title(cursor: str) -> tuple[ColumnElement[str], Tuple]:
    title, content_id = _decoded(cursor)
    small = func.lower(title)  # the database's own small letters: another's are others
    return small, tuple_(small, content_id)


def _decoded(cursor: str) -> tuple[str, UUID]:
    first, _, content_id = urlsafe_b64decode(cursor.encode() + b"==").decode().rpartition(" ")
    if "\0" in first:
        raise ValueError("ours have none")
    return first, UUID(content_id)
