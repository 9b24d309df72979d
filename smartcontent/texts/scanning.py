"""Patterns looked for piece by piece: Python's lock is held on all threads for as long as one look
takes, and a pattern of many ways takes a tenth of a second for a long text."""

import re
from collections.abc import Iterator

AT_ONCE = 2_500  # characters that a match may begin at, in one look
LONGEST = 500  # characters by which a match is known, and what it looks at behind itself


def scan(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches that `finditer` has, of a pattern whose matches are never empty.

    LONGEST characters tell that one begins; it may be longer.
    """
    start = 0
    while start < len(text):
        stop = start + AT_ONCE
        match = pattern.search(text, start, stop + LONGEST)
        if match and match.start() < stop:
            match = pattern.match(text, match.start()) or match  # may go on behind the piece
            yield match
            start = match.end()
        else:
            start = stop
