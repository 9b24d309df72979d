"""What a scripted Ollama sends: every byte and every pause of an answer, told in advance."""

import itertools
import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

FOREVER = math.inf
RECORDED = Path(__file__).with_name("ollama-0.32.15")
LOAD = "load"  # the path under which warming up (a chat without messages) is scripted
READ = "read"  # the path under which reading ahead (a chat for one word) is scripted
NDJSON = "Content-Type: application/x-ndjson\r\n"
STATS = {
    "total_duration": 1_200_000_000,
    "load_duration": 200_000_000,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 300_000_000,
    "eval_count": 12,
    "eval_duration": 600_000_000,
}
Part: TypeAlias = tuple[float, bytes]


def head(status: int = 200, headers: str = NDJSON, *, chunked: bool = True) -> bytes:
    """A status line and headers; without chunks the end of the connection ends the body."""
    version, framing = ("1.1", "Transfer-Encoding: chunked\r\n") if chunked else ("1.0", "")
    return f"HTTP/{version} {status} Scripted\r\n{headers}{framing}\r\n".encode()


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of nothing, its end."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def framed(parts: list[bytes], chunked: bool, has_end: bool = True) -> list[bytes]:
    """Parts of a body as they are sent.

    The end of a chunked body goes out with its last part: a client that has read the last line
    may leave, and would otherwise seem to have left too early.
    """
    if not chunked:
        return parts
    chunks = [chunk(part) for part in parts] or [b""]
    return [*chunks[:-1], chunks[-1] + chunk(b"")] if has_end else chunks


def line(data: dict[str, Any]) -> bytes:
    """One line of a stream, characters beyond ASCII as they are (as Ollama sends them)."""
    return json.dumps(data, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"


def piece(text: str, **more: Any) -> dict[str, Any]:
    """One line of a chat that goes on; the model is filled in when it is sent."""
    return {"message": {"role": "assistant", "content": text}, "done": False} | more


def done(reason: str | None = "stop", **more: Any) -> dict[str, Any]:
    """The last line of a chat."""
    told = {"done_reason": reason} if reason else {}
    return piece("", done=True) | told | STATS | more


@dataclass
class Script:
    """What to send, when (seconds after the part before), and how it ends."""

    parts: Callable[[str], Iterable[Part]]
    ending: str = "close"  # or "hold" (stay open, silent), or "reset"
    times: float = 1


@dataclass
class Scripts:
    """The next answers of one path and model, first told, first given."""

    waiting: deque[Script] = field(default_factory=deque)

    def script(self, parts: Callable[[str], Iterable[Part]], ending: str, times: float) -> None:
        """Answer with parts, made for the model that was asked."""
        self.waiting.append(Script(parts, ending, times))

    def next(self) -> Script | None:
        """The script to play now; the last of its times takes it away."""
        if not self.waiting:
            return None
        script = self.waiting[0]
        script.times -= 1
        if script.times <= 0:
            self.waiting.popleft()
        return script

    def lines(
        self,
        *objects: dict[str, Any],
        gap: float = 0.0,
        wait: float = 0.0,
        cut: bool = False,
        chunked: bool = True,
        ending: str = "close",
        times: float = 1,
    ) -> None:
        """Send JSON lines: `wait` before the headers, `gap` before every line after the first.

        `cut` leaves out the end of the body's chunks; what is not `chunked` ends with the
        connection (HTTP/1.0, as some proxies do it).
        """

        def parts(model: str) -> Iterator[Part]:
            named = [
                line({"model": model, "created_at": "2026-01-01T00:00:00Z"} | o) for o in objects
            ]
            yield wait, head(chunked=chunked)
            for number, data in enumerate(
                framed(named, chunked, has_end=ending == "close" and not cut)
            ):
                yield (gap if number else 0.0), data

        self.script(parts, ending, times)

    def says(
        self, *texts: str, cut: bool = False, done_reason: str | None = "stop", **how: Any
    ) -> None:
        """Write a text in pieces; `cut` breaks the connection before the last line."""
        end = [] if cut else [done(done_reason)]
        self.lines(*map(piece, texts), *end, cut=cut, **how)

    def line_error(self, message: str, *before: str, **how: Any) -> None:
        """Fail in the middle of the stream, after some pieces, as Ollama does: with status 200."""
        self.lines(*map(piece, before), {"error": message}, **how)

    def drips(self, text: str = "x", every: float = 0.2, ending: str = "close") -> None:
        """Send the same piece for ever."""

        def parts(model: str) -> Iterator[Part]:
            yield 0.0, head()
            while True:
                yield every, chunk(line({"model": model} | piece(text)))

        self.script(parts, ending, 1)

    def fails(
        self,
        status: int,
        body: dict[str, Any] | str = "",
        headers: dict[str, str] | None = None,
        wait: float = 0.0,
        times: float = 1,
    ) -> None:
        """Answer with an error status; a dict as JSON, a string as it is."""
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        told = {"Content-Type": "application/json", "Content-Length": len(data)} | (headers or {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        answer = head(status, lines, chunked=False) + data
        self.script(lambda model: [(wait, answer)], "close", times)

    def silent(self, times: float = 1) -> None:
        """Accept the request and never answer."""
        self.script(lambda model: [], "hold", times)

    def resets(self, *texts: str) -> None:
        """Break the connection with a reset after some pieces."""
        self.says(*texts, cut=True, ending="reset")

    def raw(
        self,
        data: bytes | str,
        splits: Iterable[int] = (),
        gap: float = 0.0,
        chunked: bool = True,
        ending: str = "close",
        times: float = 1,
    ) -> None:
        """Send a body as it is, cut at the offsets; every part arrives as a part."""
        body = data.encode() if isinstance(data, str) else data
        cuts = [0, *splits, len(body)]
        cut = [body[a:b] for a, b in itertools.pairwise(cuts) if a < b]

        def parts(model: str) -> Iterator[Part]:
            yield 0.0, head(chunked=chunked)
            for data in framed(cut, chunked, has_end=ending == "close"):
                yield gap, data

        self.script(parts, ending, times)

    def bytes(self, data: bytes, ending: str = "close", times: float = 1) -> None:
        """Send bytes with no HTTP around them."""
        self.script(lambda model: [(0.0, data)], ending, times)

    def replays(self, name: str, times: float = 1) -> None:
        """Send what a real Ollama sent, byte by byte."""
        self.bytes((RECORDED / f"{name}.http").read_bytes(), times=times)
