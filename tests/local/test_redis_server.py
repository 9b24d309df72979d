"""The embedded Valkey: its data outlive any kill, and no second server touches them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import redis

from smartcontent.local import redis_server
from smartcontent.local.choices import choose_redis
from smartcontent.local.home import Refusal, kept_port, owned

Start = Callable[[Path, int], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, redis_server.__file__, str(folder), str(port)]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def port(tmp_path: Path) -> int:
    return kept_port(tmp_path / "redis.port")


def connect(port: int) -> redis.Redis:
    """A client, once the server answers."""
    client = redis.Redis(port=port, decode_responses=True)
    deadline = time.monotonic() + 5
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "no server"
            time.sleep(0.02)
        else:
            return client


def test_what_was_written_is_there_after_kill_9(start: Start, tmp_path: Path, port: int) -> None:
    first = start(tmp_path / "redis", port)
    with connect(port) as client:
        client.zadd("due", {"draft 17": 1.5})
    first.kill()
    first.wait()

    start(tmp_path / "redis", port)

    with connect(port) as client:
        assert client.zscore("due", "draft 17") == 1.5


def test_server_writes_every_change_and_evicts_nothing(
    start: Start, tmp_path: Path, port: int
) -> None:
    start(tmp_path / "redis", port)

    with connect(port) as client:
        settings = client.config_get("*")

    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["bind"] == "127.0.0.1"


def test_second_server_on_the_same_folder_is_refused(
    start: Start, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "redis"
    first = start(folder, port)
    connect(port).close()
    monkeypatch.setattr(redis_server, "LOCK_WAIT_SECONDS", 0.1)

    assert not redis_server.own(folder)
    first.kill()
    first.wait()
    assert redis_server.own(folder)


def test_server_of_another_folder_is_never_taken_for_ours(
    start: Start, tmp_path: Path, port: int
) -> None:
    home = tmp_path / "another"
    home.mkdir()
    (home / "redis.port").write_text(f"{port}\n")
    foreign = start(tmp_path / "redis", port)
    connect(port).close()

    choice = choose_redis({}, home)

    assert choice.environment["REDIS_URL"] != f"redis://127.0.0.1:{port}/0"
    (part,) = choice.parts
    is_ours = partial(part.ready.func, port)
    assert is_ours(foreign.pid)
    assert not is_ours(foreign.pid + 1)


def test_port_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    assert kept_port(tmp_path / "redis.port") == kept_port(tmp_path / "redis.port")


@pytest.mark.parametrize("kept", ["", "none", "99999999", "0"])
def test_spoilt_port_file_is_replaced(tmp_path: Path, kept: str) -> None:
    (tmp_path / "redis.port").write_text(kept)

    assert 0 < kept_port(tmp_path / "redis.port") < 65536


def test_redis_url_is_used_and_its_password_not_shown(tmp_path: Path) -> None:
    choice = choose_redis({"REDIS_URL": "redis://:secret@db.example:6379/0"}, tmp_path)

    assert choice.note == "Redis: redis://…@db.example:6379/0 (REDIS_URL)"
    assert choice.parts == ()


def test_folder_in_use_names_the_process_and_the_remedy(tmp_path: Path) -> None:
    with (
        owned(tmp_path),
        pytest.raises(Refusal, match=r"already runs on .* \(process \d+\)"),
        owned(tmp_path),
    ):
        pass
