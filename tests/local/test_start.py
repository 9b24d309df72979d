"""What `make run` decides and says before anything starts."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from patience import PATIENCE

from smartcontent.local import choices
from smartcontent.local.__main__ import Settings
from smartcontent.local.choices import can_write
from smartcontent.local.home import owned
from smartcontent.local.migrations import up_to_date
from smartcontent.local.model_file import demo_path, full_name, name_of

ROOT = Path(__file__).parents[2]


def run(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "smartcontent.local"],
        cwd=ROOT,
        env={**os.environ, "SMARTCONTENT_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_second_run_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with owned(tmp_path):
        second = run(tmp_path)

    assert second.returncode == 1
    assert second.stdout == (
        f"Smart Content already runs on {tmp_path} (process {os.getpid()}). "
        "Stop it first, or set SMARTCONTENT_HOME to another folder.\n"
    )


def test_taken_port_is_said_and_nothing_starts(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = run(tmp_path, PORT=str(port))

    assert refused.returncode == 1
    assert refused.stdout.startswith(
        f"Port {port} is taken by another program. Choose a free one: PORT="
    )
    other = int(re.search(r"PORT=(\d+) make run\n$", refused.stdout)[1])
    assert other > port  # the one after it may be another program's at this moment
    assert not (tmp_path / "redis").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "web"), ("PORT", "70000"), ("SMARTCONTENT_BIND", "a b"), ("OLLAMA_NUM_CTX", "much"),
     ("WEB_CONCURRENCY", "abc")],
)  # fmt: skip
def test_setting_that_cannot_be_used_is_said_and_nothing_starts(tmp_path: Path, name, value):
    refused = run(tmp_path, **{name: value})

    assert refused.returncode == 2
    assert refused.stdout.startswith(f"{name}='{value}' cannot be used: ")
    assert (refused.stdout.count("\n"), refused.stderr) == (1, "")
    assert list(tmp_path.iterdir()) == []


def test_folder_and_address_that_there_cannot_be_are_said(tmp_path: Path) -> None:
    no_folder = run(Path("/dev/null/home"))
    elsewhere = run(tmp_path, SMARTCONTENT_BIND="203.0.113.9")

    assert no_folder.stdout.startswith("SMARTCONTENT_HOME=/dev/null/home cannot be used: ")
    assert elsewhere.stdout.startswith("Nothing can listen at SMARTCONTENT_BIND=203.0.113.9 PORT=")
    assert (no_folder.returncode, elsewhere.returncode) == (2, 1)
    for refused in (no_folder, elsewhere):
        assert (refused.stdout.count("\n"), refused.stderr) == (1, "")


def test_what_was_given_is_read_without_blanks_and_quotes() -> None:
    given = {
        "PORT": " '8080' ",
        "SMARTCONTENT_BIND": "[::1]",
        "SCRIPT_NAME": "/texts/",
        "PATH": "x",
    }

    settings = Settings.read({**given, "REDIS_URL": " ", "OLLAMA_MODEL": '"mistral"\r'})

    assert settings.url == "http://[::1]:8080/texts"
    assert settings.given["OLLAMA_MODEL"] == "mistral"
    assert settings.given.keys() == {"PORT", "SMARTCONTENT_BIND", "SCRIPT_NAME", "OLLAMA_MODEL"}


def test_port_is_looked_at_before_anything_is_downloaded(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "requirements.txt").touch()
    for name in ("local", "demo"):
        (tmp_path / f"requirements-{name}.txt").touch()

    steps = make("-n", "-C", str(tmp_path), "run").stdout

    made, checked, installed, started = map(
        steps.index, ("-m venv", "local check", "install.py", "exec .venv/bin/python")
    )
    assert made < checked < installed < started


@contextmanager
def server_that_says(answer: str) -> Iterator[int]:
    """A program that gives one answer to whatever is asked; its port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("answer", ["<html>A router</html>", "[]", '{"name": "another"}', "7"])
def test_another_program_at_ollamas_address_is_called_that(tmp_path, monkeypatch, answer) -> None:
    with server_that_says(answer) as port:
        monkeypatch.setattr(choices, "_OLLAMA", ("127.0.0.1", port))
        monkeypatch.setattr(choices, "ANSWER_SECONDS", PATIENCE)
        choice = choices.choose_ollama({}, tmp_path)

    assert "is another program, not Ollama" in choice.note
    assert "built-in demo model" in choice.note


STATES = ("database", "redis", "scheduler", "workers", "ollama")


def readyz(**states: str) -> str:
    told = [{"name": name, "state": states.get(name, "ok")} for name in STATES]
    return json.dumps({"status": "degraded", "dependencies": told})


@pytest.mark.parametrize(
    ("answer", "is_loaded", "could"),
    [
        (readyz(), True, True),
        (readyz(redis="degraded"), True, True),
        (readyz(), False, False),
        (readyz(workers="down"), True, False),
        (readyz(ollama="down"), True, False),
        (readyz(ollama="degraded"), True, False),  # its model is being downloaded
        ("{}", True, False),
    ],
)
def test_ready_is_when_a_text_could_be_written(answer: str, is_loaded: bool, could: bool) -> None:
    with server_that_says(answer) as port:
        assert can_write(f"http://127.0.0.1:{port}/x", lambda: is_loaded, 1) == could
    assert not can_write(f"http://127.0.0.1:{port}", lambda: True, 1)


def test_password_of_a_server_is_not_shown(tmp_path: Path) -> None:
    for address in ("ada:secret@gpu-box", "https://ada:secret@gpu-box", "ada:a/secret@gpu-box"):
        assert "secret" not in choices.choose_ollama({"OLLAMA_HOST": address}, tmp_path).note


@pytest.fixture
def no_ollama(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing at Ollama's own address, whatever runs on the machine of the test."""
    monkeypatch.setattr(choices, "_OLLAMA", ("127.0.0.1", 1))


def test_ollama_host_is_used_as_it_is(tmp_path: Path) -> None:
    choice = choices.choose_ollama({"OLLAMA_HOST": "gpu-box"}, tmp_path)

    assert choice.note == "Ollama: gpu-box (OLLAMA_HOST)"
    assert choice.parts == ()


@pytest.mark.usefixtures("no_ollama")
def test_built_in_model_is_used_where_nothing_answers(tmp_path: Path) -> None:
    choice = choices.choose_ollama({}, tmp_path)

    assert choice.environment["OLLAMA_MODEL"] == "smollm2:135m"
    assert choice.environment["SMARTCONTENT_DEMO_MODEL"] == "1"
    assert [part.name for part in choice.parts] == ["model"]


@pytest.mark.usefixtures("no_ollama")
def test_own_model_file_is_no_demo(tmp_path: Path) -> None:
    choice = choices.choose_ollama({"EMBEDDED_MODEL_PATH": str(demo_path())}, tmp_path)

    assert choice.environment["OLLAMA_MODEL"] == "smollm2-135m-instruct.q4_1"
    assert "SMARTCONTENT_DEMO_MODEL" not in choice.environment


@pytest.mark.usefixtures("no_ollama")
def test_missing_model_file_is_said_and_the_rest_starts(tmp_path: Path) -> None:
    choice = choices.choose_ollama({"EMBEDDED_MODEL_PATH": "/no/such.gguf"}, tmp_path)

    assert "there is no file /no/such.gguf" in choice.note
    assert choice.parts == ()


def test_library_that_is_missing_is_noticed() -> None:
    assert not choices._loads("libnothing.so.9")


def test_names_are_compared_as_ollama_does() -> None:
    assert full_name("SmolLM2") == full_name("registry.ollama.ai/library/smollm2:latest")
    assert full_name("smollm2:135m") != full_name("smollm2")
    assert name_of(Path("/models/My Model (v2).Q4_K_M.gguf")) == "my-model-v2-.q4_k_m"


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text('revision = "0001"\ndown_revision = None\n')
    (folder / "0002_next.py").write_text('revision: str = "0002"\ndown_revision = "0001"\n')
    return folder


def database_at(path: Path, revision: str) -> Path:
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("CREATE TABLE alembic_version (version_num TEXT)")
        link.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    return path


def test_database_at_the_newest_revision_is_not_migrated(tmp_path: Path, versions: Path) -> None:
    assert up_to_date(database_at(tmp_path / "data.db", "0002"), versions)


def test_older_database_is_migrated(tmp_path: Path, versions: Path) -> None:
    assert not up_to_date(database_at(tmp_path / "data.db", "0001"), versions)


def test_missing_and_spoilt_databases_are_left_to_flask(tmp_path: Path, versions: Path) -> None:
    (tmp_path / "spoilt.db").write_text("no database")

    assert not up_to_date(tmp_path / "none.db", versions)
    assert not up_to_date(tmp_path / "spoilt.db", versions)


def test_every_verb_of_make_is_explained() -> None:
    verbs = {line.split()[1] for line in make("help").stdout.splitlines()}

    assert verbs == {"help", "install", "run", "test", "check", "lock", "bench", "exam", "chaos"}


def test_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())

    refused = make("-C", str(tmp_path), ".venv/bin/pip", f"PYTHON={old}")

    assert refused.returncode != 0
    assert f"needs Python 3.11 or newer, and {old} is Python 3.9.2." in refused.stdout
    assert not (tmp_path / ".venv").exists()
