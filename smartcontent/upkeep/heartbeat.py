"""A process's sign of life in a file: what a container's health check looks at costs it nothing.

It is touched whenever Redis has heard of the process and all its parts work. An old file is a
process that hangs, has lost Redis, or whose slots or threads are dead.
"""

from pathlib import Path


def beat(file: str) -> None:
    """Touch HEARTBEAT_FILE, where one is set."""
    if file:
        Path(file).touch()
