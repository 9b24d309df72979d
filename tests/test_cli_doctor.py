"""flask doctor; a process of its own where its end and its output are what counts."""

import json
import socket
import subprocess

import pytest
from commands import run
from conftest import free_port, wait_until
from processes import Processes


def doctor(settings: dict, **more: str) -> subprocess.CompletedProcess:
    return run("doctor", env={**settings, **more})


@pytest.fixture
def running(app, settings, tmp_path):
    processes = Processes(settings, tmp_path).start("worker", "scheduler")
    yield processes
    processes.stop()


def test_everything_that_runs_is_one_line_and_the_exit_code_is_0(running, settings):
    results = []

    def is_all_well() -> bool:  # what a machine that stood still broke is told for a minute
        results.append(doctor(settings))
        return results[-1].stdout.count("✓") == 5

    wait_until(is_all_well)
    result = results[-1]

    lines = result.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["✓", name, "ok"] for name in ("database", "redis", "scheduler", "workers", "ollama")
    ]
    assert (result.returncode, result.stderr) == (0, "")


def test_what_is_down_has_its_cause_and_remedy_and_the_exit_code_is_1(app, flask):
    app.config["OLLAMA_MODEL"] = "tea"

    result = flask("doctor")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:] == [
        "✗ scheduler  down      no scheduler is running → start one with `python scheduler.py`",
        "✗ workers    down      no worker is running → start one with `python worker.py`",
        "✗ ollama     down      the model tea is not on the Ollama server → run `ollama pull tea`",
    ]


@pytest.mark.parametrize(
    ("gib", "version", "variable", "is_said"),
    [(8, "0.32.15", "", True), (8, "0.29.9", "", False), (32, "0.32.15", "", False),
     (8, "0.32.15", "512", False)],
)  # fmt: skip
def test_memory_that_ollama_may_fill_with_prompts_is_said_where_there_is_little(
    flask, ollama, monkeypatch, gib, version, variable, is_said
):
    monkeypatch.setattr("smartcontent.health.prompts_kept._memory_gib", lambda: gib)
    monkeypatch.delenv("LLAMA_ARG_CACHE_RAM")
    if variable:
        monkeypatch.setenv("LLAMA_ARG_CACHE_RAM", variable)
    ollama.version = version

    lines = [line for line in flask("doctor").stdout.splitlines() if "prompts" in line]

    said = (
        "! memory     degraded  Ollama may keep 8 GiB of prompts, and this machine has 8 GiB → set "
        "LLAMA_ARG_CACHE_RAM=1024 (MiB) for Ollama, and for this command so that it knows"
    )
    assert lines == ([said] if is_said else [])


def test_json_tells_the_same(flask):
    found = json.loads(flask("doctor", "--json").stdout)

    assert [each["name"] for each in found][:2] == ["database", "redis"]
    assert set(found[0]) == {"name", "state", "since", "cause", "remedy"}


def test_nothing_printed_holds_a_password(settings, app):
    port = free_port()
    result = doctor(
        settings,
        DATABASE_URL=f"postgresql://u:hunter2@127.0.0.1:{port}/x",
        REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}/0",
        OLLAMA_HOST=f"http://u:hunter2@127.0.0.1:{port}",
    )

    assert result.stdout.count("✗") >= 3
    assert "hunter2" not in result.stdout + result.stderr


def test_public_address_is_not_tried_without_a_database(settings, app, tmp_path):
    web = Processes(settings, tmp_path).start("web")
    away = f"postgresql://u:p@127.0.0.1:{free_port()}/x"

    result = run("doctor", "--url", web.url, env={**settings, "DATABASE_URL": away})
    web.stop()

    assert result.returncode == 1
    assert "the database does not answer" in result.stdout
    assert "nobody can be signed in" in result.stdout


def test_silent_servers_do_not_make_it_wait(settings, app):
    # Silent until the command has ended, or for ever.
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        port = silent.getsockname()[1]
        result = doctor(
            settings,
            DATABASE_URL=f"postgresql://u:p@127.0.0.1:{port}/x",
            REDIS_URL=f"redis://127.0.0.1:{port}/0",
            OLLAMA_HOST=f"127.0.0.1:{port}",
        )

    assert result.stdout.count("✗") >= 3
