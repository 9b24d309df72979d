"""The questions we ask an Ollama server."""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smartcontent.ollama.address import base_url, canonical
from smartcontent.ollama.answer import Answer
from smartcontent.ollama.errors import failure
from smartcontent.ollama.exchange import Call, Exchange, Limits
from smartcontent.ollama.lines import decoded, unreadable

# A page or a check is waiting for these answers.
QUICK = Limits(connect=2, first_byte=2, gap=2, total=2, line=8 << 20)

# Ollama adds these by default, differently in every version: thinking costs minutes, truncating
# loses the brief in silence, shifting loses the instructions. A changed `shift` reloads the model,
# which is why warming up sends the same.
FIXED = {"think": False, "truncate": False, "shift": False}
# A model has a dozen; every line of a download is added up over all.
_MOST_LAYERS = 200
# What servers call it in what a model can do.
_THOUGHT = {"thinking", "reasoning"}


@dataclass(frozen=True)
class PullProgress:
    """How far a download is: what Ollama does, and bytes over all layers known so far."""

    status: str
    completed: int
    total: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None while nobody knows how much it is."""
        return min(self.completed / self.total, 1.0) if self.total else None


class Ollama:
    """One Ollama server; every time limit is in seconds of wall clock."""

    def __init__(
        self,
        host: str,
        *,
        connect_seconds: float = 5,
        first_byte_seconds: float = 600,
        gap_seconds: float = 120,
        total_seconds: float = 1800,
        api_key: str | None = None,
        ca: str = "",
    ) -> None:
        self.url = base_url(host)
        self._ca = ca
        self._limits = Limits(connect_seconds, first_byte_seconds, gap_seconds, total_seconds)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def version(self) -> str:
        """The server's version; proves that it answers, not that a model can run."""
        return self._expect(self._ask(self._call("GET", "/api/version"), QUICK), "version", str)

    def models(self) -> list[str]:
        """The names of the models on the server, each with its tag."""
        listed = self._expect(self._ask(self._call("GET", "/api/tags"), QUICK), "models", list)
        return [self._expect(entry, "name", str) for entry in listed]

    def digest(self, name: str) -> str | None:
        """The digest of the model that has this name now; None where there is none."""
        listed = self._expect(self._ask(self._call("GET", "/api/tags"), QUICK), "models", list)
        wanted = canonical(name)
        found = [each for each in listed if canonical(self._expect(each, "name", str)) == wanted]
        digest = found[0].get("digest") if found else None
        return digest[:80] if isinstance(digest, str) else None

    def has_model(self, name: str) -> bool:
        """Whether the server has the model; `llama3.2` and `Llama3.2:latest` are one."""
        return canonical(name) in {canonical(model) for model in self.models()}

    def thinks(self, model: str) -> bool:
        """Whether the model may think before it writes, whatever it is told."""
        shown = self._ask(self._call("POST", "/api/show", {"model": model}), QUICK)
        return not _THOUGHT.isdisjoint(_named(shown.get("capabilities")))

    def load(self, model: str, options: dict[str, Any], keep_alive: str) -> None:
        """Load the model and wait until it is there; the options must be those of the texts."""
        payload = self._chat_payload(model, [], options, keep_alive) | {"stream": False}
        self._ask(self._call("POST", "/api/chat", payload), self._limits)

    def pull(self, model: str) -> Iterator[PullProgress]:
        """Download the model, telling how far it is; closing the iterator stops the download."""
        patient = self._limits.first_byte
        limits = Limits(self._limits.connect, patient, gap=patient, total=math.inf)
        call = self._call("POST", "/api/pull", {"model": model, "stream": True})
        exchange = Exchange(call, limits)
        layers: dict[str, tuple[int, int]] = {}
        with contextlib.closing(exchange.lines()) as lines:
            for line in filter(bytes.strip, lines):
                data = decoded(line, call.names)
                layers[str(data.get("digest"))] = _bytes(data, "completed"), _bytes(data, "total")
                if len(layers) > _MOST_LAYERS:
                    raise unreadable(line, call.names)
                done, total = (sum(numbers) for numbers in zip(*layers.values(), strict=True))
                yield PullProgress(self._expect(data, "status", str), done, total)
                if data["status"] == "success":
                    return
        raise exchange.failure("stream_cut")

    def chat(
        self,
        model: str,
        messages: list[dict[str, str]],
        options: dict[str, Any],
        keep_alive: str = "5m",
        at_once: bool = True,
    ) -> Answer:
        """Have a text written; the request is under way when this returns.

        Or, if not at once, its connection is being opened, and `begin()` of the answer sends it.
        """
        payload = self._chat_payload(model, messages, options, keep_alive)
        return Answer(Exchange(self._call("POST", "/api/chat", payload), self._limits, at_once))

    def _chat_payload(
        self, model: str, messages: list[dict[str, str]], options: dict[str, Any], keep_alive: str
    ) -> dict[str, Any]:
        return {
            "model": model,
            "messages": messages,
            "stream": True,
            "options": options,
            "keep_alive": _duration(keep_alive),
            **FIXED,
        }

    def _call(self, method: str, path: str, payload: dict[str, Any] | None = None) -> Call:
        return Call(method, self.url, path, payload, self._headers, self._ca)

    def _ask(self, call: Call, limits: Limits) -> dict[str, Any]:
        """The answer to a question that has one JSON object as its answer."""
        answer = bytearray()
        with contextlib.closing(Exchange(call, limits).lines()) as lines:
            for line in lines:
                answer += line
                if len(answer) > limits.line:
                    raise unreadable(answer, call.names)
        return decoded(bytes(answer), call.names)

    def _expect(self, data: Any, name: str, kind: type) -> Any:
        value = data.get(name) if isinstance(data, dict) else None
        if not isinstance(value, kind):
            raise failure("protocol", self._call("GET", "").names, detail=f"no {name}")
        return value


def _named(capabilities: Any) -> set[str]:
    """What a model can do; other servers say of each whether, or in which levels."""
    if isinstance(capabilities, dict):
        capabilities = [name for name, extent in capabilities.items() if extent]
    if not isinstance(capabilities, list):
        return set()
    return {name.lower() for name in capabilities if isinstance(name, str)}


def _bytes(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    return max(value, 0) if isinstance(value, int) else 0


def _duration(keep_alive: str) -> int | str:
    # Ollama takes seconds as a number only: "300" as a string is an error.
    return int(keep_alive) if keep_alive.removeprefix("-").isdecimal() else keep_alive
