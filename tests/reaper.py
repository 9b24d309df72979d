"""Ends what a test run leaves behind, however the run ends: Ctrl-C, SIGTERM, kill -9.

A process beside the run that waits for its end. What the run started, directly or not, knows the
run by an environment variable, which is handed down to children whatever group or user they are in.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

RUN = "SMARTCONTENT_TEST_RUN"


def watch_over_this_process() -> "subprocess.Popen[bytes]":
    """Have all that this process starts from now on ended when it ends; answers who does that."""
    os.environ[RUN] = uuid4().hex
    return subprocess.Popen(
        [sys.executable, "-S", "-E", __file__, os.environ[RUN]],
        stdin=subprocess.PIPE,  # held by this process and by no other, until it has gone
        start_new_session=True,  # Ctrl-C is for the run, not for who clears up after it
    )


def with_mark(mark: str) -> list[int]:
    """The processes with this NAME=value in their environment, those apart that have ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it has ended meanwhile, or is somebody else's
            continue
        if mark.encode() in environment.split(b"\0"):
            found.append(int(folder.name))
    return found


def main() -> None:
    mark = f"{RUN}={sys.argv[1]}"
    sys.stdin.buffer.read()  # until nobody holds the other end
    while processes := set(with_mark(mark)) - {os.getpid()}:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
