"""Time from a draft's due time to its first word, with its brief read before its time and without.

On the built-in demo model, for prompts of several lengths, each draft with another prompt; and on a
server that takes three seconds to load its model, as a large model does, with it loaded before and
without.

    make bench-first-word

Says each draft as it is measured; takes five minutes on two cores that do nothing else. DRAFTS=3 of
each length. SLOWER=1 times the usual time from submission to due time is what a model gets to read:
on a slower or a busy machine give it more.
"""

import json
import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import BRIEF, NO_QUOTAS, SECRET, Valkey, make_user, upgrade  # noqa: E402
from flask import Flask  # noqa: E402
from parts.demo_model import demo_model  # noqa: E402
from processes import Processes  # noqa: E402
from sqlalchemy import select  # noqa: E402

from smartcontent.app import create_app  # noqa: E402
from smartcontent.briefs.brief import Brief  # noqa: E402
from smartcontent.contents import submitting  # noqa: E402
from smartcontent.models import FINAL, Draft, Status, User  # noqa: E402
from smartcontent.stores.sql import db  # noqa: E402

LOAD_SECONDS = 3
SLOWER = float(os.environ.get("SLOWER", "1"))
LOADED_AFTER = 6 * SLOWER  # seconds from submission to due time
STARTS = 2
DRAFTS = int(os.environ.get("DRAFTS", "3"))
HOW = "read when due", "read before"
FACT = "It was blown by hand in a small town by the sea and keeps tea warm for an hour. "
SHORT_TEXT = replace(BRIEF, content_type="social_media_caption", length="short")
# How often the fact stands in the brief, and how long it takes to read it, seconds.
LENGTHS = {"short": (0, 8 * SLOWER), "usual": (15, 12 * SLOWER), "long": (60, 25 * SLOWER)}


class SlowToLoad(BaseHTTPRequestHandler):
    """Ollama's protocol with a model that has to be loaded once; a text is three words."""

    protocol_version = "HTTP/1.1"
    is_loaded = False
    loading = threading.Lock()

    def do_GET(self) -> None:
        self._answer([{"models": [{"name": "llama3.2:latest"}]}])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/api/chat":
            self._answer([{}])
            return
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
        with suppress(ConnectionError):  # whoever asked was stopped meanwhile
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
def product(url: str, model: str, **more: object) -> Iterator[Flask]:
    """The whole product around an Ollama, as users start it."""
    with tempfile.TemporaryDirectory() as name:
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
            **NO_QUOTAS,
            **more,
        }
        processes = Processes(settings, folder)
        app = create_app(**settings)
        try:
            processes.start("worker", "scheduler")
            with app.app_context():
                make_user("ada@example.org")
                yield app
        finally:
            processes.stop()
            valkey.kill()


def one_draft(brief: Brief, delay_seconds: float) -> Draft:
    """A draft from its submission to its end; the next one finds nothing else going on."""
    user_id = db.session.scalars(select(User.id)).one()
    draft = submitting.submit(user_id, brief, "A teapot", delay_seconds=delay_seconds).current

    def has_ended() -> bool:
        db.session.refresh(draft)
        db.session.commit()
        return draft.status in FINAL

    while not has_ended():
        time.sleep(0.2)
    return draft


def seconds_to_first_word(draft: Draft) -> float:
    assert draft.first_word_at, draft.error
    assert draft.due_at
    return (draft.first_word_at - draft.due_at).total_seconds()


def loaded_before_or_not(warm_up_seconds: float) -> float:
    """The median over a few drafts, each with the whole product started anew around it."""
    took = []
    for _ in range(STARTS):
        more = {"WARM_UP_SECONDS": warm_up_seconds, "READ_AHEAD": 0}
        with slow_server() as (url, model), product(url, model, **more):
            took.append(seconds_to_first_word(one_draft(BRIEF, LOADED_AFTER)))
    return median(took)


def of_lengths(read_ahead: int) -> dict[str, list[Draft]]:
    """Drafts with prompts of three lengths, no two alike from the brief's wishes on."""
    how = HOW[read_ahead]
    with demo_model() as (url, model), product(url, model, READ_AHEAD=read_ahead):
        if read_ahead:
            say("the first of all, by which the model's rate is known", one_draft(SHORT_TEXT, 45))
        return {
            name: [
                _one_of(name, number, delay if read_ahead else 1, how) for number in range(DRAFTS)
            ]
            for name, (_, delay) in LENGTHS.items()
        }


def _one_of(length: str, number: int, delay: float, how: str) -> Draft:
    drafts = (one_draft(_brief(length, n), delay) for n in count(number, DRAFTS))
    draft = next(filter(_is_measured, drafts))
    say(f"{length}, {draft.stats['prompt_eval_count']} tokens, {how}", draft)
    return draft


def _is_measured(draft: Draft) -> bool:
    """A text that came into a loop was tried again later, or not written at all."""
    if draft.status == Status.COMPLETED and draft.attempt == 1:
        return True
    print(f"not counted, it ended with {draft.error_cause or draft.status}: another", flush=True)
    return False


def say(name: str, draft: Draft) -> None:
    print(f"{name}: {seconds_to_first_word(draft):.3f} s", flush=True)


def _brief(length: str, number: int) -> Brief:
    topic = f"Teapot number {number} of blue glass, {length}"
    # The wishes stand before the rest: none begins like another. And of a language without an
    # example in the prompt, so that little of it is the same every time.
    wishes = f"Number {number}, {length}. {FACT * LENGTHS[length][0]}"
    return replace(SHORT_TEXT, topic=topic, instructions=wishes, language="de")


def row(name: str, values: list[float]) -> str:
    values = sorted(values)
    p95 = values[min(len(values) - 1, int(len(values) * 0.95))]
    return f"{name:<34}{median(values):>10.3f}{p95:>10.3f}{values[-1]:>10.3f}"


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    warm, cold = loaded_before_or_not(20), loaded_before_or_not(0)
    name = f"takes {LOAD_SECONDS} s to load"
    print(
        f"{name}: loaded before {warm:.3f} s, not {cold:.3f} s, 1 : {cold / warm:.0f}", flush=True
    )
    measured = {how: of_lengths(read_ahead) for read_ahead, how in enumerate(HOW)}
    print(f"{'from due to first word (s)':<34}{'p50':>10}{'p95':>10}{'max':>10}")
    for length in LENGTHS:
        for how, drafts in measured.items():
            values = [seconds_to_first_word(draft) for draft in drafts[length]]
            print(row(f"{length}, {how}", values))
    for how, drafts in measured.items():
        everything = [seconds_to_first_word(draft) for each in drafts.values() for draft in each]
        print(row(f"all, {how}", everything))
    were_read = [each.saved_ms is not None for d in measured[HOW[1]].values() for each in d]
    print(f"read before their time: {sum(were_read)} of {len(were_read)}")


if __name__ == "__main__":
    main()
