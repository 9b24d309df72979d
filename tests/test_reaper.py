"""However a run of tests ends, nothing that it started goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from conftest import wait_until
from reaper import RUN, with_mark

# A process in a group of its own, and one that nobody is the parent of.
LEAVES_BEHIND = """
import os, subprocess, time
from reaper import watch_over_this_process
reaper = watch_over_this_process()
subprocess.Popen(["sleep", "600"], start_new_session=True)
subprocess.run(["sh", "-c", "setsid sleep 600 &"])
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture
def mark() -> str:
    """What all processes of the run in this test have in their environment."""
    return f"REAPER_TEST={uuid4().hex}"


@pytest.fixture
def run(mark: str) -> Iterator[subprocess.Popen]:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "REAPER_TEST": mark[12:]}
    with subprocess.Popen(
        [sys.executable, "-c", LEAVES_BEHIND], env=env, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout.readline() == b"started\n"
        yield run
        run.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_a_run_started_ends_with_it(run, mark, sign):
    wait_until(lambda: len(with_mark(mark)) == 4)  # the run, its reaper and two sleepers

    run.send_signal(sign)

    wait_until(lambda: not with_mark(mark))


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
@pytest.mark.usefixtures("postgresql")
def test_servers_of_this_run_are_known_by_their_mark(shared_valkey, oldest_redis):
    marked = with_mark(f"{RUN}={os.environ[RUN]}")

    assert {shared_valkey.process.pid, oldest_redis.process.pid} <= set(marked)
    assert "postgres" in map(name_of, marked)


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # another test's, which has ended meanwhile
        return ""


def test_this_run_is_watched_over():
    assert RUN in os.environ
