"""Ties a command to the life of its parent: tether.py PARENT_PID SIGNAL COMMAND…

On Linux the kernel sends the signal when the parent is gone, even by kill -9. Elsewhere the
command only starts. Run by its path, before any import but the standard library's.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tie(number: int) -> None:
    """Have this process sent the signal as soon as its parent ends, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def end_with_make() -> None:
    """Have a process that make started end when make is killed, in whatever way."""
    if "MAKELEVEL" in os.environ:
        tie(signal.SIGTERM)


def main() -> None:
    parent, number, *command = sys.argv[1:]
    tie(signal.Signals[number])
    # A parent that ended before the tie was made sends nothing.
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
