"""A text that Ollama writes as the test dictates it: no word comes before the test has said it."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from ollama_scripts import Part, Scripts, chunk, done, head, line, piece

LOOK_SECONDS = 0.01


class Dictation:
    """The next answer to what is asked for there; it goes on until `end` is called."""

    def __init__(self, ollama: Scripts) -> None:
        self.text = ""
        self._lines: deque[bytes] = deque()
        self._has_ended = False
        ollama.script(self._parts, "close", 1)

    def say(self, *pieces: str) -> str:
        """Add some pieces; answers the whole text so far."""
        self.text += "".join(pieces)
        self.tell(*({"model": "llama3.2"} | piece(text) for text in pieces))
        return self.text

    def tell(self, *objects: dict[str, Any]) -> None:
        """Add some lines of another kind, such as a download's."""
        self._lines.extend(map(chunk, map(line, objects)))

    def end(self) -> str:
        """Finish the text; answers all of it."""
        self._lines.append(chunk(line({"model": "llama3.2"} | done())) + chunk(b""))
        self._has_ended = True
        return self.text

    def break_off(self) -> None:
        """End in the middle, as a server that dies."""
        self._has_ended = True

    def _parts(self, _model: str) -> Iterator[Part]:
        yield 0.0, head()
        while self._lines or not self._has_ended:
            # An empty part has the server look whether its client is still there.
            yield (0.0, self._lines.popleft()) if self._lines else (LOOK_SECONDS, b"")
