"""The database as an outsider reads it, with every change of a draft written down by a trigger."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from patience import PATIENCE

# Rows are read past the application: what it believes of them is what is being tested.
COLUMNS = "draft_id, before, after, attempt, revision, due_at, started_at, at, is_rewritten"
NEW_ROW = (
    "NEW.id, OLD.status, NEW.status, NEW.attempt, NEW.revision, NEW.due_at, NEW.started_at, {now},"
    " NEW.text <> OLD.text"
)
SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
HISTORY = """
CREATE TABLE draft_history (
    id {serial}, draft_id INTEGER, before VARCHAR(20), after VARCHAR(20),
    attempt INTEGER, revision INTEGER, due_at {time}, started_at {time}, at {time},
    is_rewritten BOOLEAN
)"""
SQLITE_TRIGGER = f"""
CREATE TRIGGER draft_changed AFTER UPDATE ON drafts BEGIN
    INSERT INTO draft_history ({COLUMNS}) VALUES ({NEW_ROW.format(now=SQLITE_NOW)});
END"""
POSTGRESQL_FUNCTION = f"""
CREATE FUNCTION write_history() RETURNS trigger AS $$ BEGIN
    INSERT INTO draft_history ({COLUMNS}) VALUES ({NEW_ROW.format(now="clock_timestamp()")});
    RETURN NULL;
END $$ LANGUAGE plpgsql"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER draft_changed AFTER UPDATE ON drafts
    FOR EACH ROW EXECUTE FUNCTION write_history()"""
DRAFTS = """
SELECT drafts.*, contents.topic FROM drafts
    JOIN contents ON contents.id = drafts.content_id ORDER BY drafts.id"""
TIMES = {"due_at", "started_at", "first_word_at", "finished_at", "created_at", "lease_until", "at"}


@dataclass(frozen=True)
class Change:
    """One UPDATE of a draft: the status before and after it, and what the row said then."""

    draft_id: int
    before: str
    after: str
    attempt: int
    revision: int
    due_at: datetime | None
    started_at: datetime | None
    at: datetime
    is_rewritten: bool

    @property
    def is_claim(self) -> bool:
        return self.after == "generating" and self.before != "generating"


class Ledger:
    """Drafts and their history; each question has a connection of its own, and no transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_sqlite = url.startswith("sqlite")

    def open(self) -> None:
        """Begin to write down what happens to drafts."""
        if self._is_sqlite:
            serial, time = "INTEGER PRIMARY KEY", "TEXT"
            commands = [SQLITE_TRIGGER]
        else:
            serial, time = "BIGSERIAL PRIMARY KEY", "TIMESTAMPTZ"
            commands = [POSTGRESQL_FUNCTION, POSTGRESQL_TRIGGER]
        for command in (HISTORY.format(serial=serial, time=time), *commands):
            self.rows(command)

    def drafts(self) -> list[dict[str, Any]]:
        """Every draft ever submitted, with its topic."""
        return self.rows(DRAFTS)

    def draft(self, draft_id: int) -> dict[str, Any]:
        return self.rows("SELECT * FROM drafts WHERE id = {0}", draft_id)[0]

    def history(self, draft_id: int | None = None) -> list[Change]:
        """The changes of a draft, or of all, in order."""
        condition = "WHERE draft_id = {0}" if draft_id else ""
        question = f"SELECT {COLUMNS} FROM draft_history {condition} ORDER BY id"
        return [Change(**row) for row in self.rows(question, *([draft_id] if draft_id else []))]

    def repairs(self, draft_id: int) -> list[dict[str, Any]]:
        """What the reconciler has put right of a draft."""
        repairs = self.rows("SELECT kind, about FROM repairs")
        return [repair for repair in repairs if _document(repair["about"])["draft"] == draft_id]

    def end_lease(self, draft_id: int) -> None:
        """Set a lease's end to long ago: also where a finished text would have been waited for."""
        long_ago = "'2000-01-01 00:00:00.000000'"
        self.rows(f"UPDATE drafts SET lease_until = {long_ago} WHERE id = {{0}}", draft_id)

    def rows(self, question: str, *numbers: int) -> list[dict[str, Any]]:
        """The answer to a question, times aware and in UTC."""
        with closing(self._connect()) as connection:
            cursor = connection.execute(question.format(*map(int, numbers)))
            names = [column[0] for column in cursor.description or ()]
            found: Iterable[tuple[Any, ...]] = cursor.fetchall() if names else ()
            return [_readable(dict(zip(names, row, strict=True))) for row in found]

    def _connect(self) -> Any:
        if self._is_sqlite:
            path = self._url.removeprefix("sqlite:///")
            return sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        return psycopg.connect(self._url.replace("+psycopg", ""), autocommit=True)


def _document(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return defaultdict(lambda: None, found)


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _time(value) if name in TIMES else value for name, value in row.items()}


def _time(value: str | datetime | None) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
