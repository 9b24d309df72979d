"""The file that a container's health check looks at: touched only while all is well."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BRIEF, ROOT, wait_until
from processes import Processes

from smartcontent.contents import submitting
from smartcontent.stores import keys
from smartcontent.upkeep import duties, heartbeat
from smartcontent.upkeep.duties import Duty

# The worker as users start it, but with less patience for a slot that says nothing.
IMPATIENT = """
import runpy
from smartcontent.writing import slots
slots.WORKER_TTL_SECONDS = 6  # an idle slot beats every three seconds
runpy.run_path("worker.py", run_name="__main__")
"""
# Slots that end as soon as they begin, and a note of every heartbeat.
STILLBORN = """
import logging, os, sys
from rq.job import Job
from smartcontent.writing.slots import Slots
logging.basicConfig()
Slots(sys.argv[1], Job, 2, lambda: os._exit(3), lambda: print("well", flush=True)).run()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder / "heartbeat"


@pytest.fixture
def scheduler(app, settings, tmp_path, file) -> Iterator[Processes]:
    processes = Processes(settings, tmp_path, HEARTBEAT_FILE=file).start("scheduler")
    yield processes
    processes.stop()


def is_touched_again(file: Path) -> bool:
    """Whether it is there again after it was taken away."""
    file.unlink(missing_ok=True)
    wait_until(file.exists)
    return True


def test_scheduler_beats_for_as_long_as_redis_hears_of_it(scheduler, file, valkey):
    assert is_touched_again(file)

    valkey.kill()
    wait_until(lambda: scheduler.said("scheduler", "Redis does not answer"))
    file.unlink()
    tries = len(scheduler.said("scheduler", "Redis does not answer"))
    wait_until(lambda: len(scheduler.said("scheduler", "Redis does not answer")) > tries + 2)
    was_silent = not file.exists()
    valkey.start()

    assert was_silent
    wait_until(file.exists)


def test_file_that_cannot_be_touched_any_more_stops_no_draft_and_is_told_once(
    scheduler, file, ada, valkey
):
    wait_until(file.exists)
    file.parent.rename(file.parent.with_name("elsewhere"))

    for number in (1, 2):  # a second later, when it would have been touched again
        submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=1.1)
        wait_until(lambda number=number: valkey.client.llen(keys.QUEUED) == number)

    assert len(scheduler.said("scheduler", "cannot be touched")) == 1
    file.parent.mkdir()
    wait_until(file.exists)


@pytest.fixture
def worker(app, settings, tmp_path, file) -> Iterator[subprocess.Popen]:
    env = {**os.environ, **settings, "HEARTBEAT_FILE": str(file), "SMARTCONTENT_WORKERS": "2"}
    worker = subprocess.Popen([sys.executable, "-c", IMPATIENT], cwd=ROOT, env=env)
    yield worker
    worker.kill()
    worker.wait()


def slots_of(worker: subprocess.Popen) -> list[int]:
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def test_worker_is_well_only_while_every_slot_of_it_is(worker, file):
    wait_until(file.exists)
    paused, _ = slots_of(worker)

    os.kill(paused, signal.SIGSTOP)
    wait_until(lambda: time.time() - file.stat().st_mtime > 3)  # thirty rounds of the parent
    os.kill(paused, signal.SIGCONT)

    assert is_touched_again(file)


def test_worker_whose_slots_die_at_once_never_says_that_it_is_well(app, settings, valkey):
    with subprocess.Popen(
        [sys.executable, "-c", STILLBORN, valkey.url],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        ends = [worker.stderr.readline() for _ in range(3)]
        worker.kill()
        said = worker.stdout.read()

    assert [end for end in ends if "ended code=3" not in end] == []
    assert said == ""


def test_process_is_well_only_while_every_thread_of_it_goes_on(file, caplog, monkeypatch):
    is_in_its_turn, may_end = threading.Event(), threading.Event()

    def turn() -> None:
        is_in_its_turn.set()
        may_end.wait()

    duty = Duty("scheduler", "clerk", turn)
    duty.start()
    is_in_its_turn.wait()
    monkeypatch.setattr(duties, "HANGS_SECONDS", 0)
    heartbeat.beat(str(file), [duty])
    heartbeat.beat(str(file), [duty])
    was_silent = not file.exists()
    monkeypatch.setattr(duties, "HANGS_SECONDS", 300)
    duty.go_on()
    heartbeat.beat(str(file), [duty])
    may_end.set()

    assert was_silent
    assert file.exists()
    assert caplog.text.count("clerk hangs") == 1
