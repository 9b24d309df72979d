"""The terminal of `make run`: every part's lines, prefixed, aligned and never mixed."""

import errno
import threading
from collections.abc import Callable
from io import TextIOWrapper
from typing import IO, TextIO

WIDTH = 9
_PASSING = (errno.ENOSPC, errno.EDQUOT)  # the log is a file, and what it holds is for later
_COLOURS = {"web": 36, "worker": 32, "scheduler": 33, "redis": 35, "model": 34, "migrate": 90}


class Log:
    """Writes whole lines from many threads; calls `lost` once when nobody can read them.

    Of a terminal that knows few characters, a question mark stands for the others.
    """

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
        self.lost: Callable[[], None] | None = None
        self._stream = stream
        self._colour = stream.isatty()
        self._lock = threading.Lock()

    def say(self, text: str, name: str = "") -> None:
        """Write one line, of a part or (without a name) of the stack itself."""
        line = f"{self._prefix(name)} | {text}\n" if name else f"{text}\n"
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except OSError as error:
            if error.errno in _PASSING:
                return
            lost, self.lost = self.lost, None
            if lost:
                lost()

    def copy(self, name: str, pipe: IO[bytes], unsaid: str = "") -> None:
        """Write the lines that come out of a pipe, but those with the text `unsaid`."""
        for line in pipe:
            text = line.decode(errors="replace").rstrip()
            if text and not (unsaid and unsaid in text):
                self.say(text, name)

    def _prefix(self, name: str) -> str:
        padded = name.ljust(WIDTH)
        return f"\x1b[{_COLOURS.get(name, 37)}m{padded}\x1b[0m" if self._colour else padded
