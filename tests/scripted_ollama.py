"""An Ollama server that answers as a test tells it to: real sockets, every byte and pause scripted.

In a test: `with ScriptedOllama() as ollama: ollama.says("Tea ", "is warm.")`. As a process of its
own: `python tests/scripted_ollama.py --port N`, told what to do over POST /_control.
"""

import argparse
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from ollama_scripts import FOREVER, LOAD, READ, Script, Scripts, done
from patience import PATIENCE

AT_ONCE = 4096  # bytes that a connection takes without waiting once it takes any


@dataclass
class Recorded:
    """One request, and what became of it; times are time.monotonic()'s."""

    path: str
    json: dict[str, Any]
    headers: dict[str, str]
    at: float
    closed_at: float | None = None  # when the client went away before the answer had ended
    finished_at: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the answer is over."""
        return bool(self.closed_at or self.finished_at)

    @property
    def is_text(self) -> bool:
        """Whether a text was asked for (and not the loading of a model, or a reading ahead)."""
        is_chat = self.path == "/api/chat" and bool(self.json.get("messages"))
        return is_chat and not self.is_reading

    @property
    def is_reading(self) -> bool:
        """Whether the model was only to read a prompt before its time."""
        return self.path == "/api/chat" and self.json.get("options", {}).get("num_predict") == 1


def tagged(model: str) -> str:
    """The name as Ollama lists it."""
    return model.lower() if ":" in model else f"{model.lower()}:latest"


def has_hung_up(connection: socket.socket) -> bool:
    """Whether the other end was closed, or this one."""
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


class ScriptedOllama(Scripts):
    """The server; told nothing, it writes "Tea is warm." for whatever model is asked.

    `models` are those that /api/tags and /api/show know.
    """

    def __init__(
        self,
        port: int = 0,
        models: Iterable[str] = ("llama3.2:latest",),
    ) -> None:
        super().__init__()
        self.models = list(models)
        self.version = "0.32.15"
        self.context_length = 131_072
        self.requests: list[Recorded] = []
        self.stopping = threading.Event()
        self.changed = threading.Condition()
        self._running: list[tuple[Recorded, socket.socket]] = []
        self._by_place: dict[tuple[str, str], Scripts] = {}
        self._server = _Server(("127.0.0.1", port), partial(_Handler, self))
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, name="scripted-ollama", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Answer until told to stop."""
        self._server.serve_forever(poll_interval=0.005)

    def on(self, model: str = "", path: str = "/api/chat") -> Scripts:
        """The answers of one model, or of another path, such as /api/pull or LOAD."""
        with self.changed:
            return self._by_place.setdefault((path, model), Scripts())

    @property
    def chats(self) -> list[dict[str, Any]]:
        """What /api/chat was asked to write, in order."""
        return [recorded.json for recorded in self.texts]

    @property
    def texts(self) -> list[Recorded]:
        """The requests for texts, in order."""
        return [recorded for recorded in self.requests if recorded.is_text]

    def wait_closed(self, timeout: float = PATIENCE) -> Recorded | None:
        """The first request whose client went away before its end; None if none did in time."""
        return self._wait(lambda: next((r for r in self.requests if r.closed_at), None), timeout)

    def wait_requests(self, number: int = 1, timeout: float = PATIENCE) -> bool:
        """Wait until that many requests have come."""
        return bool(self._wait(lambda: len(self.requests) >= number, timeout))

    def wait_idle(self, timeout: float = PATIENCE) -> bool:
        """Wait until every request has ended, by either side."""
        return bool(self._wait(lambda: all(r.has_ended for r in self.requests), timeout))

    def _wait(self, what: Callable[[], Any], timeout: float) -> Any:
        with self.changed:
            return self.changed.wait_for(what, timeout)

    def state(self) -> dict[str, Any]:
        """What happened so far, as JSON."""
        return {
            "requests": [vars(recorded) for recorded in self.requests],
            "closed": sum(r.closed_at is not None for r in self.requests),
        }

    def control(self, call: dict[str, Any]) -> dict[str, Any]:
        """Obey {"do": "says", "args"?, "kwargs"?, "model"?, "path"?} or {"models": […]}."""
        if "models" in call:
            self.models = call["models"]
        if "do" in call:
            is_placed = "model" in call or "path" in call
            place = {k: v for k, v in call.items() if k in {"model", "path"}}
            scripts = self.on(**place) if is_placed else self
            getattr(scripts, call["do"])(*call.get("args", []), **call.get("kwargs", {}))
        return self.state()

    def came(self) -> float:
        """Now, that a request has come; whose client has hung up by now has ended before it.

        Of the threads that serve the two, a busy machine may let the later one go on first.
        """
        with self.changed:
            for recorded, connection in self._running:
                if not recorded.has_ended and has_hung_up(connection):
                    recorded.closed_at = time.monotonic()
            return time.monotonic()

    def begin(self, recorded: Recorded, connection: socket.socket) -> None:
        """Remember a request, which is answered from now on."""
        with self.changed:
            self.requests.append(recorded)
            self._running.append((recorded, connection))
            self.changed.notify_all()

    def end(self, recorded: Recorded, *, is_whole: bool) -> None:
        """The answer is over: it was sent to its end, or not."""
        with self.changed:
            self._running = [one for one in self._running if one[0] is not recorded]
            ended_at = recorded.closed_at or time.monotonic()
            recorded.finished_at = ended_at if is_whole else None
            recorded.closed_at = None if is_whole else ended_at
            self.changed.notify_all()

    def script_for(self, recorded: Recorded) -> Script:
        """What to answer: what was told for this model, this path or all, else the usual."""
        is_load = recorded.path == "/api/chat" and not recorded.is_text
        path = READ if recorded.is_reading else LOAD if is_load else recorded.path
        model = str(recorded.json.get("model", ""))
        with self.changed:
            told = [self._by_place.get((path, name)) for name in (model, "")]
            told += [self] if path == "/api/chat" else []
            for scripts in filter(None, told):
                if script := scripts.next():
                    return script
        usual = Scripts()
        self._usual(usual, path, model)
        return usual.waiting[0]

    def _usual(self, answer: Scripts, path: str, model: str) -> None:
        match path:
            case "/api/chat":
                answer.says("Tea ", "is ", "warm.")
            case "read":
                answer.says("Tea", done_reason="length")
            case "load":
                answer.fails(200, done("load", model=model))
            case "/api/version":
                answer.fails(200, {"version": self.version})
            case "/api/tags":
                answer.fails(200, {"models": [{"name": m, "model": m} for m in self.models]})
            case "/api/show":
                self._show(answer, model)
            case "/api/pull":
                self.models.append(tagged(model))
                answer.lines({"status": "pulling manifest"}, {"status": "success"})
            case _:
                answer.fails(404, "404 page not found", {"Content-Type": "text/plain"})

    def _show(self, answer: Scripts, model: str) -> None:
        info = {"general.architecture": "llama", "llama.context_length": self.context_length}
        if tagged(model) in map(tagged, self.models):
            answer.fails(200, {"model_info": info, "capabilities": ["completion"]})
        else:
            answer.fails(404, {"error": f"model '{model}' not found"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, ollama: ScriptedOllama, *args: Any) -> None:
        self.ollama = ollama
        super().__init__(*args)

    def log_message(self, *args: Any) -> None:
        """Stay silent."""

    def parse_request(self) -> bool:
        """Note when the request came: what it takes to read the rest is this server's own."""
        self.came_at = self.ollama.came()
        return super().parse_request()

    def do_GET(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.path == "/_control":
            answer = Scripts()
            answer.fails(200, self.ollama.control(body))
            self.play(answer.waiting[0], "")
            return
        recorded = Recorded(self.path, body, dict(self.headers), self.came_at)
        script = self.ollama.script_for(recorded)
        self.ollama.begin(recorded, self.connection)
        is_whole = self.play(script, str(body.get("model", "")))
        self.ollama.end(recorded, is_whole=is_whole)

    do_POST = do_DELETE = do_GET

    def play(self, script: Script, model: str) -> bool:
        """Send a script; False if the client (or the test) ended it before."""
        for delay, data in script.parts(model):
            if not (self.pause(delay) and self.send(data)):
                return False
        if script.ending == "hold":
            return self.pause(FOREVER)
        if script.ending == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        return True

    def send(self, data: bytes) -> bool:
        """Send all of it, looking at the connection: who has gone takes no more, nor says so."""
        left = memoryview(data)
        while left:
            gone, ready, _ = select.select([self.connection], [self.connection], [])
            try:
                left = left[self.connection.send(left[:AT_ONCE]) if ready else 0 :]
            except OSError:
                return False
            if gone:
                return False
        return True

    def pause(self, seconds: float) -> bool:
        """Wait, looking at the connection all the time; False if the client has gone."""
        until = time.monotonic() + seconds
        while not self.ollama.stopping.is_set():
            wait = min(max(until - time.monotonic(), 0.0), 0.05)
            if select.select([self.connection], [], [], wait)[0]:
                return False
            if time.monotonic() >= until:
                return True
        return False


def main() -> None:
    """Serve until killed; the first line printed is the URL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", action="append", default=[])
    arguments = parser.parse_args()
    ollama = ScriptedOllama(arguments.port, arguments.model or ("llama3.2:latest",))
    print(ollama.url, flush=True)
    ollama.serve()


if __name__ == "__main__":
    main()
