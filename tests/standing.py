"""What stays while tests come and go: making it takes longer than most tests do.

Web processes, on whose database and Redis the test's own app works; and the app itself, of which
Flask's routes, compiled templates and SQLAlchemy's compiled statements are worth keeping. Every
test begins with an empty database and Redis, and with the settings it asks for.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from flask import Flask
from patience import PATIENCE
from processes import Processes

from smartcontent import config
from smartcontent.app import create_app
from smartcontent.config.home import at_home
from smartcontent.live.hub import hub
from smartcontent.live.stream import streams
from smartcontent.stores.redis import redis
from smartcontent.stores.sql import Base
from smartcontent.web import limiter
from smartcontent.web.connections import connections

# Those that refer to others come first.
TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]


class StandingWebs:
    """One web process for each Redis and set of settings, started when it is first asked for."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template = template
        self._folder = folder
        self._started: dict[tuple[object, ...], Processes] = {}

    def on(self, redis_url: str, more: dict[str, object]) -> Processes:
        """The one on this Redis with these settings beside the usual, its database empty."""
        key = (redis_url, *sorted(more.items()))
        if key not in self._started:
            self._started[key] = self._start(redis_url, more)
        _empty(self._started[key])
        return self._started[key]

    def _start(self, redis_url: str, more: dict[str, object]) -> Processes:
        folder = Path(mkdtemp(dir=self._folder))
        database = shutil.copy(self._template, folder / "smartcontent.db")
        settings = {
            "DATABASE_URL": f"sqlite:///{database}",
            "REDIS_URL": redis_url,
            "OLLAMA_HOST": "127.0.0.1:1",  # tests have theirs; a web process writes nothing
            "SMARTCONTENT_HOME": folder,
        }
        return Processes(settings, folder, **more).start("web")

    def stop(self) -> None:
        for processes in self._started.values():
            processes.stop()


def _empty(processes: Processes) -> None:
    path = processes.settings["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection, connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")


def replace_database(path: Path, template: Path) -> None:
    """Put an empty database where another was: whoever still has that open writes into no other."""
    for leftover in (f"{path}-wal", f"{path}-shm"):
        Path(leftover).unlink(missing_ok=True)
    copy = shutil.copy(template, path.with_suffix(".new"))
    Path(copy).replace(path)


class StandingApps:
    """The apps of this process that were used last, each for other settings."""

    MOST = 4
    # Read when they are needed: an app takes others from test to test.
    OF_ONE_TEST = ("OLLAMA_HOST", "SMARTCONTENT_HOME")

    def __init__(self) -> None:
        self._apps: dict[str, tuple[Flask, dict[str, Any]]] = {}

    def with_settings(self, settings: dict[str, Any]) -> Flask:
        """One with these settings and none that an earlier test gave it."""
        wanted = config.from_environment() | settings
        key = repr(sorted((k, v) for k, v in wanted.items() if k not in self.OF_ONE_TEST))
        app, first = self._apps.pop(key, None) or self._made(settings)
        self._apps = dict([*self._apps.items(), (key, (app, first))][-self.MOST :])
        app.config.clear()
        app.config.update(first | at_home(wanted))
        app.extensions.pop("health", None)  # an answer is good for half a second: an earlier test's
        # There is one of these in a process, and the last app has it.
        for part in (redis, hub, streams, connections, limiter):
            part.init_app(app)
        return app

    def _made(self, settings: dict[str, Any]) -> tuple[Flask, dict[str, Any]]:
        app = create_app(**settings)
        return app, dict(app.config)
