"""Starts the parts of the stack, waits, and ends them all together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from smartcontent.local.log import Log

# Rounds of stopping and the seconds each may take; together under five.
GRACE_SECONDS = (2.5, 0.4, 1.0)
# For what an ended part had written, unless somebody else still holds its output open.
LAST_WORDS_SECONDS = 0.15
STILL_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_LOOK_LATER_SECONDS = 2.0  # at what may take hours, such as somebody else's server
_TETHER = str(Path(__file__).with_name("tether.py"))


@dataclass(frozen=True)
class Part:
    """One process of the stack, as data."""

    name: str
    command: Sequence[str]
    ready: Callable[[int], bool] = lambda _pid: True  # asked until it agrees, then the next starts
    hello: str = ""  # said when ready
    until_then: str = ""  # said once, where that takes long
    unsaid: str = ""  # lines with this text are not shown
    once: bool = False  # ends by itself, before the next starts
    round: int = 0  # of stopping
    orphaned: str = "SIGKILL"  # what the kernel sends it if we are killed


class Stop(Exception):
    """The stack has to end; the message says why."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.code = code


class Supervisor:
    """The parts that run. All are children of the thread that calls `run`."""

    def __init__(self, log: Log, environment: Mapping[str, str], folder: Path) -> None:
        self._log = log
        self._environment = dict(environment)
        self._folder = folder
        self._processes: dict[Part, subprocess.Popen[bytes]] = {}
        self._copiers: dict[Part, threading.Thread] = {}
        self._events: SimpleQueue[Part | str] = SimpleQueue()
        self._asked = 0
        log.lost = lambda: self.ask_to_stop("Nobody reads the log any more.")

    def ask_to_stop(self, why: str) -> None:
        """End everything soon; asked a second time, at once. Safe in signal handlers."""
        self._asked += 1
        self._events.put(why)

    def run(self, parts: Sequence[Part]) -> int:
        """Start the parts in order and wait until somebody asks to stop or a part ends.

        Returns the exit code: 0 when asked, 1 when a part ended by itself. Nothing that was
        started is left then, at most five seconds later.
        """
        try:
            for part in parts:
                self._start(part)
                self._await(part)
            while True:
                self._look(None)
        except Stop as stop:
            self._log.say(str(stop))
            return stop.code
        finally:
            self._stop_all()

    def _start(self, part: Part) -> None:
        # The tether, not preexec_fn: the threads here make code between fork and exec unsafe.
        tether = [sys.executable, "-I", "-S", _TETHER, str(os.getpid()), part.orphaned]
        process = subprocess.Popen(
            [*tether, *part.command],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._processes[part] = process
        source = (part.name, process.stdout, part.unsaid)
        copier = threading.Thread(target=self._log.copy, args=source)
        copier.daemon = True
        copier.start()
        self._copiers[part] = copier
        threading.Thread(target=self._report_end, args=(part, process), daemon=True).start()

    def _report_end(self, part: Part, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._events.put(part)

    def _await(self, part: Part) -> None:
        """Wait until the part is ready (or over, if it runs once), saying so when that is long."""
        started = said = time.monotonic()
        process = self._processes[part]
        pause = _LOOK_SECONDS
        while not (part not in self._processes if part.once else part.ready(process.pid)):
            self._look(pause)
            if time.monotonic() - said > STILL_SECONDS:
                is_first, said = said == started, time.monotonic()
                self._say_it_takes_long(part, said - started, is_first)
                pause = _LOOK_LATER_SECONDS if part.until_then else _LOOK_SECONDS
        if part.hello:
            self._log.say(part.hello)

    def _say_it_takes_long(self, part: Part, seconds: float, is_first: bool) -> None:
        if not part.until_then:
            self._log.say(f"still starting after {seconds:.0f} s", part.name)
        elif is_first:
            self._log.say(part.until_then)

    def _look(self, seconds: float | None) -> None:
        """Take one event, if one comes in time.

        Raises:
            Stop: it was a wish to stop, or the end of a part that should go on.
        """
        try:
            event = self._events.get(timeout=seconds)
        except Empty:
            return
        if isinstance(event, str):
            raise Stop(event, 0)
        code = self._processes[event].returncode
        if not event.once or code != 0:
            raise Stop(f"{event.name} ended by itself ({_words(code)}); stopping the rest.", 1)
        del self._processes[event]

    def _stop_all(self) -> None:
        for number, seconds in enumerate(GRACE_SECONDS):
            members = {p: process for p, process in self._processes.items() if p.round == number}
            self._stop(list(members.values()), seconds)
            for part in members:  # its last words come before those of the next
                self._copiers[part].join(LAST_WORDS_SECONDS)

    def _stop(self, processes: list[subprocess.Popen[bytes]], seconds: float) -> None:
        for process in processes:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(process.poll() is None for process in processes):
            if time.monotonic() > deadline or self._asked > 1:
                break
            time.sleep(0.02)
        for process in processes:
            # Also where the first of the group has ended: its children may not have.
            _signal_group(process, signal.SIGKILL)
            process.wait()


def stop_on_signals(supervisor: Supervisor) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end the stack in order."""

    def stop(number: int, _frame: FrameType | None) -> None:
        supervisor.ask_to_stop(f"Stopping ({signal.Signals(number).name}).")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        # Nobody is left in it; macOS says "not permitted" of a group of zombies.
        return


def _words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
