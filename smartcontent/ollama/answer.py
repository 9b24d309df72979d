"""A text as Ollama writes it: pieces, then how it ended and what it cost."""

import contextlib
import time
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from typing import Any, Self

from smartcontent.ollama.errors import OllamaError, failure
from smartcontent.ollama.exchange import TICK, Exchange
from smartcontent.ollama.lines import decoded, unreadable
from smartcontent.ollama.marks import Marks
from smartcontent.texts.looping import TAIL, loops

TEXT_LIMIT = 200_000
# Of the text and what is no text of it: a text that begins again and again would have no end.
_READ_LIMIT = 10 * TEXT_LIMIT
LOOK_AGAIN = 200  # characters after which it is looked again whether they say anything new
_DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
_COUNTS = ("prompt_eval_count", "eval_count")
# What a server says beyond that is no measurement, and has no room in a database.
_LONGEST_NS, _MOST_TOKENS = 10**15, 2**31 - 1
_REASON_LONGEST, _NAME_LONGEST = 20, 200  # characters


class Answer:
    """The pieces of a text, in order, and "" about every TICK seconds while none comes.

    When the iteration has ended by itself, `done_reason` is "stop", or "length" for a text cut at
    its limit, and `stats` has Ollama's counts and durations (`…_ms`, milliseconds) and
    `first_token_ms`, measured here. Every other end raises OllamaError. Closing, also from
    another thread, ends the connection at once, and with it the generation.

    A piece while `begins_again` is true stands for all before it, which was a thought after all.
    `taken_out` is what was left out of the text.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.done_reason: str | None = None
        self.stats: dict[str, Any] = {}
        self._exchange = exchange
        self._line_ends = IncrementalNewlineDecoder(None, translate=True)
        self._marks = Marks()
        self._length = self._thought_length = self._read_length = 0
        self._tail = ""
        self._looked_at = 0
        self._has_text = self._has_spoken = False
        self._pieces = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def begin(self) -> None:
        """Send the request, where it was not sent at once."""
        self._exchange.begin()

    def close(self) -> None:
        """End the connection to Ollama, whatever it is doing; a second call does nothing."""
        self._exchange.close()

    @property
    def begins_again(self) -> bool:
        """Whether the last piece replaces all before it."""
        return self._marks.begins_again

    @property
    def taken_out(self) -> str:
        """What the model wrote in its answer that is no text of the draft's."""
        return self._marks.taken

    def spent_on_thinking(self) -> OllamaError | None:
        """What to say of a text that was cut at its limit, most of which went into thoughts."""
        thought = self._thought_length + len(self._marks.taken)
        is_spent = self.done_reason == "length" and self._marks.has_thought
        return (
            self._exchange.failure("only_thinking") if is_spent and thought > self._length else None
        )

    def _read(self) -> Iterator[str]:
        try:
            yield from self._said()
            self._check_end()
        except OllamaError:
            # What might have become a mark is text after all: of what came nothing is lost.
            yield self._marks.with_rest("")
            raise

    def _said(self) -> Iterator[str]:
        yielded = self._exchange.started
        with contextlib.closing(self._exchange.lines()) as lines:
            for line in lines:
                piece = self._piece(line) if self._speaks(line) else ""
                # Thinking can bring hundreds of lines a second without text: one "" a TICK will do.
                if piece or self.begins_again or time.monotonic() - yielded >= TICK:
                    yielded = time.monotonic()
                    yield piece
                    self._marks.begins_again = False  # that piece alone does
                self._check_bounds()  # of what came up to them nothing is lost
                if self.done_reason is not None:
                    break

    def _speaks(self, line: bytes) -> bool:
        """Whether something is on the line, and not a gateway's sign of life.

        As the first line, what is no JSON tells that no Ollama is there.
        """
        is_sign_of_life = line.startswith(b":") or (self._has_spoken and line[:1] != b"{")
        return bool(line.strip()) and not is_sign_of_life

    def _piece(self, line: bytes) -> str:
        """The text on one line, the last one's included; remembers how the answer ended."""
        data = decoded(line, self._exchange.names)
        self._has_spoken = True
        message = data.get("message") or {}
        # Servers that speak Ollama's language leave out what is empty, or say that it is null.
        is_last = data.get("done") is True or bool(data.get("done_reason"))
        content = (message.get("content") or "") if isinstance(message, dict) else None
        is_chat = (is_last or "message" in data) and data.get("done") in (True, False, None)
        if not (is_chat and isinstance(content, str)):
            raise unreadable(line, self._exchange.names)
        self._note_thought(message.get("thinking"))
        self._read_length += len(content)
        piece = self._marks.without(self._line_ends.decode(content, final=is_last))
        if is_last:
            piece = self._marks.with_rest(piece)
            self._finish(data)
        return self._counted(piece)

    def _note_thought(self, thought: Any) -> None:
        if thought:
            self._marks.has_thought = True
            self._thought_length += len(thought) if isinstance(thought, str) else 0

    def _counted(self, piece: str) -> str:
        if piece and "first_token_ms" not in self.stats:
            self.stats["first_token_ms"] = _ms_since(self._exchange.started)
        if self.begins_again:
            self._length, self._has_text = 0, False
            self._tail, self._looked_at = "", 0
        room = TEXT_LIMIT - self._length
        self._length += len(piece)
        self._tail = (self._tail + piece)[-TAIL:]
        self._has_text = self._has_text or bool(piece.strip())
        return piece[:room]

    def _check_bounds(self) -> None:
        """End a text without an end; one that says the same again long before its room does."""
        if self._length - self._looked_at >= LOOK_AGAIN:
            self._looked_at = self._length
            if loops(self._tail):
                raise self._exchange.failure("repeating")
        if self._length > TEXT_LIMIT or self._read_length > _READ_LIMIT:
            raise failure("too_long", self._exchange.names | {"limit": TEXT_LIMIT})

    def _finish(self, data: dict[str, Any]) -> None:
        reason = data.get("done_reason")
        # Servers before 0.1.35 give no reason.
        self.done_reason = (reason if isinstance(reason, str) else "")[:_REASON_LONGEST] or "stop"
        for name in _DURATIONS:
            if _is_number(data.get(name), _LONGEST_NS):
                self.stats[f"{name}_ms"] = round(data[name] / 1e6, 3)
        for name in _COUNTS:
            if _is_number(data.get(name), _MOST_TOKENS):
                self.stats[name] = data[name]
        if isinstance(data.get("model"), str):
            self.stats["model"] = data["model"][:_NAME_LONGEST]

    def _check_end(self) -> None:
        if self.done_reason is None:
            raise self._exchange.failure(self._broken_off())
        if not self._has_text:
            is_spent = self.done_reason == "length" and self._marks.has_thought
            raise self._exchange.failure("only_thinking" if is_spent else "empty")

    def _broken_off(self) -> str:
        """The cause of an end without a last line."""
        if not self._exchange.has_answered:
            return "protocol"
        # Ollama ends a text so after one token has come about thirty times.
        return "repeating" if self._marks.is_repeating else "stream_cut"


def _is_number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _ms_since(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 3)
