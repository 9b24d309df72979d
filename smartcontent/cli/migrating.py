"""How a migration of the schema takes its turn, and what it says when it fails."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import click
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from smartcontent.cli.group import sentence
from smartcontent.cli.printing import say
from smartcontent.contents import reindexing
from smartcontent.health.database import check_database
from smartcontent.health.finding import State
from smartcontent.models.search_index import findables, takes_in_many, taking_in_many
from smartcontent.stores.redis_answers import one_line
from smartcontent.stores.sql import db

log = logging.getLogger(__name__)

# Any number that no other program takes on the same PostgreSQL database.
TURN = 0x736D61727463


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection in the one transaction of a migration: all of it is done, or nothing.

    Whoever migrates at the same time waits for its end, and then finds nothing left to do. SQLite's
    write lock does that by itself.

    Raises:
        click.ClickException: it failed; says why, and how to go on.
    """
    with ExitStack() as stack:
        stack.push(_tell)
        stack.callback(engine.dispose)
        # What rebuilds a table may take longer than a page's transaction is given.
        connection = stack.enter_context(engine.connect().execution_options(takes_long=True))
        _prepare(connection)
        stack.enter_context(connection.begin())
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        yield connection


def _prepare(connection: Connection) -> None:
    """Have SQLite rebuild a table without deleting what refers to the old one."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")  # means nothing within a transaction


def _tell(
    _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
) -> None:
    """Say what happened and what to do; the transaction has been rolled back by then."""
    if not isinstance(error, Exception):
        return
    if not isinstance(error, SQLAlchemyError | CommandError):  # a mistake in the migration itself
        log.error("migration failed", exc_info=error)
    raise click.ClickException(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    reason = one_line(error.orig if isinstance(error, DBAPIError) and error.orig else error)
    if file := _migration(error):
        return (
            f"The migration {file} failed: {reason}. Nothing was changed. To go back, start the "
            "version that ran before (`git checkout` it; with Docker `docker compose up --build "
            "-d`); to go on, remove the cause and run `flask --app wsgi db upgrade` again."
        )
    if isinstance(error, CommandError):
        return (
            f"{reason}: the database may be newer than this program. Start the newer program "
            "again, or restore the backup made before it (docs/operations.md)."
        )
    found = check_database()
    if found.state is State.OK:
        return f"The database refused: {reason}."
    return sentence(found.cause, found.remedy)


def _migration(error: Exception) -> str | None:
    """The file of the migration that was running, or could not be read."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        files.append(Path(error.filename))
    return next((file.name for file in files if file.parent.name == "versions"), None)


def make_findable() -> None:
    """Have found by the search what was there before it; says how far it is.

    Not part of the migration: nobody waits for it, and whoever is interrupted goes on later.
    """
    found = inspect(db.engine)
    is_there = found.has_table(findables.name)
    # After a downgrade the version before makes its own.
    if not is_there or len(found.get_columns(findables.name)) < len(findables.columns):
        return
    total, done = reindexing.count_behind(), 0
    if not (total or takes_in_many()):
        return
    with taking_in_many():
        for step in reindexing.catch_up():
            if total and done * 10 // total != (done + step) * 10 // total:
                say(f"Made findable: {done + step:,} of {total:,} contents", err=True)
            done += step
