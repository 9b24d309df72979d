"""flask contents watch, as a process of its own beside the one that writes."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from conftest import ROOT, free_port, wait_until

from smartcontent import jobs, window
from smartcontent.extensions import db

WATCH = [sys.executable, "-m", "flask", "--app", "wsgi", "contents", "watch"]


@pytest.fixture
def watch(settings):
    """Starts a watch: watch(content_id, "--json", **other_settings)."""
    started: list[subprocess.Popen] = []

    def start(content_id: object, *options: str, stderr: int = subprocess.PIPE, **more: str):
        env = {**os.environ, **settings, **more}
        db.session.commit()  # or the watch would wait for this process's transaction
        process = subprocess.Popen(
            [*WATCH, str(content_id), *options],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen) -> str:
    """The next line of standard error: the watch is on its way when there is one."""
    return process.stderr.readline().strip()


def test_words_go_to_standard_output_as_they_come_and_the_rest_to_standard_error(
    watch, due_draft, ollama
):
    ollama.says("Tea ", "is ", "warm.", gap=0.3)
    process = watch(due_draft.content_id)
    assert line_of(process).startswith("Pending")

    jobs.write_draft(due_draft.id)

    stdout, stderr = process.communicate(timeout=10)
    assert stdout == "Tea is warm.\n"
    assert "Writing" in stderr.splitlines()
    assert stderr.splitlines()[-1].startswith("Completed: 3 words in ")
    assert process.returncode == 0


def test_words_are_shown_while_the_model_still_writes(watch, due_draft, ollama):
    ollama.says("Tea ", "is ", "warm.", gap=0.5)
    process = watch(due_draft.content_id, "--json")
    assert json.loads(process.stdout.readline())["status"] == "pending"

    jobs.write_draft(due_draft.id)

    events = [json.loads(line) for line in process.communicate(timeout=10)[0].splitlines()]
    texts = [event for event in events if event["event"] == "text"]
    assert [(each["offset"], each["text"]) for each in texts] == [
        (0, "Tea "),
        (4, "is "),
        (7, "warm."),
    ]
    assert events[-1]["status"] == "completed"


WRITE = """
from smartcontent import create_app, jobs, window
with create_app().app_context():
    jobs.write_draft({})
"""


def test_watch_that_begins_in_mid_text_shows_it_from_its_beginning(
    watch, due_draft, ollama, settings
):
    ollama.says("Tea ", "is ", "warm.", gap=2)
    command = [sys.executable, "-c", WRITE.format(due_draft.id)]
    db.session.commit()
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}):
        wait_until(lambda: ollama.chats)

        process = watch(due_draft.content_id)

        assert process.communicate(timeout=20)[0] == "Tea is warm.\n"


def test_without_redis_the_text_comes_from_the_database(watch, due_draft, ollama):
    ollama.says("Tea ", "is ", "warm.")
    process = watch(due_draft.content_id, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert line_of(process).startswith("Pending")

    jobs.write_draft(due_draft.id)

    stdout, stderr = process.communicate(timeout=15)
    assert stdout == "Tea is warm.\n"
    assert "Completed: 3 words" in stderr
    assert "Traceback" not in stderr


def fails(draft, ollama) -> None:
    ollama.fails(404, {"error": "model 'llama3.2' not found"})
    jobs.write_draft(draft.id)


def is_cancelled(draft, ollama) -> None:
    jobs.cancel(draft)


@pytest.mark.parametrize(
    ("happens", "code", "last_line"),
    [(fails, 1, "Failed: The model llama3.2 is not"), (is_cancelled, 2, "Cancelled")],
)
def test_exit_code_says_how_it_ended(
    watch, due_draft, ollama, happens: Callable, code: int, last_line: str
):
    process = watch(due_draft.content_id)
    assert line_of(process).startswith("Pending")

    happens(due_draft, ollama)

    _, stderr = process.communicate(timeout=10)
    assert process.returncode == code
    assert stderr.splitlines()[-1].startswith(last_line)
    again = watch(due_draft.content_id)
    again.communicate(timeout=10)
    assert again.returncode == code


def test_second_attempt_shows_the_text_anew(watch, due_draft, ollama):
    ollama.says("Tea is co", cut=True)
    ollama.says("Tea ", "is warm.")
    process = watch(due_draft.content_id)
    assert line_of(process).startswith("Pending")

    jobs.write_draft(due_draft.id)
    first = process.stdout.readline()
    window.start_now(due_draft)
    jobs.write_draft(due_draft.id)

    assert (first, process.communicate(timeout=10)[0]) == ("Tea is co\n", "Tea is warm.\n")


def test_draft_that_nobody_takes_is_explained(watch, due_draft):
    process = watch(due_draft.content_id)

    lines = [line_of(process) for _ in range(3)]

    assert lines[1:] == [
        "It has to wait: scheduler: no scheduler is running → start one with `python scheduler.py`",
        "It has to wait: workers: no worker is running → start one with `python worker.py`",
    ]


def test_ctrl_c_ends_it_quietly(watch, content):
    process = watch(content.id)
    assert line_of(process).startswith("Pending")

    process.send_signal(signal.SIGINT)

    stdout, stderr = process.communicate(timeout=5)
    assert (stdout, stderr, process.returncode) == ("", "", 130)


def test_terminal_gets_a_countdown(watch, content):
    ours, theirs = pty.openpty()
    watch(content.id, stderr=theirs)
    seen = b""
    while seen.count(b"Pending: starts in 0:") < 3:
        seen += os.read(ours, 1000)

    assert b"\r\x1b[KPending: starts in 0:5" in seen
