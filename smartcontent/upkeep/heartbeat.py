"""A process's sign of life in a file: what a container's health check looks at costs it nothing.

It is touched whenever Redis has heard of the process and all its parts work. An old file is a
process that hangs, has lost Redis, or whose slots or threads are dead or hang.
"""

from collections.abc import Iterable
from pathlib import Path

from smartcontent.upkeep.duties import Duty


def beat(file: str, duties: Iterable[Duty] = ()) -> None:
    """Touch HEARTBEAT_FILE, where one is set and all of the duties are well."""
    are_well = [duty.is_well() for duty in duties]  # each is asked, and may say why not
    if all(are_well) and file:
        Path(file).touch()
