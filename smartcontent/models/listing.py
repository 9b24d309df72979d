"""The list of a user's contents: filtered, searched, and cut into pages that do not shift."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, islice
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import contains_eager

from smartcontent.models.content import Content
from smartcontent.models.draft import Draft
from smartcontent.stores.sql import db
from smartcontent.texts.sought import as_sought

Q_LONGEST = 200  # of a search, in characters
WORDS_SOUGHT = 10  # the first ones; each is looked for in all texts of a user
PAGE = 20
COUNTED_MOST = 1_000
# What the texts of one page come to, in characters: one page of the longest would be an answer
# of tens of megabytes. As many as fit are shown, and the cursor leads on.
TEXTS_LONGEST = 2_000_000


@dataclass(frozen=True)
class Filters:
    """What to list; an empty string means any. `q` is looked for in title, brief and text."""

    status: str = ""
    content_type: str = ""
    q: str = ""


@dataclass(frozen=True)
class Page:
    """Some contents, newest first, and the cursor of the page after them, if there is one."""

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
    query = _filtered(user_id, filters)
    if cursor:
        query = query.where(tuple_(Content.created_at, Content.id) < _position(cursor))
    sizes = query.with_only_columns(Content.id, func.length(Draft.text)).limit(limit + 1)
    found = [(content_id, size) for content_id, size in db.session.execute(sizes)]
    ids = _those_that_fit(found[:limit])
    shown = query.where(Content.id.in_(ids)).options(contains_eager(Content.current))
    items = list(db.session.scalars(shown).unique())
    is_last = len(found) <= len(ids)
    return Page(items, None if is_last else _cursor(items[-1].created_at, items[-1].id))


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
    query = Content.owned_by(user_id).join(Content.current)
    if filters.status:
        query = query.where(Draft.status == filters.status)
    if filters.content_type:
        query = query.where(Content.content_type == filters.content_type)
    # LIKE takes the length of the text times that of the word where they nearly match everywhere.
    position = func.strpos if db.engine.dialect.name == "postgresql" else func.instr
    for word in words_of(filters.q):
        query = query.where(position(Content.search_text, word) > 0)
    return query


def words_of(q: str) -> list[str]:
    """The words that a search looks for."""
    return list(islice(dict.fromkeys(as_sought(q).split()), WORDS_SOUGHT))


def count_contents(user_id: int, filters: Filters) -> int:
    """How many of the user's contents a search finds; no more than COUNTED_MOST are counted."""
    found = _filtered(user_id, filters).with_only_columns(Content.id).order_by(None)
    counted = select(func.count()).select_from(found.limit(COUNTED_MOST).subquery())
    return db.session.scalar(counted) or 0


def _cursor(moment: datetime, content_id: UUID) -> str:
    position = f"{moment.isoformat()} {content_id}"
    return urlsafe_b64encode(position.encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    written, _, content_id = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not UTC:
        raise ValueError("ours are in UTC")
    return moment, UUID(content_id)
