"""What all commands share: a known problem ends in one sentence, and logs stay silent."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import redis as redis_py
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from smartcontent.cli.printing import show_what_there_is
from smartcontent.contents.quotas import OverQuota
from smartcontent.doors import Door, through
from smartcontent.health.database import check_database
from smartcontent.health.finding import State
from smartcontent.health.redis_server import check_redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.stores.sql import db

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def limit_option(usual: int) -> Callable[..., Any]:
    """How many rows a list has: what is kept grows without an end."""
    how_many = click.IntRange(1, 1000)
    return click.option("--limit", default=usual, show_default=True, type=how_many)


class Group(AppGroup):
    """The commands of one noun."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        assert cmd.callback is not None
        cmd.callback = _plainly(cmd.callback)
        super().add_command(cmd, name)


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Say in one sentence what is in the way, and what to do; no stack trace, no log lines."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        show_what_there_is()
        try:
            with _quiet(), through(Door.COMMAND):
                return function(*args, **kwargs)
        except (OperationalError, ProgrammingError) as error:
            db.session.rollback()
            found = check_database()
            if found.state is State.OK:
                raise click.ClickException(f"The database refused: {error.orig}") from error
            raise click.ClickException(sentence(found.cause, found.remedy)) from error
        except OverQuota as error:
            raise click.ClickException(str(error.description)) from error
        except UnicodeEncodeError as error:
            raise click.UsageError("An argument is not UTF-8.") from error
        except redis_py.RedisError as error:
            found = check_redis()
            if found.state is State.OK:  # it has come back since, or refused this one thing
                raise click.ClickException(f"{trouble(error)}.") from error
            raise click.ClickException(sentence(found.cause, found.remedy)) from error

    return run


def sentence(cause: str, remedy: str) -> str:
    """A finding, as a command ends with it."""
    return f"{cause[0].upper()}{cause[1:]}. {remedy[:1].upper()}{remedy[1:]}."


@contextmanager
def _quiet() -> Iterator[None]:
    # A person reads this: what the web process logs would stand in the middle of it.
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
