"""The folder of one running stack: its lock, the ports it keeps, what other terminals need."""

import contextlib
import fcntl
import os
import shlex
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from smartcontent.config import ConfigurationError
from smartcontent.config.private import keep_private


class Refusal(Exception):
    """Why the stack does not start, in one sentence that says what to do."""


@contextlib.contextmanager
def owned(home: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it, however the process ends.

    Raises:
        Refusal: another process holds it.
        ConfigurationError: nobody can.
    """
    with _lock_of(home) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal(_already_runs(home)) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock_of(home: Path) -> IO[str]:
    try:
        keep_private(home)
        return (home / "lock").open("a+")
    except OSError as error:
        raise ConfigurationError(
            f"SMARTCONTENT_HOME={home} cannot be used: {error.strerror}."
        ) from error


def _already_runs(home: Path) -> str:
    process = (home / "lock").read_text()
    return (
        f"Smart Content already runs on {home} (process {process}). "
        "Stop it first, or set SMARTCONTENT_HOME to another folder."
    )


def socket_in(folder: Path) -> Path:
    """Where a server's socket can be: in the folder, or apart if its path is too long for one.

    Most systems allow a hundred bytes, some file systems no socket at all.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = folder / "redis.sock"
    if _takes_a_socket(folder / "trial.sock"):
        return address
    return Path(tempfile.mkdtemp(prefix="smartcontent-")) / address.name  # it, too, is 0700


def _takes_a_socket(address: Path) -> bool:
    address.unlink(missing_ok=True)
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(address))
    except OSError:
        return False
    address.unlink()
    return True


def kept_port(path: Path) -> int:
    """The port in the file, or another free one, kept there, where that is taken or missing."""
    text = path.read_text().strip() if path.exists() else ""
    port = int(text) if text.isdecimal() else 0
    if not 0 < port < 65536 or not is_free("127.0.0.1", port):
        port = _any_port()
        path.write_text(f"{port}\n")
    return port


def is_free(address: str, port: int) -> bool:
    """Whether a server could listen there now."""
    return trouble_listening(address, port) is None


def trouble_listening(address: str, port: int) -> OSError | None:
    """Why a server could not listen there now, if it could not."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: connections that are only waiting to be forgotten do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error
    return None


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def announced(path: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Keep a file of settings, while the stack runs, for commands in other terminals."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
