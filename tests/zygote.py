"""Starts the product's processes without their imports, which cost more than most tests do.

A zygote is a process that has imported what the product's processes of a kind import, and nothing
that looks at settings. It forks for each that is asked for, and the fork runs the same script from
its first line, with an environment, a session and outputs of its own. To whoever looks from outside
it is the process that users start, but for one or two seconds of CPU. What a start itself is about
(settings that are refused, `make run`, the image) has processes that were not forked.
"""

import json
import os
import runpy
import subprocess
import sys
import threading
from importlib import import_module
from os import fork, waitpid  # as they are before gevent takes their place
from pathlib import Path
from socket import AF_UNIX, SOCK_SEQPACKET, recv_fds, send_fds, socket, socketpair

from gevent import monkey
from patience import wait_until

ROOT = Path(__file__).parent.parent
MOST_BYTES = 2**17  # of a question
PRELOADED = {
    "web": ["smartcontent.app"],
    "flask": ["smartcontent.app"],
    "background": [
        "smartcontent.background",
        "smartcontent.contents.bulk.running",
        "smartcontent.contents.housekeeping",
        "smartcontent.contents.series.making",
        "smartcontent.preflight.preflight",
        "smartcontent.writing.slots",
        "smartcontent.writing.warm_up",
    ],
}


class Zygote:
    """A zygote of this process, begun when it is first asked and ended with us."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._line: socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, arguments: list[str], env: dict[str, str], stdout: int, stderr: int
    ) -> "Forked":
        """What `python ARGUMENTS` starts; it may write to these files."""
        return Forked(self, self.ask(stdout, stderr, arguments=arguments, env=env))

    def ask(self, *files: int, **question: object) -> int | None:
        with self._lock:
            self._line = self._line or self._begun()
            send_fds(self._line, [json.dumps(question).encode()], files)
            return json.loads(self._line.recv(MOST_BYTES))

    def _begun(self) -> socket:
        ours, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, self._kind, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return ours


class Forked:
    """A process that a zygote forked, as `subprocess.Popen` has one."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._zygote = zygote

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._zygote.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        wait_until(lambda: self.poll() is not None)
        return self.returncode


def main(kind: str, line: socket) -> None:
    """Answer what is asked, until nobody is there to ask; in a fork, be what was asked for."""
    sys.path[0] = str(ROOT)
    if kind == "web":
        monkey.patch_all()  # before any driver is imported, as gunicorn has it
    for module in PRELOADED[kind]:
        import_module(module)
    while (asked := recv_fds(line, MOST_BYTES, 2))[0]:
        question = json.loads(asked[0])
        if "ended" in question:
            answer(line, ended(question["ended"]))
        elif fork() == 0:
            os.setsid()
            answer(line, os.getpid())
            line.close()
            return become(*asked[1], **question)
        for file in asked[1]:
            os.close(file)


def answer(line: socket, value: int | None) -> None:
    line.send(json.dumps(value).encode())


def ended(pid: int) -> int | None:
    """A child's exit code, if it has ended, as `subprocess` counts."""
    found, status = waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def become(stdout: int, stderr: int, arguments: list[str], env: dict[str, str]) -> None:
    """Be what `python ARGUMENTS` is."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    for number, file in enumerate((stdout, stderr), 1):
        os.dup2(file, number)
        os.close(file)
    sys.stdout.reconfigure(line_buffering=os.isatty(1) or "PYTHONUNBUFFERED" in env)
    os.execv = run  # by which web.py becomes gunicorn
    run(sys.executable, [sys.executable, *arguments])


def run(_: str, command: list[str]) -> None:
    """What an interpreter does that is started so."""
    if command[1] == "-m":
        sys.argv = list(command[2:])
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(command[1:])
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], socket(fileno=int(sys.argv[2])))
