"""Web processes that stay up while tests come and go: starting one takes longer than most tests do.

The test's own app works on the same database and Redis, which are empty when the test begins.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

from patience import PATIENCE
from processes import Processes

TABLES = ("findables", "downloads", "repairs", "api_tokens", "drafts", "contents", "users")


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
