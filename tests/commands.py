"""flask commands as processes of their own, forked as others are: what a process alone can tell.

A command whose answer is all that counts runs in-process, by the fixture `flask`.
"""

import os
import signal
import subprocess
import sys

from processes import ROOT, Processes
from zygote import Forked

FLASK = ["-m", "flask", "--app", "wsgi"]


class Command:
    """A command that runs, and what it says meanwhile; `stderr` may be a file of the test's own."""

    def __init__(self, *arguments: str, env: dict[str, str], stderr: int | None = None) -> None:
        reading, stdout = os.pipe()
        self.stdout = os.fdopen(reading)
        reading, own = os.pipe()
        self.stderr = os.fdopen(reading)
        self._process = begin(arguments, env, stdout, own if stderr is None else stderr)
        os.close(stdout)
        os.close(own)
        self.pid, self.poll = self._process.pid, self._process.poll

    def end(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end; all that it had not said before."""
        with self.stdout, self.stderr:
            said = self.stdout.read(), self.stderr.read()
        return subprocess.CompletedProcess([], self._process.wait(), *said)

    def close(self) -> None:
        """Kill it, where its end was not waited for."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
        self.stdout.close()
        self.stderr.close()


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command from its beginning to its end."""
    return Command(*arguments, env=env).end()


def begin(
    arguments: tuple[str, ...], env: dict[str, str], stdout: int, stderr: int
) -> subprocess.Popen[bytes] | Forked:
    env, zygote = {**os.environ, **env}, Processes.zygotes.get("flask")
    if zygote:
        return zygote.start([*FLASK, *arguments], env, stdout, stderr)
    return subprocess.Popen(
        [sys.executable, *FLASK, *arguments], cwd=ROOT, env=env, stdout=stdout, stderr=stderr
    )
