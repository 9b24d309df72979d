"""Patterns looked for piece by piece: Python's lock is held on all threads for as long as one look
takes, and a pattern of many ways takes a tenth of a second for a long text."""

import re
from collections.abc import Iterator

AT_ONCE = 2_500  # characters that a match may begin at, in one look
LONGEST = 500  # characters of a match, and what it looks at behind itself


def scan(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The matches that `finditer` has, of a pattern whose matches are short and never empty.

    One that is longer than LONGEST may be told shorter.
    """
    start = 0
    while start < len(text):
        stop = start + AT_ONCE
        match = pattern.search(text, start, stop + LONGEST)
        if match and match.start() < stop:
            yield match
            start = match.end()
        else:
            start = stop
