"""Whatever happens to the stack, all of it ends, in time and in order."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from conftest import wait_until
from patience import PATIENCE

from smartcontent.local.supervisor import GRACE_SECONDS

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("stand_in.py")


class Stack:
    """A running stack of stand-ins and what it has said."""

    def __init__(self, home: Path, command: Sequence[str]) -> None:
        self._home = home
        self.process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []

    def read_until(self, text: str) -> None:
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return
        raise AssertionError(f"never said {text!r}: {self.said}")

    def end(self) -> int:
        """Its exit code; what it said until then is in `said`."""
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.said += rest.splitlines()
        return self.process.returncode

    @property
    def pids(self) -> list[int]:
        """The processes that were started."""
        return [int(path.name) for path in self._home.iterdir() if path.name.isdecimal()]

    def is_gone(self) -> bool:
        """Whether none of its processes is left."""
        return bool(self.pids) and not any(_runs(pid) for pid in self.pids)

    def clean_up(self) -> None:
        for pid in [self.process.pid, *self.pids]:
            if _runs(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    stacks: list[Stack] = []

    def start(scenario: str) -> Stack:
        stacks.append(Stack(tmp_path, [sys.executable, str(STAND_IN), str(tmp_path), scenario]))
        return stacks[-1]

    yield start
    for stack in stacks:
        stack.clean_up()


@pytest.fixture
def made_stack(tmp_path: Path) -> Iterator[Stack]:
    """The steady stack, started by make."""
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec {sys.executable} {STAND_IN} {tmp_path} steady\n")
    stack = Stack(tmp_path, ["make", "-f", str(makefile), "run"])
    yield stack
    stack.clean_up()


def test_ctrl_c_ends_the_parts_in_order_and_is_no_failure(start) -> None:
    stack = start("steady")
    stack.read_until("ready")

    stack.process.send_signal(signal.SIGINT)

    assert stack.end() == 0
    assert [line for line in stack.said if "starts" not in line][1:] == [
        "Stopping (SIGINT).",
        "web       | ends",
        "redis     | ends",
    ]
    assert stack.is_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_wish_to_stop_is_followed(start, number: signal.Signals) -> None:
    stack = start("steady")
    stack.read_until("ready")

    stack.process.send_signal(number)

    assert stack.end() == 0
    assert stack.is_gone()


def test_everything_ends_even_if_every_part_ignores_sigterm(start) -> None:
    stack = start("stubborn")
    stack.read_until("ready")

    stack.process.send_signal(signal.SIGTERM)

    assert stack.end() == 0
    assert sum(GRACE_SECONDS) < 5
    assert stack.is_gone()


def test_second_ctrl_c_ends_everything_at_once(start) -> None:
    stack = start("patient")
    stack.read_until("ready")
    stack.process.send_signal(signal.SIGINT)
    stack.read_until("Stopping")

    stack.process.send_signal(signal.SIGINT)

    assert stack.end() == 0
    assert stack.is_gone()


@pytest.mark.parametrize(
    ("scenario", "why"), [("dying", "exit code 3"), ("killed", "killed by SIGKILL")]
)
def test_death_of_a_part_is_named_and_ends_the_rest(start, scenario: str, why: str) -> None:
    stack = start(scenario)

    assert stack.end() == 1
    assert f"worker ended by itself ({why}); stopping the rest." in stack.said
    assert stack.is_gone()


def test_children_of_a_part_that_was_killed_end_too(start, tmp_path: Path) -> None:
    stack = start("parent")
    stack.read_until("ready")
    assert len(stack.pids) == 4

    os.kill(int((tmp_path / "parent").read_text()), signal.SIGKILL)

    assert stack.end() == 1
    wait_until(stack.is_gone)


def test_killing_the_supervisor_leaves_no_part_behind(start) -> None:
    stack = start("steady")
    stack.read_until("ready")

    stack.process.kill()

    wait_until(stack.is_gone)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killing_make_ends_the_stack(made_stack: Stack, number: signal.Signals) -> None:
    made_stack.read_until("ready")

    made_stack.process.send_signal(number)

    wait_until(made_stack.is_gone)


def test_closed_output_ends_the_stack(start) -> None:
    stack = start("steady")
    stack.read_until("ready")

    stack.process.stdout.close()
    os.kill(stack.pids[0], signal.SIGTERM)  # makes a part say something

    stack.process.wait(PATIENCE)
    assert stack.is_gone()


def test_what_is_missing_is_said_once_and_ready_when_it_is_there(start, tmp_path: Path) -> None:
    stack = start("wanting")
    stack.read_until("No text can be written yet.")

    (tmp_path / "model").touch()
    stack.read_until("complete")

    assert stack.said.count("No text can be written yet.") == 1


def test_next_part_waits_for_one_that_runs_once(start) -> None:
    stack = start("migrated")
    stack.read_until("ready")

    order = [line.split()[0] for line in stack.said if "|" in line]
    assert order[:2] == ["redis", "migrate"]
    assert stack.process.poll() is None


def test_nothing_goes_on_after_a_failed_migration(start) -> None:
    stack = start("not_migrated")

    assert stack.end() == 1
    assert "migrate ended by itself (exit code 3); stopping the rest." in stack.said
    assert not any(line.startswith("web") for line in stack.said)


def test_lines_of_the_parts_are_prefixed_and_aligned(start) -> None:
    stack = start("steady")
    stack.read_until("starts")

    assert stack.said[-1] == "redis     | starts"
