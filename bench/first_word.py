"""Time from a draft's due time to its first word, with the model loaded before and without.

On a server that takes three seconds to load its model, as a large model does, and on the built-in
demo model, which is always loaded: there the two should be alike.

    make bench-first-word
"""

import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import requests  # noqa: E402
from conftest import BRIEF, SECRET, Valkey, free_port, make_user, upgrade, wait_until  # noqa: E402
from processes import Processes  # noqa: E402

from smartcontent.app import create_app  # noqa: E402
from smartcontent.contents import submitting  # noqa: E402
from smartcontent.models import FINAL  # noqa: E402
from smartcontent.stores.sql import db  # noqa: E402

LOAD_SECONDS = 3
DELAY_SECONDS = 8
DRAFTS = 3


class SlowToLoad(BaseHTTPRequestHandler):
    """Ollama's protocol with a model that has to be loaded once; a text is three words."""

    protocol_version = "HTTP/1.1"
    is_loaded = False
    loading = threading.Lock()

    def do_GET(self) -> None:
        self._answer([{"models": [{"name": "llama3.2:latest"}]}])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.loading:
            if not type(self).is_loaded:
                time.sleep(LOAD_SECONDS)
                type(self).is_loaded = True
        words = ["Tea ", "is ", "warm."] if body.get("messages") else []
        lines = [{"message": {"content": word}, "done": False} for word in words]
        self._answer([*lines, {"message": {"content": ""}, "done": True, "done_reason": "stop"}])

    def _answer(self, lines: list[dict]) -> None:
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Nothing: the table is the output."""


@contextmanager
def slow_server() -> Iterator[tuple[str, str]]:
    SlowToLoad.is_loaded = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlowToLoad)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", "llama3.2"
    server.shutdown()
    server.server_close()


@contextmanager
def demo_model() -> Iterator[tuple[str, str]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "smartcontent.local.model_server",
        "--port", str(port),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def names() -> list[str]:
        try:
            told = requests.get(f"{url}/api/tags", timeout=1).json()["models"]
        except requests.RequestException:
            return []
        return [model["name"] for model in told]

    try:
        wait_until(names, every=0.2)
        yield url, names()[0]
    finally:
        process.kill()
        process.wait()


def seconds_to_first_word(server, warm_up_seconds: float) -> float:
    """The median over a few drafts, each with the whole product started anew around it."""
    return median(_one_draft(server, warm_up_seconds) for _ in range(DRAFTS))


def _one_draft(server, warm_up_seconds: float) -> float:
    with tempfile.TemporaryDirectory() as name, server() as (url, model):
        folder = Path(name)
        database = f"sqlite:///{folder}/smartcontent.db"
        upgrade(database, folder)
        valkey = Valkey(folder)
        settings = {
            "DATABASE_URL": database,
            "REDIS_URL": valkey.url,
            "OLLAMA_HOST": url,
            "OLLAMA_MODEL": model,
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": str(folder),
            "WARM_UP_SECONDS": warm_up_seconds,
        }
        processes = Processes(settings, folder)
        try:
            processes.start("worker", "scheduler")
            return _submit_and_wait(settings)
        finally:
            processes.stop()
            valkey.kill()


def _submit_and_wait(settings: dict) -> float:
    app = create_app(**settings)
    with app.app_context():
        user_id = make_user("ada@example.org").id
        draft = submitting.submit(user_id, BRIEF, "A teapot", delay_seconds=DELAY_SECONDS).current

        def has_ended() -> bool:
            db.session.refresh(draft)
            db.session.commit()
            return draft.status in FINAL

        wait_until(has_ended, every=0.2)
        assert draft.first_word_at, draft.error
        assert draft.due_at
        return (draft.first_word_at - draft.due_at).total_seconds()


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    print(f"{'from due to first word (s)':<34}{'loaded before':>15}{'not':>10}{'ratio':>10}")
    for name, server in (
        (f"takes {LOAD_SECONDS} s to load", slow_server),
        ("built-in demo model", demo_model),
    ):
        warm = seconds_to_first_word(server, 20)
        cold = seconds_to_first_word(server, 0)
        print(f"{name:<34}{warm:>15.3f}{cold:>10.3f}{cold / warm:>10.1f}")


if __name__ == "__main__":
    main()
