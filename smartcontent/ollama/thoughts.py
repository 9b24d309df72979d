"""Takes a model's thinking out of its text, where an old server left it in."""

import re

_OPEN, _CLOSE = "<think>", "</think>"
_BLANKS = re.compile(r"\s*")
_BLANKS_HELD = 64


class Thoughts:
    """Drops <think>…</think> blocks in front of the text, however the pieces are cut.

    Only in front, as Ollama itself reads them: a tag in the middle is copy about tags, and
    dropping everything after it would lose the text in silence.
    """

    def __init__(self) -> None:
        self.seen = False
        self._held = ""
        # So far it is read: cutting it off at every tag would copy the rest as often.
        self._at = 0
        self._is_inside = False
        self._has_begun = False

    def without(self, piece: str) -> str:
        """What of the piece, and of pieces held back before, is surely text."""
        if self._has_begun:
            return piece
        self._held += piece
        while self._step():
            pass
        self._held, self._at = self._held[self._at :], 0
        if not self._has_begun:
            return ""
        return self._released()

    def rest(self) -> str:
        """What is still held back when nothing more comes: text, unless it was thinking."""
        return "" if self._is_inside else self._released()

    def _step(self) -> bool:
        """Move over one tag; False once the held text has to wait, or is text."""
        if self._is_inside:
            end = self._held.find(_CLOSE, self._at) + len(_CLOSE)
            self._is_inside = end < len(_CLOSE)
            self._at = max(self._at, len(self._held) - len(_CLOSE)) if self._is_inside else end
            return not self._is_inside
        start = _end_of_blanks(self._held, self._at)
        if self._held.startswith(_OPEN, start):
            self._at = start + len(_OPEN)
            self._is_inside = self.seen = True
            return True
        could_open = _OPEN.startswith(self._held[start : start + len(_OPEN)])
        self._has_begun = not could_open or len(self._held) - self._at > _BLANKS_HELD
        return False

    def _released(self) -> str:
        text, self._held = self._held, ""
        # The blank lines after a thought belong to the thought.
        return text.lstrip() if self.seen else text


def _end_of_blanks(text: str, start: int) -> int:
    blanks = _BLANKS.match(text, start)
    assert blanks is not None, "it matches nothing, too"
    return blanks.end()
