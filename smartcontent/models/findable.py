"""What contents are found by: the tokens of title, brief and current text, in the database's index.

SQLite has them in an FTS5 table, PostgreSQL in a tsvector with a GIN index. Both are given the same
tokens, made here, so both find the same. Each content has a place, by which what is found comes in
the order of submission; a trigger gives it when the content is inserted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    Select,
    Subquery,
    Table,
    Text,
    bindparam,
    cast,
    column,
    delete,
    false,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from smartcontent.stores.sql import Base, db
from smartcontent.texts.queries import Phrase, Query, for_postgresql, for_sqlite
from smartcontent.texts.tokens import searchable

if TYPE_CHECKING:
    from smartcontent.models.content import Content

findables = Table(
    "findables",
    Base.metadata,
    Column("place", Integer, primary_key=True),
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), nullable=False),
    # How many changes it has not taken in yet: those of before there was an index, and of older
    # processes beside this one, which triggers count.
    Column("behind", Integer, nullable=False, server_default="1"),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql")),  # of PostgreSQL alone
    Index(None, "content_id", unique=True),
    Index(
        "ix_findables_behind",
        "place",
        sqlite_where=literal_column("behind != 0", Boolean),
        postgresql_where=literal_column("behind != 0", Boolean),
    ),
    Index("ix_findables_words", "words", postgresql_using="gin").ddl_if("postgresql"),
    sqlite_autoincrement=True,
)
# Of SQLite alone. Its rowid is the place.
found = table("found", *(column(name) for name in ("rowid", "owner", "title", "brief", "text")))
# PostgreSQL takes a megabyte of one content: each token once, and two bytes for each of its places.
BYTES_MOST = 800_000
NEAR = 500  # contents: to look into the tokens of one takes PostgreSQL 0.03 ms


class Words(NamedTuple):
    """The tokens of a content, with blanks between."""

    title: str
    brief: str
    text: str


class Entry(NamedTuple):
    """What the index is told of one content."""

    place: int
    user_id: int
    words: Words


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def is_behind() -> ColumnElement[bool]:
    """That what is found of a content is not what it says."""
    return literal_column("findables.behind != 0", Boolean)  # as the index has it


def words_of(content: Any, text: str) -> Words:
    """The tokens of a content, or of a row with its columns, those of its text being known."""
    parts = (content.topic, content.audience, *content.keywords, content.instructions)
    return Words(searchable(content.title), searchable("\n".join(parts)), text)


def make_findable(content: "Content", text: str) -> None:
    """Have the content found by its title, its brief and a text, given as tokens.

    In the session's transaction, so that it is found by what it says, and by nothing else.
    """
    db.session.flush()
    place = db.session.scalar(select(findables.c.place).filter_by(content_id=content.id))
    if place is not None:  # it may have been erased meanwhile
        store([Entry(place, content.user_id, words_of(content, text))])


def make_all_findable(contents: Iterable[tuple[UUID, int, Words]]) -> None:
    """The same for contents that have just been inserted: id, owner and tokens of each."""
    known = {content_id: (user_id, words) for content_id, user_id, words in contents}
    places = select(findables.c.content_id, findables.c.place)
    rows = db.session.execute(places.where(findables.c.content_id.in_(known)))
    store([Entry(place, *known[content_id]) for content_id, place in rows])


def store(entries: Sequence[Entry]) -> None:
    """Replace what the index has of these places."""
    if not entries:
        return
    if is_postgresql():
        db.session.execute(_NOTED.values(words=bindparam("made")), _as_vectors(entries))
        return
    places = [entry.place for entry in entries]
    noted = update(findables).where(findables.c.place.in_(places)).values(behind=0)
    db.session.execute(noted, execution_options={"synchronize_session": False})
    db.session.execute(delete(found).where(found.c.rowid.in_(places)))
    db.session.execute(
        insert(found),
        [
            {"rowid": place, "owner": str(user_id), **words._asdict()}
            for place, user_id, words in entries
        ],
    )


@contextmanager
def taking_in_many() -> Iterator[None]:
    """Have PostgreSQL's index take in many contents together: it costs half as much.

    What waits to be taken in is read by every search, so usually it is little.
    """
    if not is_postgresql():
        yield
        return
    _let_wait(16_384)
    try:
        yield
    finally:
        _let_wait(512)
        with db.engine.begin() as connection:
            connection.execute(text("SELECT gin_clean_pending_list('ix_findables_words')"))


def _let_wait(kilobytes: int) -> None:
    limit = f"SET (gin_pending_list_limit = {kilobytes:d})"
    with db.engine.begin() as connection:
        connection.execute(text(f"ALTER INDEX ix_findables_words {limit}"))


_NOTED = (
    update(findables)
    .where(findables.c.place == bindparam("at"))
    .values(behind=0)
    .execution_options(synchronize_session=False)
)


def _as_vectors(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [{"at": place, "made": as_vector(user_id, words)} for place, user_id, words in entries]


def as_vector(user_id: int, words: Words) -> str:
    """The tokens as PostgreSQL writes a tsvector; a phrase ends where title and brief end."""
    end = _owner(user_id)
    of_brief = (*words.title.split(), end, *words.brief.split(), end)
    places: defaultdict[str, list[str]] = defaultdict(list)
    weight = "A"
    for at, token in enumerate(of_brief, 1):
        places[token].append(f"{at}{weight if token != end else ''}")
        weight = "B" if token == end else weight
    for at, token in enumerate(_bounded(words.text.split()), len(of_brief) + 1):
        places[token].append(str(at))
    return " ".join(f"'{token}':{','.join(numbers)}" for token, numbers in places.items())


def _bounded(tokens: Iterable[str]) -> Iterator[str]:
    """As many as PostgreSQL takes of one content."""
    size, known = 0, set[str]()
    for token in tokens:
        size += 2 if token in known else len(token.encode()) + 9
        if size > BYTES_MOST:
            return
        known.add(token)
        yield token


def _owner(user_id: int) -> str:
    """A token for whose it is; none that is typed has such a sign."""
    return f"@{user_id}"


def among_nearest(
    query: Select[Any], user_id: int, asked: Query, oldest_first: bool, behind: int | None
) -> Select[Any] | None:
    """The same of the next few contents alone; None where all are walked through that way anyway.

    What very many have is near: PostgreSQL's index would name all of them first.
    """
    if not is_postgresql() or not (asked.wanted or asked.unwanted):
        return None
    place = findables.c.place
    near = select(place, findables.c.content_id, findables.c.words).limit(NEAR)
    if behind is not None:
        near = near.where(place > behind if oldest_first else place < behind)
    hits = near.order_by(place if oldest_first else place.desc()).subquery("hits")
    query = query.join(hits, hits.c.content_id == literal_column("contents.id"))
    return query.where(_has(hits.c.words, user_id, asked))


def among_found(
    query: Select[Any], user_id: int, asked: Query, oldest_first: bool | None = False
) -> Select[Any]:
    """The contents of a query, which are the user's, that have what is asked; None: in any order.

    Where only something unwanted is named, all that are without it; of nothing, none.
    """
    its_id: ColumnElement[UUID] = literal_column("contents.id")
    is_something = bool(asked.wanted or asked.unwanted)
    if is_postgresql():
        hits = _hits(user_id, asked, oldest_first)
        query = query.join(hits, hits.c.content_id == its_id)
        return query if is_something else query.where(false())
    query = query.join(findables, findables.c.content_id == its_id)
    query = query.join(found, found.c.rowid == findables.c.place)
    matches = literal_column("found").op("MATCH")(_match(user_id, asked))
    return query.where(matches if is_something else false())


def _hits(user_id: int, asked: Query, oldest_first: bool | None) -> Subquery:
    """What has it, found by the index, before one after the other is joined to what it is of.

    PostgreSQL would read all tokens in turn, for it does not count that they lie outside the rows;
    and join all that is found, of which a page is shown.
    """
    ways = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
    db.session.execute(select(*(func.set_config(way, "off", True) for way in ways)))
    has_it = _has(findables.c.words, user_id, asked)
    matching = select(findables.c.place, findables.c.content_id).where(has_it).cte("matching")
    matching = matching.prefix_with("MATERIALIZED")
    if oldest_first is None:
        return select(matching).subquery("hits")
    in_order = matching.c.place if oldest_first else matching.c.place.desc()
    # With an offset, even of none, it is put in order before it is joined.
    return select(matching).order_by(in_order).offset(0).subquery("hits")


def _has(words: ColumnElement[Any], user_id: int, asked: Query) -> ColumnElement[bool]:
    wanted = [f"'{_owner(user_id)}'", *filter(None, [for_postgresql(asked)])]
    return words.op("@@")(cast(" & ".join(wanted), TSQUERY))


def place_of_found() -> ColumnElement[int]:
    """By what they are put in order: for each database the column that it has in order."""
    return literal_column("hits.place", Integer) if is_postgresql() else found.c.rowid


def _match(user_id: int, asked: Query) -> str:
    """The query in FTS5's words: all that is typed stands in quotation marks, as tokens."""
    wanted = " AND ".join([f'(owner : "{user_id}")', *map(_of_typed, asked.wanted)])
    return " NOT ".join([f"({wanted})", *map(_of_typed, asked.unwanted)])


def _of_typed(phrase: Phrase) -> str:
    return f"({{title brief text}} : ({for_sqlite(Query((phrase,)))}))"


def rank(asked: Query) -> ColumnElement[float]:
    """How well a content fits, the lower the better: in its title counts most, then its brief."""
    if not is_postgresql():
        return literal_column("bm25(found, 0, 10, 4, 1)", Float)
    wanted = cast(for_postgresql(Query(asked.wanted)), TSQUERY)
    words = select(findables.c.words).where(findables.c.place == place_of_found())
    return -func.ts_rank(words.scalar_subquery(), wanted)
