"""A small real model behind Ollama's API: python -m smartcontent.local.model_server --port N."""

import argparse
import logging
import os
import re
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

from smartcontent.local import question
from smartcontent.local.answer import Answer
from smartcontent.local.gguf import NotGguf
from smartcontent.local.model import CONTEXT, Model, ModelError
from smartcontent.local.model_file import DEMO_NAME, ModelFile, demo_path, name_of
from smartcontent.local.question import Kind, Question, Refused
from smartcontent.local.turns import Busy, Gone, Turns
from smartcontent.local.wire import BadRequest, Wire

log = logging.getLogger(__name__)

# The Ollama whose behaviour this follows.
VERSION = "0.32.15"
_BUSY = "server busy, please try again.  maximum pending requests exceeded"
_LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)
_NEVER = "2318-01-01T00:00:00Z"


class Server(socketserver.ThreadingTCPServer):
    """Listens on this machine only, whatever the model is doing."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, model: Model, waiting: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.model = model
        self.turns = Turns(waiting)


class Handler(BaseHTTPRequestHandler):
    """One connection; its requests one after another."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds a client may neither send nor take a byte
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._route("GET")

    def do_HEAD(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing for each request: a line for each text is enough."""

    def _route(self, method: str) -> None:
        wire = Wire(self)
        path = self.path.partition("?")[0]
        allowed, serve = self._ROUTES.get(path, ("", None))
        if not self._is_local():
            self.close_connection = True
            wire.reply(403, "", "text/plain")
        elif serve is None or allowed != method:
            self.close_connection = True
            text = "404 page not found" if serve is None else "405 method not allowed"
            wire.reply(int(text[:3]), text, "text/plain")
        else:
            self._serve(serve, wire)

    def _serve(self, serve: Callable[["Handler", Wire], None], wire: Wire) -> None:
        try:
            serve(self, wire)
        except (BadRequest, Refused, ModelError) as error:
            wire.fail(error.status, str(error))
        except Busy:
            wire.fail(503, _BUSY)
        except Gone:
            self.close_connection = True

    def _is_local(self) -> bool:
        """No web page may use the model, by its own name for this machine or from its origin."""
        host = self.headers.get("Host", "localhost")
        return bool(_LOCAL_HOST.fullmatch(host)) and "Origin" not in self.headers

    def _root(self, wire: Wire) -> None:
        wire.reply(200, "Ollama is running", "text/plain")

    def _version(self, wire: Wire) -> None:
        wire.reply(200, {"version": VERSION})

    def _tags(self, wire: Wire) -> None:
        file = self.server.model.file
        extra = {"modified_at": file.modified_at, "capabilities": ["completion"]}
        wire.reply(200, {"models": [file.entry | extra]})

    def _ps(self, wire: Wire) -> None:
        model = self.server.model
        extra = {"expires_at": _NEVER, "size_vram": 0, "context_length": CONTEXT}
        wire.reply(200, {"models": [model.file.entry | extra] if model.loaded else []})

    def _show(self, wire: Wire) -> None:
        file = self.server.model.file
        question.check_name("show", _name(wire.read_json()), file)
        shown = {
            "license": str(file.values.get("general.license", "")),
            "modelfile": f"FROM {file.path.name}\n",
            "parameters": f"num_ctx {CONTEXT}",
            "template": str(file.values.get("tokenizer.chat_template", "")),
            "details": file.details,
            "model_info": file.values,
            "capabilities": ["completion"],
            "modified_at": file.modified_at,
        }
        wire.reply(200, shown)

    def _pull(self, wire: Wire) -> None:
        """Nothing is downloaded: the model is there, and no other can be."""
        sent = wire.read_json()
        stream = sent.get("stream", True) is not False
        if stream:
            wire.line({"status": "pulling manifest"})
        try:
            question.check_name("pull", _name(sent), self.server.model.file)
        except Refused as refused:
            missing = refused.status == 404
            text = "pull model manifest: file does not exist" if missing else str(refused)
            wire.fail(500 if missing else refused.status, text)
            return
        if stream:
            wire.line({"status": "success"})
            wire.end()
        else:
            wire.reply(200, {"status": "success"})

    def _chat(self, wire: Wire) -> None:
        self._answer("chat", wire)

    def _generate(self, wire: Wire) -> None:
        self._answer("generate", wire)

    def _answer(self, kind: Kind, wire: Wire) -> None:
        model = self.server.model
        asked = question.read(kind, wire.read_json(), model.file)
        answer = Answer(asked, wire)
        model.wait(wire.gone)
        answer.model_is_there()
        if asked.empty:
            answer.loaded()
            return
        with self.server.turns.take(wire.gone):
            _write(model, asked, answer)
        _report(kind, answer.finish())

    _ROUTES: ClassVar[dict[str, tuple[str, Callable[["Handler", Wire], None]]]] = {
        "/": ("GET", _root),
        "/api/version": ("GET", _version),
        "/api/tags": ("GET", _tags),
        "/api/ps": ("GET", _ps),
        "/api/show": ("POST", _show),
        "/api/pull": ("POST", _pull),
        "/api/chat": ("POST", _chat),
        "/api/generate": ("POST", _generate),
    }


def _name(sent: dict[str, Any]) -> object:
    return sent.get("model") or sent.get("name")


def _write(model: Model, asked: Question, answer: Answer) -> None:
    """Write, without the oldest messages where they do not fit and may be left out."""
    body = asked.body
    while True:
        try:
            model.write(body, answer.take)
        except ModelError as error:
            shorter = question.without_oldest(body)
            if not asked.truncate or shorter is None or "exceed_context_size" not in str(error):
                raise
            body = shorter
        else:
            return


def _report(kind: Kind, statistics: dict[str, int]) -> None:
    if not statistics:
        log.info("%s: cancelled, the client has gone", kind)
        return
    tokens, seconds = statistics["eval_count"], statistics["total_duration"] / 1e9
    speed = tokens / max(statistics["eval_duration"], 1) * 1e9
    log.info("%s: %d tokens in %.1f s (%.0f tokens/s)", kind, tokens, seconds, speed)


def _load(model: Model) -> None:
    started = said = time.monotonic()

    def progress(percent: int) -> None:
        nonlocal said
        if time.monotonic() - said > 1:
            said = time.monotonic()
            log.info("loading %s: %d %%", model.file.name, percent)

    log.info("loading %s (%d MB)", model.file.name, model.file.entry["size"] // 10**6)
    failure = model.load(progress)
    log.info(failure or "ready after %.1f s", *([] if failure else [time.monotonic() - started]))


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--waiting", type=int, default=32, help="how many requests may queue")
    options = parser.parse_args()
    given = os.environ.get("EMBEDDED_MODEL_PATH")
    path = Path(given) if given else demo_path()
    if path is None:
        sys.exit("The built-in model is not installed: run `make install`.")
    file = ModelFile(path, name_of(path) if given else DEMO_NAME)
    try:
        file.details  # noqa: B018
        server = Server(options.port, Model(file), options.waiting)
    except (NotGguf, OSError) as error:
        sys.exit(str(error))
    # llama.cpp's threads need no farewell, and Python could not say it while one is running.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_load, args=(server.model,), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
