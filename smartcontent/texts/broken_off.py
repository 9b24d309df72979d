"""Where a text that broke off is gone on with."""

import re

from smartcontent.texts.counting import DENSE

_LAST_WORD = re.compile(r"(?<=\s)\S*\w\Z")


def whole_words(text: str) -> str:
    """The text up to where its last word began: that may be the half of one, as the `wa` of `warm`."""
    return open_ended(text if DENSE.match(text[-1:]) else _LAST_WORD.sub("", text))


def open_ended(text: str) -> str:
    """A text so that what follows is a word of its own; some scripts have no blank between."""
    return text if text[-1:].isspace() or DENSE.match(text[-1:]) else f"{text} "
