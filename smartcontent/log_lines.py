"""A line of a log: nothing in it forges another, colours it or opens something by itself.

Without the web framework: gunicorn's own lines are written so before any of it is loaded.
"""

import logging
import re

# What is in an address that opens something by itself: a shared text, a calendar, an account.
_SECRET = re.compile(r"(/shared/|/feed/|[?&]invitation=)[^/?&\"' ]+")


def printable(line: str) -> str:
    """The line without what opens something, and with all signs that are not seen written out."""
    line = _SECRET.sub(r"\1…", line)
    if line.isprintable():
        return line
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in line
    )


class Printable(logging.Formatter):
    """Lines as another formatter has them, each printable, and those below the first indented."""

    def __init__(self, others: logging.Formatter) -> None:
        super().__init__()
        self._others = others

    def format(self, record: logging.LogRecord) -> str:
        # Of all that ends a line, our own lines end with this alone.
        return "\n  ".join(map(printable, self._others.format(record).split("\n")))
