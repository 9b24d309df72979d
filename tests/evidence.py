"""What a failed test is told with: the last words of each process, the row of each draft."""

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

stacks: WeakSet[Any] = WeakSet()  # of all Processes that run
LINES = 30
DRAFTS = 50
ROWS = text(
    "SELECT id, content_id, number, status, attempt, failures, revision, due_at, started_at,"
    " finished_at, lease_until, error_cause FROM drafts ORDER BY id DESC LIMIT :most"
)


def add_evidence(report: pytest.TestReport, settings: dict[str, Any] | None) -> None:
    """Add to the report of a failure what is needed to find its cause without another run.

    `settings` are those of the test itself, where it has some; processes have their own.
    """
    for processes in stacks:
        report.sections += _last_words(processes)
    urls = {each["DATABASE_URL"] for each in [*(p.settings for p in stacks), settings] if each}
    report.sections += [("drafts", _drafts(url)) for url in sorted(urls)]


def _last_words(processes: Any) -> Iterator[tuple[str, str]]:
    for name, process in processes.running.items():
        ended = process.poll()
        state = "runs" if ended is None else f"ended with {ended}"
        lines = processes.log(name).read_text(errors="replace").splitlines()
        yield f"{name}, which {state}: its last lines", "\n".join(lines[-LINES:])


def _drafts(database_url: str) -> str:
    # It only reads: a test that failed in the middle of a change still holds SQLite's one lock.
    engine = create_engine(database_url, execution_options={"only_reads": True})
    try:
        with engine.connect() as connection:
            rows = connection.execute(ROWS, {"most": DRAFTS}).mappings().all()
    except SQLAlchemyError as error:
        return f"not read: {error}"
    finally:
        engine.dispose()
    return "\n".join(" ".join(f"{k}={v}" for k, v in row.items()) for row in rows) or "none"
