"""flask contents watch, as a process of its own beside the one that writes."""

import json
import os
import pty
import re
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from commands import Command
from conftest import BRIEF, free_port, wait_until
from dictation import Dictation
from processes import Processes

from smartcontent.contents import ending, submitting, waiting
from smartcontent.durations import counted_down
from smartcontent.events import text_so_far
from smartcontent.stores.sql import db
from smartcontent.writing import job

# The product with checks that wait for as long as this machine likes.
PATIENT_WSGI = """
from smartcontent.app import create_app
from smartcontent.health import checks, processes, redis_server
checks.PATIENCE_SECONDS = processes.TIMEOUT_SECONDS = redis_server.TIMEOUT_SECONDS = 3600
app = create_app()
"""


@pytest.fixture
def watch(settings):
    """Starts a watch: watch(content_id, "--json", **other_settings)."""
    started: list[Command] = []

    def start(
        content_id: object,
        *options: str,
        stderr: int | None = None,
        app: object = "wsgi",
        **more: str,
    ):
        db.session.commit()  # or the watch would wait for this process's transaction
        command = ("--app", str(app), "contents", "watch", str(content_id), *options)
        started.append(Command(*command, env={**settings, **more}, stderr=stderr))
        return started[-1]

    yield start
    for process in started:
        process.close()


def line_of(process: Command) -> str:
    """The next line of standard error: the watch is on its way when there is one."""
    return process.stderr.readline().strip()


def test_words_go_to_standard_output_as_they_come_and_the_rest_to_standard_error(
    watch, due_draft, ollama
):
    ollama.says("Tea ", "is ", "warm.")
    process = watch(due_draft.content_id)
    assert line_of(process).startswith("Pending")

    job.write_draft(due_draft.id)

    done = process.end()
    assert done.stdout == "Tea is warm.\n"
    assert done.stderr.splitlines()[-1].startswith("Completed: 3 words in ")
    assert done.returncode == 0


def test_event_is_a_line_also_to_who_cuts_at_every_line_end_there_is(watch, due_draft, ollama):
    ollama.says("Tea\u2028is\u2029warm\x85.")
    process = watch(due_draft.content_id, "--json")
    assert next_event(process)

    job.write_draft(due_draft.id)

    events = [json.loads(line) for line in process.end().stdout.splitlines()]
    said = "".join(event["text"] for event in events if event["event"] == "text")
    assert said == "Tea\u2028is\u2029warm\x85."


@pytest.mark.parametrize("as_json", [False, True])
def test_terminal_that_knows_few_characters_shows_what_it_can(
    monkeypatch, watch, due_draft, ollama, as_json
):
    monkeypatch.delitem(Processes.zygotes, "flask", raising=False)  # what an interpreter reads
    ollama.says("Café ", "☕ ", "→ 茶 🫖")
    options = ["--json"] if as_json else []
    process = watch(due_draft.content_id, *options, PYTHONIOENCODING="iso-8859-1")
    reader = process.stderr if not as_json else process.stdout
    assert reader.readline()

    job.write_draft(due_draft.id)

    if not as_json:
        process.stdout.reconfigure(encoding="iso-8859-1")
    done = process.end()
    if as_json:
        events = [json.loads(line) for line in done.stdout.splitlines()]
        said = "".join(event["text"] for event in events if event["event"] == "text")
        assert said == "Café ☕ → 茶 🫖"
    else:
        assert done.stdout == "Café ? ? ? ?\n"
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


@pytest.fixture
def writer(app, due_draft) -> Iterator[threading.Thread]:
    """Writes the draft as soon as it is started, beside the test."""

    def write() -> None:
        with app.app_context():
            job.write_draft(due_draft.id)

    db.session.commit()
    writer = threading.Thread(target=write)
    yield writer
    writer.join()


def test_words_are_shown_while_the_model_still_writes(watch, writer, due_draft, ollama):
    dictation = Dictation(ollama)
    process = watch(due_draft.content_id, "--json")
    assert next_event(process)["status"] == "pending"

    writer.start()

    assert next_event(process)["status"] == "generating"
    for offset, word in ((0, "Tea "), (4, "is "), (7, "warm.")):
        dictation.say(word)  # the next one is said when this one has been shown
        shown = next_event(process)
        assert (shown["event"], shown["offset"], shown["text"]) == ("text", offset, word)
    dictation.end()
    assert next_event(process)["status"] == "completed"


def next_event(process: Command) -> dict:
    return json.loads(process.stdout.readline())


def test_watch_that_begins_in_mid_text_shows_it_from_its_beginning(
    app, watch, writer, due_draft, ollama
):
    dictation = Dictation(ollama)
    dictation.say("Tea ", "is ")
    writer.start()
    wait_until(lambda: text_so_far(due_draft.id, attempt=1) == "Tea is ")
    process = watch(due_draft.content_id)

    assert line_of(process) == "Writing"
    dictation.say("warm.")
    dictation.end()

    assert process.end().stdout == "Tea is warm.\n"


def test_without_redis_the_text_comes_from_the_database(watch, due_draft, ollama):
    ollama.says("Tea ", "is ", "warm.")
    process = watch(due_draft.content_id, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert line_of(process).startswith("Pending")

    job.write_draft(due_draft.id)

    done = process.end()
    assert done.stdout == "Tea is warm.\n"
    assert "Completed: 3 words" in done.stderr
    assert "Traceback" not in done.stderr


def fails(draft, ollama) -> None:
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    job.write_draft(draft.id)


def is_cancelled(draft, ollama) -> None:
    ending.cancel(draft)


@pytest.mark.parametrize(
    ("happens", "code", "last_line"),
    [(fails, 1, "Failed: The model llama3.2 is not"), (is_cancelled, 2, "Cancelled")],
)
def test_exit_code_says_how_it_ended(
    watch, flask, due_draft, ollama, happens: Callable, code: int, last_line: str
):
    process = watch(due_draft.content_id)
    assert line_of(process).startswith("Pending")

    happens(due_draft, ollama)

    done = process.end()
    assert done.returncode == code
    assert done.stderr.splitlines()[-1].startswith(last_line)
    assert flask("contents", "watch", str(due_draft.content_id)).exit_code == code


def test_second_attempt_shows_the_text_anew(watch, writer, due_draft, ollama):
    dictation = Dictation(ollama)
    ollama.says("Tea ", "is warm.")
    process = watch(due_draft.content_id)
    assert line_of(process).startswith("Pending")

    writer.start()
    first = dictation.say("Tea is co")
    assert process.stdout.read(len(first)) == first
    dictation.break_off()
    writer.join()
    waiting.start_now(due_draft)
    job.write_draft(due_draft.id)

    assert process.end().stdout == "\nTea is warm.\n"


def test_draft_that_nobody_takes_is_explained(watch, due_draft, tmp_path):
    (tmp_path / "patient.py").write_text(PATIENT_WSGI)
    process = watch(due_draft.content_id, app=tmp_path / "patient.py")

    lines = [line_of(process) for _ in range(3)]

    assert lines[1:] == [
        "It has to wait: scheduler: no scheduler is running → start one with `python scheduler.py`",
        "It has to wait: workers: no worker is running → start one with `python worker.py`",
    ]


def test_ctrl_c_ends_it_quietly(watch, content):
    process = watch(content.id)
    assert line_of(process).startswith("Pending")

    os.kill(process.pid, signal.SIGINT)

    done = process.end()
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 130)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(3600, "60:00"), (119.7, "2:00"), (59.7, "1:00"), (59, "0:59"), (0.2, "0:01"), (-3, "0:00")],
)
def test_countdown_counts_what_is_begun(seconds, shown):
    assert counted_down(seconds) == shown


def test_terminal_gets_a_countdown(watch, ada):
    content = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=3000)
    ours, theirs = pty.openpty()
    watch(content.id, stderr=theirs, TERM="xterm")
    seen = b""
    while len(shown := re.findall(rb"\r\x1b\[KPending: starts in (\d+):(\d\d)", seen)) < 3:
        seen += os.read(ours, 1000)

    left = [60 * int(minutes) + int(seconds) for minutes, seconds in shown]
    assert 3000 >= left[0] > left[1] > left[2]


def test_terminal_that_cannot_move_its_cursor_gets_lines(watch, content):
    ours, theirs = pty.openpty()
    watch(content.id, stderr=theirs, TERM="dumb")

    assert os.read(ours, 1000).startswith(b"Pending: starts at ")
