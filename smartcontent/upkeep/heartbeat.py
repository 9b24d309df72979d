"""A process's sign of life in a file: what a container's health check looks at costs it nothing.

It is touched whenever Redis has heard of the process and all its parts work. An old file is a
process that hangs, has lost Redis, or whose slots or threads are dead or hang, or a file that
cannot be touched.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

_refused: set[str] = set()  # files that could not be touched the last time


def beat(file: str, duties: Iterable[Duty] = ()) -> None:
    """Touch HEARTBEAT_FILE, where one is set and all of the duties are well."""
    are_well = [duty.is_well() for duty in duties]  # each is asked, and may say why not
    if all(are_well) and file:
        _touch(file)


def _touch(file: str) -> None:
    """That it cannot be is logged once; the health check tells of it, and the work goes on."""
    try:
        Path(file).touch()
    except OSError as error:
        if file not in _refused:
            log.error("HEARTBEAT_FILE cannot be touched, so the health check fails: %s", error)
        _refused.add(file)
    else:
        _refused.discard(file)
