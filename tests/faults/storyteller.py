"""A scripted Ollama that tells every draft a story of its own, and remembers what it told."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from ollama_scripts import Part, Script, chunk, done, head, line, piece
from scripted_ollama import Recorded, ScriptedOllama

TOPIC = "Teapot No. "
FEW = 4
SLOWLY = 0.1  # seconds from word to word


def topic(number: int) -> str:
    """A topic by which a draft is found again in what Ollama was asked."""
    return f"{TOPIC}{number:06d}"


def topic_in(body: dict[str, Any]) -> str:
    """The topic of the draft that a request is for; "" where it names none of ours."""
    asked = " ".join(message["content"] for message in body.get("messages") or [])
    _, found, after = asked.partition(TOPIC)
    return found + after[:6]


@dataclass
class Told:
    """One request for a draft's text, and the text it was to get."""

    topic: str
    request: Recorded
    text: str = ""  # as far as it was told


class Storyteller(ScriptedOllama):
    """Answers with a text of `words` words, one every `gap` seconds; no two answers are alike.

    Told to `go_on`, it does not end its texts before it is told to `finish`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.words = FEW
        self.gap = 0.0
        self.told: list[Told] = []
        self._goes_on = False
        self._asked: defaultdict[str, int] = defaultdict(int)

    def script_for(self, recorded: Recorded) -> Script:
        """What a test told it to answer, else a story."""
        name = topic_in(recorded.json) if recorded.is_text else ""
        if not name or self.waiting:
            return super().script_for(recorded)
        with self.changed:
            self._asked[name] += 1
            told = Told(name, recorded)
            self.told.append(told)
            beginning = f"{name}, telling {self._asked[name]}: "
        return Script(lambda model: self._parts(told, beginning, model))

    def _parts(self, told: Told, beginning: str, model: str) -> Iterator[Part]:
        yield 0.0, head()
        for text in self._pieces(beginning):
            told.text += text
            yield self.gap, chunk(line({"model": model} | piece(text)))
        yield 0.0, chunk(line({"model": model} | done())) + chunk(b"")

    def _pieces(self, beginning: str) -> Iterator[str]:
        yield beginning
        for number in count():
            if number >= self.words and not self._goes_on:
                return
            yield f"word {number} "

    def go_on(self) -> None:
        """Tell the texts slowly, and without an end."""
        self._goes_on, self.gap = True, SLOWLY

    def finish(self) -> None:
        """End the texts that are being told, and tell others at once."""
        self._goes_on, self.words, self.gap = False, FEW, 0.0

    def of(self, name: str) -> list[Told]:
        """The stories asked for under a topic, in order."""
        with self.changed:
            return [told for told in self.told if told.topic == name]

    def requests_for(self, name: str) -> list[Recorded]:
        """Every request for a text under a topic, also those that tests scripted."""
        with self.changed:
            return [r for r in self.requests if r.is_text and topic_in(r.json) == name]

    def forget_scripts(self) -> None:
        """Tell stories again, at once, whatever a test has asked for."""
        with self.changed:
            self.waiting.clear()
        self.finish()
