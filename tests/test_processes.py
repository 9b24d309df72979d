"""Web, worker and scheduler as separate processes: what they log, and when drafts start."""

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from conftest import BRIEF, ROOT, wait_until
from processes import Browser, Processes
from sqlalchemy import select

from smartcontent import jobs, window
from smartcontent.extensions import db
from smartcontent.models import Draft, Status
from smartcontent.models.draft import iso
from smartcontent.window import due_in

MEANING = re.compile(r"draft=(\d+) job=(\S+) due=(\S+)")
# Generous: how punctual an idle machine is, bench/punctuality.py measures.
SOON_MS = 1000


@pytest.fixture
def processes(app, ada, settings, tmp_path) -> Iterator[Processes]:
    processes = Processes(settings, tmp_path, GENERATION_DELAY_SECONDS=0.7)
    yield processes
    processes.stop()


def drafts() -> list[Draft]:
    """All drafts as they are on record now."""
    db.session.commit()
    db.session.expire_all()
    found = db.session.scalars(select(Draft).order_by(Draft.id)).all()
    db.session.commit()
    return list(found)


def all_are_completed(number: int) -> bool:
    found = drafts()
    return len(found) == number and all(draft.status == Status.COMPLETED for draft in found)


def facts(line: str) -> tuple[str, ...]:
    """Which draft, which job and which due time a line of a log speaks of."""
    return MEANING.search(line).groups()


def test_brief_is_logged_when_it_is_queued_and_when_it_is_picked_up(processes, ada):
    processes.start()

    Browser(processes.url).sign_in(ada.email).submit()
    wait_until(lambda: all_are_completed(1))

    (draft,) = drafts()
    (queued,) = processes.said("web", "Job successfully queued")
    (picked_up,) = processes.said("worker", "Job picked up")
    assert facts(queued) == facts(picked_up)
    draft_id, job_id, due = facts(queued)
    assert (draft_id, due) == (str(draft.id), iso(draft.due_at))
    assert job_id.startswith(f"draft-{draft.id:012d}-")


def test_drafts_start_at_their_due_time_and_never_before(processes, ada):
    processes.start("scheduler", "worker")

    # Far enough apart that none waits for the text before it.
    for number in range(7):
        jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=0.5 + 0.3 * number)
    wait_until(lambda: all_are_completed(7))

    late = [1000 * (draft.started_at - draft.due_at).total_seconds() for draft in drafts()]
    assert min(late) >= 0
    assert statistics.median(late) <= SOON_MS


def test_drafts_due_at_one_instant_start_in_the_order_of_submission(processes, ada, ollama):
    submitted = [jobs.submit(ada.id, BRIEF, str(n), delay_seconds=60).current for n in range(8)]
    instant: datetime = due_in(1)
    for draft in reversed(submitted):
        window.put_off(draft, instant)

    processes.start("scheduler", "worker")
    wait_until(lambda: all_are_completed(8))

    started = [int(facts(line)[0]) for line in processes.said("worker", "Job picked up")]
    assert started == [draft.id for draft in submitted]


@pytest.fixture
def rq_worker(settings) -> Iterator[subprocess.Popen]:
    """RQ's own command, as worker.py documents it."""
    worker = subprocess.Popen(
        [
            *(str(Path(sys.executable).parent / "rq"), "worker", "generation"),
            *("--url", settings["REDIS_URL"], "--serializer", "json", "--job-class", "worker.Job"),
        ],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield worker
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.mark.usefixtures("rq_worker")
def test_plain_rq_worker_writes_drafts_too(processes, ada):
    processes.start("scheduler")

    jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=0.1)
    wait_until(lambda: all_are_completed(1))

    (draft,) = drafts()
    assert draft.text == "Tea is warm."
    assert draft.started_at >= draft.due_at


def test_scheduler_keeps_up_with_drafts_that_become_due_one_after_the_other(ada, processes):
    first = time.time() + 3
    for number in range(150):
        jobs.submit(ada.id, BRIEF, "A teapot", delay_seconds=first + number * 0.01 - time.time())
    processes.start("scheduler")

    def all_wait() -> bool:
        return {draft.status for draft in drafts()} == {Status.QUEUED}

    wait_until(all_wait, max(0.0, first + 1.5 - time.time()) + 3, every=0.1)
