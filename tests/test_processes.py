"""Web, worker and scheduler as separate processes: what they log, and when drafts start."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BRIEF, ROOT, wait_until
from processes import Browser, Processes
from sqlalchemy import select

from smartcontent.contents import submitting
from smartcontent.models import Draft, Status, now
from smartcontent.models.moments import iso
from smartcontent.scheduling import schedule_draft
from smartcontent.stores.sql import db

MEANING = re.compile(r"draft=(\d+) job=(\S+) due=(\S+)")


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
    # By the scheduler where Redis did not answer the web process in time.
    (queued,) = processes.said("*", "Job successfully queued")
    (picked_up,) = processes.said("worker", "Job picked up")
    assert facts(queued) == facts(picked_up)
    draft_id, job_id, due = facts(queued)
    assert (draft_id, due) == (str(draft.id), iso(draft.due_at))
    assert job_id.startswith(f"draft-{draft.id:012d}-")


def test_drafts_start_by_themselves_and_never_before_their_due_time(processes, ada):
    """How soon after it, bench/punctuality.py measures."""
    processes.start("scheduler", "worker")

    # Far enough apart that none waits for the text before it.
    for number in range(7):
        submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0.5 + 0.3 * number)
    wait_until(lambda: all_are_completed(7))

    assert all(draft.started_at >= draft.due_at for draft in drafts())


def test_drafts_due_at_one_instant_start_in_the_order_of_submission(processes, ada, ollama):
    submitted = [
        submitting.submit(ada.id, BRIEF, str(n), delay_seconds=60).current for n in range(8)
    ]
    instant = now()
    for draft in reversed(submitted):
        draft.due_at = instant
        schedule_draft(draft)
    db.session.commit()

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

    submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0.1)
    wait_until(lambda: all_are_completed(1))

    (draft,) = drafts()
    assert draft.text == "Tea is warm."
    assert draft.started_at >= draft.due_at
