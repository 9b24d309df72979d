"""Runs pip and shows only what takes long: install.py PIP-INSTALL-ARGUMENTS…

pip itself shows a hundred lines or, with --quiet, nothing for minutes. Run by its path, with
the standard library alone.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import IO

_DOWNLOAD = re.compile(r"Downloading (\S+) \(([\d.]+ [kM]B)\)")
_VERSION = re.compile(r"-\d")
_LOOK_SECONDS = 0.3
_NOTABLE_KB = 500
_TAIL_LINES = 12
# What pip says, among much else, where something on the way is wrong, and what to do about it.
_TROUBLES = (
    (
        re.compile(r"SSLError|CERTIFICATE_VERIFY_FAILED"),
        "its certificate is not trusted. Where a proxy looks into connections, name the file of "
        "its authority (export PIP_CERT=…)",
    ),
    (
        re.compile(
            r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|ProxyError|"
            r"Connection (refused|aborted|reset|broken)|Network is unreachable|timed out|"
            r"Failed to establish a new connection|Temporary failure in name resolution"
        ),
        "check the connection to the internet (or pip's proxy and mirror)",
    ),
    (
        re.compile(r"\(from versions: none\)"),
        "what answers does not have them. See whether the network wants you to sign in first, and "
        "whether pip's proxy and mirror are right",
    ),
    (re.compile(r"No space left on device"), "the disk is full. Make room for about 1 GB"),
)
_HOST = re.compile(r"host=['\"]([\w.:-]+)")


class Progress:
    """Shows the download that is under way; on a terminal how far it is, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._terminal = sys.stdout.isatty()
        self._name = self._size = ""
        self._over = threading.Event()
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._advice = self._host = ""

    def follow(self, pipe: IO[str]) -> None:
        """Read pip's lines to the end."""
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        try:
            for line in pipe:
                self._see(line.strip())
        finally:  # by Ctrl-C, too: nothing ends while a thread goes on
            self._over.set()
            ticker.join()

    def explain(self) -> None:
        """Say why it failed: in a sentence where that is known, else in pip's last lines."""
        if not self._advice:
            self._write("\n".join([self._start(), *self._tail, ""]))
            return
        where = f" from {self._host}" if self._host else ""
        self._write(
            f"{self._start()}The packages could not be downloaded{where}: {self._advice}, "
            "then run the same again.\n"
        )

    def _see(self, line: str) -> None:
        self._tail.append(line)
        for trouble, advice in _TROUBLES:
            if trouble.search(line):
                self._advice = self._advice or advice  # the first one brings the others
                host = _HOST.search(line)
                self._host = host[1] if host else self._host
        found = _DOWNLOAD.search(line)
        if found:
            self._advice = ""  # it comes again
            self._name, self._size = _VERSION.split(found[1].rpartition("/")[2])[0], found[2]
            if not self._terminal and _kilobytes(self._size) > _NOTABLE_KB:
                self._write(f"downloading {self._name} ({self._size})\n")
        elif line.startswith(("Installing collected", "Preparing")):
            self._name = ""
            self._write(f"{self._start()}installing\n")

    def _tick(self) -> None:
        while self._terminal and not self._over.wait(_LOOK_SECONDS):
            if self._name:
                text = f"downloading {self._name}: {self._done() / 1e6:.1f} MB of {self._size}"
                self._write(self._start() + text)

    def _done(self) -> int:
        """Bytes of the download that are there."""
        try:
            files = self._folder.rglob(f"{self._name}-*")
            return max((path.stat().st_size for path in files), default=0)
        except FileNotFoundError:  # pip moves it, and removes its folders
            return 0

    def _start(self) -> str:
        """Go to the start of the line, which is emptied, on a terminal."""
        return "\r\x1b[K" if self._terminal else ""

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _kilobytes(size: str) -> float:
    number, unit = size.split()
    return float(number) * (1000 if unit == "MB" else 1)


def main() -> int:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    # pip downloads into TMPDIR: a folder of our own, so that its size tells the progress.
    with tempfile.TemporaryDirectory(prefix="smartcontent-") as folder:
        process = subprocess.Popen(
            [*pip, *sys.argv[1:]],
            env={**_environment(), "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",  # what a mirror or a disk says may be in any encoding
        )
        assert process.stdout is not None
        progress = Progress(Path(folder))
        progress.follow(process.stdout)
        if process.wait():
            progress.explain()
        return process.returncode


def _environment() -> dict[str, str]:
    # Their user's settings for pip (a mirror, a proxy, a cache) go on to apply.
    return {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PYTHONUNBUFFERED": "1"}


if __name__ == "__main__":
    sys.exit(main())
