"""What contents are found by: the tokens of title, brief and current text, in the database's index.

SQLite has them in an FTS5 table, PostgreSQL in a tsvector with a GIN index. Both are given the same
tokens, made here, so both find the same. Each content has a place, by which what is found comes in
the order of submission; a trigger gives it when the content is inserted.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from json import dumps
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    Select,
    Subquery,
    Table,
    Text,
    TextClause,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    delete,
    event,
    false,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR

from smartcontent.beside import beside
from smartcontent.models.accounts import LARGEST_ID
from smartcontent.stores.sql import Base, db, is_postgresql, one_of, reading
from smartcontent.texts.search.query import (
    Phrase,
    Query,
    for_postgresql,
    for_sqlite,
    has_phrase,
    loosened,
)
from smartcontent.texts.search.tokens import VERSION, searchable

if TYPE_CHECKING:
    from smartcontent.models.content import Content

# What is found of a content is not what it says. As the index of 0033 has it, word by word: SQLite
# takes no index for a condition that it is not told so, not even with "= 1" behind it.
_BEHIND = text(f"(behind != 0 OR tokens_version < {VERSION})")

findables = Table(
    "findables",
    Base.metadata,
    Column("place", Integer, primary_key=True),
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), nullable=False),
    # How many changes it has not taken in yet: those of before there was an index, of many contents
    # at once, and of older processes beside this one, which triggers count.
    Column("behind", Integer, nullable=False, server_default="1"),
    # By which rules the tokens were made that the index has of it (texts/search/tokens.py).
    Column("tokens_version", Integer, nullable=False, server_default="1"),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql")),  # of PostgreSQL alone
    Index(None, "content_id", unique=True),
    Index("ix_findables_behind", "place", sqlite_where=_BEHIND, postgresql_where=_BEHIND),
    Index("ix_findables_words", "words", postgresql_using="gin").ddl_if("postgresql"),
    sqlite_autoincrement=True,
)
_ITS_ID: ColumnElement[UUID] = literal_column("contents.id")
# Of SQLite alone. Its rowid is the place.
found = table("found", *(column(name) for name in ("rowid", "owner", "title", "brief", "text")))
# PostgreSQL takes a megabyte of one content: each token once, and two bytes for each of its places.
BYTES_MOST = 800_000
LAST_PLACE = 16_383  # of a token, as PostgreSQL counts them: all further ones are this one
NEAR = 500  # contents: to look into the tokens of one takes PostgreSQL 0.03 ms
NEAR_OF_SQLITE = 100  # what fewer than a fifth of all have, its index names as fast
LOOKED_INTO = 2_000  # contents with all its words, for what else is asked


_TAKEN_IN = {"behind": 0, "tokens_version": VERSION}


class Words(NamedTuple):
    """The tokens of a content, with blanks between; those of its text as the index is told them."""

    title: str
    brief: str
    text: str


class Entry(NamedTuple):
    """What the index is told of one content."""

    place: int
    user_id: int
    words: Words


def is_behind() -> TextClause:
    """That what is found of a content is not what it says, or is of tokens of before."""
    return _BEHIND


def findable_by(text: str) -> str:
    """What the index is told of a text: made before the transaction, which holds up others."""
    told: str = beside(as_told(), text)
    return told


def as_told() -> Callable[[str], str]:
    """How this database's index is told of a text; what it answers needs no database."""
    return text_as_vector if is_postgresql() else searchable


def words_of(content: Any, text: str) -> Words:
    """The tokens of a content, or of a row with its columns, its text being `findable_by` them."""
    parts = (content.topic, content.audience, *content.keywords, content.instructions)
    return Words(searchable(content.title), searchable("\n".join(parts)), text)


def make_findable(content: "Content", text: str) -> None:
    """Have the content found by its title, its brief and what a text is `findable_by`.

    In the session's transaction, so that it is found by what it says, and by nothing else.
    """
    db.session.flush()
    place = db.session.scalar(_ITS_PLACE, {"its_id": content.id})
    if place is not None:  # it may have been erased meanwhile
        store([Entry(place, content.user_id, words_of(content, text))])


def make_all_findable(contents: Iterable[tuple[UUID, int, Words]]) -> None:
    """The same for contents that have just been inserted: id, owner and tokens of each."""
    known = {content_id: (user_id, words) for content_id, user_id, words in contents}
    places = select(findables.c.content_id, findables.c.place)
    # Many are told in this order, or two who tell of the same ones would wait for each other.
    in_order = places.where(findables.c.content_id.in_(known)).order_by(findables.c.place)
    rows = db.session.execute(in_order)
    store([Entry(place, *known[content_id]) for content_id, place in rows])


def make_findable_later(ids: Collection[UUID]) -> None:
    """Have the scheduler tell the index what contents say by now, some seconds after the commit.

    For many, of which to make the tokens would hold others up; until then they are found by what
    they said before.
    """
    if not ids:
        return
    places = select(findables.c.place).where(findables.c.content_id.in_(ids))
    here = db.session.scalars(places.order_by(findables.c.place).with_for_update()).all()
    another = {"behind": findables.c.behind + 1}
    db.session.execute(update(findables).where(findables.c.place.in_(here)).values(another))


def store(entries: Sequence[Entry]) -> None:
    """Replace what the index has of these places."""
    if not entries:
        return
    if is_postgresql():
        db.session.execute(_NOTED, _as_vectors(entries))
        return
    connection, places = db.session.connection(), [{"at": entry.place} for entry in entries]
    connection.execute(_TAKEN_IN_BY_SQLITE, places)
    connection.execute(_REMOVED, places)
    connection.execute(
        _ADDED,
        [
            {"rowid": place, "owner": str(user_id), **words._asdict()}
            for place, user_id, words in entries
        ],
    )


# What usually waits to be taken in by PostgreSQL, and to be merged by FTS5, whose default it is.
FEW_KILOBYTES, FEW_PIECES = 512, 4


@contextmanager
def taking_in_many() -> Iterator[None]:
    """Have the index take in many contents together: it costs a half to two thirds as much.

    What waits to be taken in, or to be merged, is read by every search, so usually it is little.
    """
    few, many = (FEW_KILOBYTES, 16_384) if is_postgresql() else (FEW_PIECES, 16)
    let_wait = _let_wait if is_postgresql() else _let_lie
    let_wait(many)
    try:
        yield
    finally:  # where it is killed, the next upgrade does it
        let_wait(few)
        if is_postgresql():
            with db.engine.begin() as connection:
                connection.execute(text("SELECT gin_clean_pending_list('ix_findables_words')"))


def takes_in_many() -> bool:
    """Whether somebody is taking in many, or was killed at it."""
    usual: object
    if is_postgresql():
        asked = "SELECT reloptions FROM pg_class WHERE relname = 'ix_findables_words'"
        usual = [f"gin_pending_list_limit={FEW_KILOBYTES}"]
    else:
        asked = "SELECT coalesce(max(v), :few) FROM found_config WHERE k = 'automerge'"
        usual = FEW_PIECES
    with reading():
        is_usual: bool = db.session.scalar(text(asked), {"few": FEW_PIECES}) == usual
    return not is_usual


def _let_wait(kilobytes: int) -> None:
    limit = f"SET (gin_pending_list_limit = {kilobytes:d})"
    with db.engine.begin() as connection:
        connection.execute(text(f"ALTER INDEX ix_findables_words {limit}"))


def _let_lie(pieces: int) -> None:
    """Have FTS5 merge pieces of its index once there are so many of a size."""
    merging = text("INSERT INTO found(found, rank) VALUES ('automerge', :pieces)")
    with db.engine.begin() as connection:
        connection.execute(merging, {"pieces": pieces})


# Made once: others wait for the transaction in which they are executed. The content's row is locked
# before the index's, as everybody does who changes both: else two would wait for each other.
_contents = table("contents", column("id"))
_ITS_PLACE = (
    select(findables.c.place)
    .join(_contents, _contents.c.id == findables.c.content_id)
    .where(findables.c.content_id == bindparam("its_id", type_=Uuid))
    .with_for_update(of=_contents, key_share=True)
)
_TAKEN_IN_BY_SQLITE = (
    update(findables).where(findables.c.place == bindparam("at")).values(**_TAKEN_IN)
)
_REMOVED = delete(found).where(found.c.rowid == bindparam("at"))
_ADDED = insert(found)
_NOTED = (
    update(findables)
    .where(findables.c.place == bindparam("at"))
    # The places of the text are counted on from those of the brief.
    .values(
        **_TAKEN_IN,
        words=cast(bindparam("brief"), TSVECTOR).concat(cast(bindparam("text"), TSVECTOR)),
    )
    .execution_options(synchronize_session=False)
)


def _as_vectors(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {"at": place, "brief": brief_as_vector(user_id, words), "text": words.text}
        for place, user_id, words in entries
    ]


def brief_as_vector(user_id: int, words: Words) -> str:
    """Title and brief as PostgreSQL writes a tsvector; a phrase ends where each of them ends."""
    end = _owner(user_id)
    of_brief = (*words.title.split(), end, *words.brief.split(), end)
    places: defaultdict[str, list[str]] = defaultdict(list)
    weight = "A"
    for at, token in enumerate(of_brief, 1):
        places[token].append(f"{at}{weight if token != end else ''}")
        weight = "B" if token == end else weight
    return _vector(places)


def text_as_vector(text: str) -> str:
    """The tokens of a text as PostgreSQL writes a tsvector."""
    words = searchable(text)
    tokens = words.split()
    # What is short is within all bounds, however many bytes a character has.
    if len(tokens) > LAST_PLACE or 4 * len(words) + 9 * len(tokens) > BYTES_MOST:
        # Far behind, of what it is told of a token more often, it keeps nothing.
        kept = chain(tokens[:LAST_PLACE], dict.fromkeys(tokens[LAST_PLACE:]))
        tokens = list(_bounded(kept))
    places: dict[str, list[str]] = {}
    for token, at in zip(tokens, map(str, count(1)), strict=False):
        if token in places:
            places[token].append(at)
        else:
            places[token] = [at]
    return _vector(places)


def _vector(places: Mapping[str, Sequence[str]]) -> str:
    return " ".join([f"'{token}':{','.join(numbers)}" for token, numbers in places.items()])


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

    What very many have is near: PostgreSQL's index would name all of them first, and SQLite's all
    that have a word which begins so.
    """
    is_begun = any(phrase.is_beginning for phrase in asked.wanted)
    if not (is_begun or (is_postgresql() and (asked.wanted or asked.unwanted))):
        return None
    place = findables.c.place
    near = select(findables.c.content_id).limit(NEAR if is_postgresql() else NEAR_OF_SQLITE)
    if behind is None:
        behind = 0 if oldest_first else LARGEST_ID
    near = near.where(place > behind if oldest_first else place < behind)
    near = near.order_by(place if oldest_first else place.desc())
    return found_in_each(query.where(one_of(_ITS_ID, near)), user_id, asked)


def among_found(
    query: Select[Any], user_id: int, asked: Query, oldest_first: bool | None = False
) -> Select[Any]:
    """The contents of a query, which are the user's, that have what is asked, as the index has it.

    None: in any order. Where only something unwanted is named, all that are without it; of nothing,
    none.
    """
    query = query if asked.wanted or asked.unwanted else query.where(false())
    if is_postgresql():
        hits = _hits(user_id, asked, oldest_first)
        query = query.join(hits, hits.c.content_id == _ITS_ID)
        # One after the other, in order, as many as are shown: it takes all of their tokens.
        has_it = _has(_words_of_hit(), user_id, asked)
        return query.where(has_it) if has_phrase(asked) else query
    return _with_tokens(query).where(_matches(user_id, asked))


def found_in_each(
    query: Select[Any], user_id: int, asked: Query, places: Sequence[int] | None = None
) -> Select[Any]:
    """The same, looked for in one content of a query after the other, in an order of its own.

    What there is to do goes by these, however many have the words. Of some places, if they are
    given, which have the words: there only what stands beside each other is looked for.
    """
    query = query if asked.wanted or asked.unwanted else query.where(false())
    is_known = places is not None and not has_phrase(asked)
    if not is_postgresql():
        query = _with_tokens(query)
        if places is None:
            return query.where(_has_tokens(asked))
        return query.where(_listed(places) if is_known else _between(places, user_id, asked))
    hits = select(findables.c.place, findables.c.content_id).subquery("hits")
    query = query.join(hits, hits.c.content_id == _ITS_ID)
    if places is not None:
        at_one = findables.c.place == func.any(literal(places, ARRAY(Integer)))
        query = query.where(one_of(_ITS_ID, select(findables.c.content_id).where(at_one)))
    # What is unknown, as coalesce() is, is taken for as true as not, and not for rare.
    has_it = func.coalesce(_has(_words_of_hit(), user_id, asked), false())
    return query if is_known else query.where(has_it)


def _with_tokens(query: Select[Any]) -> Select[Any]:
    query = query.join(findables, findables.c.content_id == _ITS_ID)
    return query.join(found, found.c.rowid == findables.c.place)


def _listed(places: Sequence[int]) -> ColumnElement[bool]:
    """One of these, given as one value: SQLite takes so many at most."""
    each = func.json_each(dumps(list(places))).table_valued("value")
    return findables.c.place.in_(select(each.c.value).correlate(None))


def _between(places: Sequence[int], user_id: int, asked: Query) -> ColumnElement[bool]:
    """What has it of these, which are all in there with its words: FTS5 knows what stands where."""
    within = found.c.rowid.between(min(places), max(places)) if places else false()
    return and_(within, _matches(user_id, asked))


def _has_tokens(asked: Query) -> ColumnElement[bool]:
    """That the tokens of a row have it: FTS5 would take in all that have a word, for each row."""
    wanted, unwanted = map(_lines, (asked.wanted, asked.unwanted))
    is_there = func.has_tokens(wanted, unwanted, found.c.title, found.c.brief, found.c.text)
    return cast(is_there, Boolean)


def next_with_words(
    user_id: int, asked: Query, oldest_first: bool = False, behind: int | None = None
) -> Sequence[int]:
    """The places of the next so many that have all the words.

    Among these a phrase is looked for, and what filters ask for. No index of PostgreSQL knows what
    stands beside each other, and none of words knows filters: it takes to look into each content.
    """
    place, query = _places(user_id, loosened(asked))
    if behind is not None:
        query = query.where(place > behind if oldest_first else place < behind)
    in_order = query.order_by(place if oldest_first else place.desc())
    return db.session.scalars(in_order.limit(LOOKED_INTO)).all()


def _places(user_id: int, words: Query) -> tuple[ColumnElement[int], Select[Any]]:
    """What has all of some words, by its place."""
    if is_postgresql():
        place = _having(user_id, words).c.place
        return place, select(place)
    return found.c.rowid, select(found.c.rowid).where(_matches(user_id, words))


def _hits(user_id: int, asked: Query, oldest_first: bool | None) -> Subquery:
    """What has all the words, found by the index, before one after the other is joined.

    PostgreSQL would join all that is found, of which a page is shown.
    """
    matching = _having(user_id, loosened(asked))
    hits = select(matching)
    if oldest_first is not None:
        hits = hits.order_by(matching.c.place if oldest_first else matching.c.place.desc())
    # With an offset, even of none, it is put in order before it is joined.
    return hits.offset(0).subquery("hits")


def _having(user_id: int, words: Query) -> Subquery:
    """What has all of some words, by PostgreSQL's index.

    It would read all tokens in turn, for it does not count that they lie outside the rows.
    """
    ways = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
    db.session.execute(select(*(func.set_config(way, "off", True) for way in ways)))
    has_them = _has(findables.c.words, user_id, words)
    matching = select(findables.c.place, findables.c.content_id).where(has_them)
    # With an offset it is asked by itself, and not walked through in the order around it.
    return matching.offset(0).subquery("matching")


def _matches(user_id: int, asked: Query) -> ColumnElement[bool]:
    return literal_column("found").op("MATCH")(_match(user_id, asked))


def _words_of_hit() -> ColumnElement[Any]:
    words = select(findables.c.words).where(findables.c.place == place_of_found())
    return words.scalar_subquery()


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


def fits(phrases: str, title: str, brief: str, text: str) -> float:
    """How well a content fits phrases, a line each: more of each, and of more of them.

    FTS5's own bm25 goes through all contents with a word, to see how rare it is: with six common
    words that takes longer than the search. PostgreSQL's knows no rareness, either.
    """
    columns = [(weight, f" {words} ") for weight, words in ((10, title), (4, brief), (1, text))]
    score = 0.0
    for phrase in phrases.split("\n"):
        there = sum(weight * words.count(phrase) for weight, words in columns)
        score += there / (there + 5)
    return score


def has_tokens(wanted: str, unwanted: str, *columns: str) -> bool:
    """Whether a content has all of some phrases and none of others, a line each."""
    words = "\n".join(f" {column} " for column in columns)
    return all(map(words.__contains__, wanted.splitlines())) and not any(
        map(words.__contains__, unwanted.splitlines())
    )


def _lines(phrases: Iterable[Phrase]) -> str:
    return "\n".join(
        f" {' '.join(phrase.tokens)}{'' if phrase.is_beginning else ' '}" for phrase in phrases
    )


@event.listens_for(Engine, "connect")
def _teach_sqlite(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("fits", 4, fits, deterministic=True)
        connection.create_function("has_tokens", 5, has_tokens, deterministic=True)


def fitting(hits: Subquery, asked: Query) -> Subquery:
    """The hits' ids and places, and how well each fits: in a title counts most, then in a brief.

    They are few by then: all of their tokens are read, here, or SQLite would carry them along
    through whatever else is asked of the hits.
    """
    columns = (hits.c.id, hits.c.place)
    if is_postgresql():
        wanted = cast(for_postgresql(Query(asked.wanted)), TSQUERY)
        fit = func.ts_rank(_words_of_hit(), wanted)
        return select(*columns, fit.label("fit")).subquery("fitting")
    fit = func.fits(_lines(asked.wanted), found.c.title, found.c.brief, found.c.text)
    query = select(*columns, cast(fit, Float).label("fit"))
    return query.join(found, found.c.rowid == hits.c.place).subquery("fitting")
