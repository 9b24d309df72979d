"""From llama.cpp's chunks to the lines Ollama sends."""

import time
from datetime import UTC, datetime
from typing import Any

from smartcontent.local.model import Chunk
from smartcontent.local.question import Question
from smartcontent.local.wire import Wire


class Answer:
    """One answer on its way to the one who asked."""

    def __init__(self, question: Question, wire: Wire) -> None:
        self._question = question
        self._wire = wire
        self._started = time.monotonic_ns()
        self._load_duration = 0
        self._pieces: list[str] = []
        self._last: Chunk = {}

    def model_is_there(self) -> None:
        """Note that the wait for the model is over."""
        self._load_duration = time.monotonic_ns() - self._started

    def take(self, chunk: Chunk) -> bool:
        """Pass a chunk on; True when nobody reads any more."""
        if "timings" in chunk:
            self._last = chunk
        for choice in chunk.get("choices", ()):
            piece = choice.get("text") or choice.get("delta", {}).get("content")
            if piece:
                self._pass_on(piece)
        return self._wire.gone()

    def _pass_on(self, piece: str) -> None:
        if self._question.stream:
            self._wire.line(self._reply(piece, done=False))
        else:
            self._pieces.append(piece)

    def loaded(self) -> None:
        """Answer an empty question, which only loads the model."""
        self._wire.reply(200, self._reply("", done=True) | {"done_reason": "load"})

    def finish(self) -> dict[str, int]:
        """Send the end with its statistics (nanoseconds), which are returned; none if cut off."""
        if self._wire.gone():
            return {}
        if not self._last:
            self._wire.fail(500, "an error was encountered while running the model")
            return {}
        statistics = self._statistics(self._last["timings"])
        reason = self._last["choices"][0].get("finish_reason") or "stop"
        end = self._reply("".join(self._pieces), done=True) | {"done_reason": reason} | statistics
        if self._question.stream:
            self._wire.line(end)
            self._wire.end()
        else:
            self._wire.reply(200, end)
        return statistics

    def _reply(self, text: str, done: bool) -> dict[str, Any]:
        chat = {"message": {"role": "assistant", "content": text}}
        return {
            "model": self._question.model,
            "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            **(chat if self._question.kind == "chat" else {"response": text}),
            "done": done,
        }

    def _statistics(self, timings: dict[str, float]) -> dict[str, int]:
        return {
            "total_duration": time.monotonic_ns() - self._started,
            "load_duration": self._load_duration,
            "prompt_eval_count": int(timings["prompt_n"] + timings.get("cache_n", 0)),
            "prompt_eval_duration": int(timings["prompt_ms"] * 1e6),
            "eval_count": int(timings["predicted_n"]),
            "eval_duration": int(timings["predicted_ms"] * 1e6),
        }
