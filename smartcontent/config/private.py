"""What is for its owner alone: the folder of secrets, database and logs, and what lies in it."""

import contextlib
import os
import stat
from itertools import chain
from pathlib import Path

OTHERS = 0o077
# By name: the folder may be one in which other programs keep theirs.
_OURS = (
    *("secret_key", ".secret_key*", "smartcontent.db*", "local.env", "lock", "log", "*.log"),
    *("*.port", "redis", "redis/*", "redis/*/*"),
)


def keep_private(folder: Path) -> None:
    """Make the folder if it is missing, and shut others out of it and of what we write from now on.

    A folder that was made for all, as /tmp is, stays open; our files in it are shut then.
    """
    os.umask(OTHERS)
    folder.mkdir(parents=True, exist_ok=True)
    ours = chain.from_iterable(map(folder.glob, _OURS))
    for path in ours if _is_for_all(folder) else (folder, *ours):
        _close_to_others(path)


def may_be_planted(path: Path) -> bool:
    """Whether another user made the file, in a folder in which all may make some."""
    is_open = bool(path.parent.stat().st_mode & stat.S_ISVTX)
    return is_open and path.lstat().st_uid != os.geteuid()


def _is_for_all(folder: Path) -> bool:
    """Whether closing it would lock others out of more than our own."""
    is_of_the_system = len(folder.parts) <= 2 or folder in {Path.home(), *Path.home().parents}
    return is_of_the_system or bool(folder.stat().st_mode & stat.S_ISVTX)


def _close_to_others(path: Path) -> None:
    # It may be gone meanwhile, or on a file system that knows no modes.
    with contextlib.suppress(OSError):
        found = path.lstat()
        is_ours = found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode)
        if is_ours and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
