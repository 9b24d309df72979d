"""The list of a user's contents: filtered, searched, and cut into pages that do not shift."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import accumulate, islice
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Tuple, func, select, true, tuple_
from sqlalchemy.orm import contains_eager, selectinload

from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.models.tag import Tag, content_tags
from smartcontent.stores.sql import db
from smartcontent.texts.sought import as_sought

Q_LONGEST = 200  # of a search, in characters
WORDS_SOUGHT = 10  # the first ones; each is looked for in all texts of a user
PAGE = 20
COUNTED_MOST = 1_000
# What the texts of one page come to, in characters: one page of the longest would be an answer
# of tens of megabytes. As many as fit are shown, and the cursor leads on.
TEXTS_LONGEST = 2_000_000


class Sort(StrEnum):
    """In which order contents are listed."""

    NEWEST = "newest"
    OLDEST = "oldest"
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
    query = _ordered(_filtered(user_id, filters), filters.sort, cursor)
    sizes = query.with_only_columns(Content.id, func.length(Draft.text)).limit(limit + 1)
    found = [(content_id, size) for content_id, size in db.session.execute(sizes)]
    ids = _those_that_fit(found[:limit])
    with_them = (contains_eager(Content.current), selectinload(Content.tags))
    shown = query.where(Content.id.in_(ids)).options(*with_them)
    items = list(db.session.scalars(shown).unique())
    is_last = len(found) <= len(ids)
    return Page(items, None if is_last else _cursor_behind(items[-1], filters.sort))


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


def _those_that_fit(found: list[tuple[UUID, int]]) -> list[UUID]:
    totals = accumulate(size for _, size in found)
    fitting = sum(total <= TEXTS_LONGEST for total in totals)
    # One in any case: a page without any would lead nowhere.
    return [content_id for content_id, _ in found[: max(1, fitting)]]


def newest(user_id: int) -> list[UUID]:
    """The ids of the first page of the user's contents, nothing filtered."""
    ids = Content.owned_by(user_id).with_only_columns(Content.id).limit(PAGE)
    return list(db.session.scalars(ids))


def _filtered(user_id: int, filters: Filters) -> Select[Content]:
    query = select(Content).where(Content.user_id == user_id, *_conditions(user_id, filters))
    query = query.join(Content.current)
    # LIKE takes the length of the text times that of the word where they nearly match everywhere.
    position = func.strpos if db.engine.dialect.name == "postgresql" else func.instr
    for word in words_of(filters.q):
        query = query.where(position(Content.search_text, word) > 0)
    return query


def _conditions(user_id: int, filters: Filters) -> Iterator[ColumnElement[bool]]:
    deleted_at = Content.deleted_at
    yield deleted_at.is_not(None) if filters.trash else deleted_at.is_(None)
    if filters.status:
        yield Draft.status == filters.status
    if filters.content_type:
        yield Content.content_type == filters.content_type
    if filters.tag:
        yield Content.id.in_(_tagged(user_id, filters.tag))
    if filters.favourite:
        yield Content.favourite.is_(True)
    if filters.model:
        yield Draft.model == filters.model
    if filters.since:
        yield Content.created_at >= filters.since
    if filters.until:
        yield Content.created_at < filters.until


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


def words_of(q: str) -> list[str]:
    """The words that a search looks for."""
    return list(islice(dict.fromkeys(as_sought(q).split()), WORDS_SOUGHT))


def count_contents(user_id: int, filters: Filters) -> int:
    """How many of the user's contents a search finds; no more than COUNTED_MOST are counted."""
    found = _filtered(user_id, filters).with_only_columns(Content.id)
    counted = select(func.count()).select_from(found.limit(COUNTED_MOST).subquery())
    return db.session.scalar(counted) or 0


def _cursor_behind(content: Content, sort: str) -> str:
    if sort == Sort.TITLE:
        return _encoded(f"{content.title} {content.id}")
    return _cursor(content.created_at, content.id)


def _cursor(moment: datetime, content_id: UUID) -> str:
    return _encoded(f"{moment.isoformat()} {content_id}")


def _encoded(position: str) -> str:
    return urlsafe_b64encode(position.encode()).decode()


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
    first, _, content_id = urlsafe_b64decode(cursor.encode()).decode().rpartition(" ")
    if "\0" in first:
        raise ValueError("ours have none")
    return first, UUID(content_id)
