"""Takes a model's thinking out of its text, where an old server left it in."""

_OPEN, _CLOSE = "<think>", "</think>"
_BLANKS_HELD = 64


class Thoughts:
    """Drops <think>…</think> blocks in front of the text, however the pieces are cut.

    Only in front, as Ollama itself reads them: a tag in the middle is copy about tags, and
    dropping everything after it would lose the text in silence.
    """

    def __init__(self) -> None:
        self.seen = False
        self._held = ""
        self._is_inside = False
        self._has_begun = False

    def without(self, piece: str) -> str:
        """What of the piece, and of pieces held back before, is surely text."""
        if self._has_begun:
            return piece
        self._held += piece
        while self._step():
            pass
        if not self._has_begun:
            return ""
        return self._released()

    def rest(self) -> str:
        """What is still held back when nothing more comes: text, unless it was thinking."""
        return "" if self._is_inside else self._released()

    def _step(self) -> bool:
        """Move over one tag; False once the held text has to wait, or is text."""
        if self._is_inside:
            _, closed, after = self._held.partition(_CLOSE)
            self._held = after if closed else self._held[-len(_CLOSE) :]
            self._is_inside = not closed
            return bool(closed)
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._held = start.removeprefix(_OPEN)
            self._is_inside = self.seen = True
            return True
        self._has_begun = not _OPEN.startswith(start) or len(self._held) > _BLANKS_HELD
        return False

    def _released(self) -> str:
        text, self._held = self._held, ""
        # The blank lines after a thought belong to the thought.
        return text.lstrip() if self.seen else text
