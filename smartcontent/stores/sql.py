"""The database: SQLite or PostgreSQL, their transactions and what is particular about each."""

import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from flask import Flask, g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Engine,
    ExceptionContext,
    MetaData,
    Select,
    event,
    func,
    literal_column,
)
from sqlalchemy.exc import InvalidRequestError, NoResultFound, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement


class Base(DeclarativeBase):
    """Parent of every model; every constraint has a name, so that a migration can change it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Rows stay readable after a commit: what follows one (Redis, the answer) must hold no transaction.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL, and not SQLite."""
    return db.engine.dialect.name == "postgresql"


class _JsonObject(FunctionElement[Any]):
    """An object of names and values, which each database calls otherwise."""

    inherit_cache = True
    type = JSON()


@compiles(_JsonObject, "sqlite")
def _of_sqlite(element: _JsonObject, compiler: Any, **how: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **how)})"


@compiles(_JsonObject, "postgresql")
def _of_postgresql(element: _JsonObject, compiler: Any, **how: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **how)})"


def json_of(**parts: ColumnElement[Any]) -> ColumnElement[dict[str, Any]]:
    """In a query: an object of parts of JSON, so that the rest of it is not read for them."""
    named = chain.from_iterable(parts.items())
    return _JsonObject(*(literal_column(f"'{x}'") if isinstance(x, str) else x for x in named))


def one_of(its_id: Any, few: Select[Any]) -> ColumnElement[bool]:
    """That an id is one of few that a query finds; PostgreSQL reads no whole table for an array."""
    few = few.correlate(None)
    if not is_postgresql():
        return its_id.in_(few)
    return its_id == func.any(func.array(few.scalar_subquery()))


SQLITE_PATIENCE_SECONDS = 15
CHECKPOINT_PAGES = 1000  # as SQLite itself has it
LONG_PATIENCE_SECONDS = 3600  # of a migration: the one before it may rebuild a large table
# Both sides give up a dead connection. A pooler may stand in between, which hands each transaction
# to any of its connections: nothing may be left on one, and none has options of its own.
POOLER_SAFE = {"autocommit": True, "prepare_threshold": None}  # we begin transactions, below
_POSTGRESQL = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    **POOLER_SAFE,
}
# A process that is paused or cut off in a transaction holds its rows; the server ends that after
# seconds. Our transactions take milliseconds.
_BEGIN_BRIEFLY = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 3000"


WRITES = "whether the transaction writes"  # to SQLite
_WRITTEN = "rows written before the transaction"  # by this connection of SQLite's

# In front of SQLite's one write lock.
LINE_SECONDS = 1.0
_line = threading.Lock()


def _forget_line() -> None:
    """A thread that had its turn is not in a forked child."""
    global _line
    _line = threading.Lock()


os.register_at_fork(after_in_child=_forget_line)

# An error is logged, and its parameters are people's texts and password hashes.
_DISCREET = {"hide_parameters": True}

# A server that has become a standby: a new connection finds the one that has taken over.
_MAY_ONLY_BE_READ = "25006"


def _as_json(value: object) -> str:
    """JSON with letters as they are, not in six signs or twelve; but for halves of surrogate pairs,
    which no database takes so."""
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return written


def engine_options(url: str) -> dict[str, Any]:
    """What create_engine is told: wait for SQLite's one writer, notice PostgreSQL's dead lines."""
    for_all = {**_DISCREET, "json_serializer": _as_json}
    if url.startswith("sqlite"):
        return {**for_all, "connect_args": {"timeout": SQLITE_PATIENCE_SECONDS}}
    return {**for_all, "pool_pre_ping": True, "pool_size": 10, "connect_args": _POSTGRESQL}


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: Any, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we begin transactions ourselves, below
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "handle_error")
def _name_a_lost_connection(context: ExceptionContext) -> None:
    """Make it an OperationalError, which is what we look for, whatever the driver calls it.

    PostgreSQL ends a transaction that was idle for too long with an internal error, and refuses
    one that writes with another while it may only be read.
    """
    found = context.sqlalchemy_exception
    if getattr(context.original_exception, "sqlstate", "") == _MAY_ONLY_BE_READ:
        context.is_disconnect = True
    if context.is_disconnect and found and not isinstance(found, OperationalError):
        raise OperationalError(
            found.statement,
            found.params,
            context.original_exception,
            connection_invalidated=True,
            hide_parameters=True,
        )


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    is_special = options.get("takes_long") or options.get("at_once")
    only_reads = not is_special and (options.get("only_reads") or _request_only_reads())
    if connection.dialect.name == "sqlite":
        connection.info[_WRITTEN] = connection.connection.total_changes
        connection.info[WRITES] = not only_reads
    if connection.dialect.name == "postgresql":
        # In one message: to say it for this transaction alone costs no round trip.
        connection.exec_driver_sql("BEGIN" if options.get("takes_long") else _BEGIN_BRIEFLY)
    elif options.get("takes_long"):
        _begin_writing(connection.connection.dbapi_connection, LONG_PATIENCE_SECONDS)
    elif options.get("at_once"):
        _begin_writing(connection.connection.dbapi_connection, patience=0)
    elif only_reads:
        connection.exec_driver_sql("BEGIN")
    else:
        # A transaction that reads before it writes fails at once when another wrote in between;
        # taking the write lock first makes it wait instead. A page that only reads need not.
        pages = 0 if options.get("leaves_the_log") else CHECKPOINT_PAGES
        _begin_writing(connection.connection.dbapi_connection, log_pages=pages)


def _request_only_reads() -> bool:
    if not has_request_context():
        return False
    return request.method in ("GET", "HEAD") or g.get("only_reads", False)


def _begin_writing(
    connection: Any, patience: float | None = None, log_pages: int = CHECKPOINT_PAGES
) -> None:
    """Take SQLite's one write lock; the commit puts a log of `log_pages` or more into the file.

    The waiting is ours: SQLite's own would stop every greenlet of a web process, the one that has
    the lock and is to give it back included. Those of one process stand in line, so that who waits
    longest is next, and one process has no better chance than another, however many wait in it.
    """
    patience = SQLITE_PATIENCE_SECONDS if patience is None else patience
    give_up_at = time.monotonic() + patience
    line = _line
    # Who has stood there for a second asks as well, whatever has become of the first in line.
    has_turn = line.acquire(timeout=min(patience, LINE_SECONDS))
    try:
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute(f"PRAGMA wal_autocheckpoint={log_pages}")
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if time.monotonic() >= give_up_at:
                    raise OperationalError("BEGIN IMMEDIATE", None, error) from error
            # Most transactions take a millisecond: long waits would make a punctual draft late.
            time.sleep(random.uniform(0.0002, 0.001))  # noqa: S311
    finally:
        if has_turn:
            line.release()
        connection.execute(f"PRAGMA busy_timeout={SQLITE_PATIENCE_SECONDS * 1000}")


@contextmanager
def at_once() -> Iterator[Connection]:
    """A transaction of its own, for a small write that is left out rather than waited for.

    Raises:
        OperationalError: SQLite's one writer is another, or the database is away.
    """
    with db.engine.connect().execution_options(at_once=True) as connection, connection.begin():
        yield connection


def only_read() -> None:
    """Begin the session's transaction as one that will not write: it holds up no other on SQLite.

    End it by a commit; a rollback would have every row that was read before read again.
    """
    if not db.session().in_transaction():
        db.session.connection(execution_options={"only_reads": True})


@contextmanager
def reading() -> Iterator[None]:
    """Read something in a transaction of its own, which holds up no writer and ends with the block.

    In the midst of a transaction, or of a request that only reads, it is a part of that.
    """
    if db.session().in_transaction() or _request_only_reads():
        yield
        return
    only_read()
    yield
    db.session.commit()


def only_read_from_here() -> None:
    """Have the rest of a request only read: it may ask Redis, and holds up no writer meanwhile.

    A transaction that has written something goes on as it is.
    """
    g.only_reads = True
    session = db.session()
    if not session.is_active or not session.in_transaction() or is_postgresql():
        return
    if not (session.new or session.dirty or session.deleted or _has_written(session)):
        session.commit()


def _has_written(session: Session) -> bool:
    connection = session.connection().connection
    written: int = connection.total_changes
    return written != connection.info.get(_WRITTEN)


def read_anew(row: Base, columns: Sequence[str] | None = None, **lock: Any) -> None:
    """Read a row, or some of its columns, as it is by now.

    Raises:
        NoResultFound: it was deleted meanwhile.
    """
    try:
        db.session.refresh(row, columns, **lock)
    except InvalidRequestError as error:
        if not str(error).startswith("Could not refresh"):  # a fault of ours
            raise
        raise NoResultFound from error


@contextmanager
def punctually() -> Iterator[Connection]:
    """A transaction of its own, behind the session's, in as little time as there can be.

    Its commit does not put SQLite's log into the file, which takes some 20 ms: the next one does.
    """
    db.session.commit()
    with (
        db.engine.connect().execution_options(leaves_the_log=True) as connection,
        connection.begin(),
    ):
        yield connection


def forget_inherited_connections(app: Flask) -> None:
    """Make forked children of this process open database connections of their own.

    Two processes on one PostgreSQL connection read each other's answers.
    """

    def dispose() -> None:
        with app.app_context():
            db.engine.dispose(close=False)

    os.register_at_fork(after_in_child=dispose)


def init_app(app: Flask) -> None:
    """Bind the database to the app."""
    db.init_app(app)
    forget_inherited_connections(app)
