"""The embedded Valkey: its data outlive any kill, and no second server touches them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from conftest import wait_until

from smartcontent.local import redis_server
from smartcontent.local.choices import choose_redis
from smartcontent.local.home import Refusal, kept_port, owned, socket_in

Start = Callable[[Path, Path], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path, address: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, redis_server.__file__, str(folder), str(address)]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def address(tmp_path: Path) -> Path:
    return socket_in(tmp_path / "redis")


def connect(address: Path) -> redis.Redis:
    """A client, once the server answers."""
    client = redis.Redis(unix_socket_path=str(address), decode_responses=True)

    def answers() -> bool:
        try:
            return client.ping()
        except redis.ConnectionError:
            return False

    wait_until(answers)
    return client


def test_what_was_written_is_there_after_kill_9(
    start: Start, tmp_path: Path, address: Path
) -> None:
    first = start(tmp_path / "redis", address)
    with connect(address) as client:
        client.zadd("due", {"draft 17": 1.5})
    first.kill()
    first.wait()

    start(tmp_path / "redis", address)

    with connect(address) as client:
        assert client.zscore("due", "draft 17") == 1.5


def test_server_writes_every_change_and_evicts_nothing(
    start: Start, tmp_path: Path, address: Path
) -> None:
    start(tmp_path / "redis", address)

    with connect(address) as client:
        settings = client.config_get("*")

    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["port"] == "0"


def test_second_server_on_the_same_folder_is_refused(
    start: Start, tmp_path: Path, address: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "redis"
    first = start(folder, address)
    connect(address).close()
    monkeypatch.setattr(redis_server, "LOCK_WAIT_SECONDS", 0.1)

    assert not redis_server.own(folder)
    first.kill()
    first.wait()
    assert redis_server.own(folder)


def test_only_the_process_that_was_started_is_taken_for_ours(
    start: Start, tmp_path: Path, address: Path
) -> None:
    server = start(tmp_path / "redis", address)
    connect(address).close()

    (part,) = choose_redis({}, tmp_path).parts

    wait_until(lambda: part.ready(server.pid))
    assert not part.ready(server.pid + 1)


def test_nobody_but_the_owner_reaches_the_server(
    start: Start, tmp_path: Path, address: Path
) -> None:
    start(tmp_path / "redis", address)
    with connect(address) as client:
        client.set("a", "word")
        assert client.config_get("port") == {"port": "0"}

    made = [address.parent, *address.parent.rglob("*")]
    assert {path: oct(path.stat().st_mode & 0o077) for path in made} == dict.fromkeys(made, "0o0")


@pytest.mark.parametrize("folder", ["x" * 90, "with blanks?and #marks%20", "ä ü"])
def test_any_folder_will_do_however_long_its_path_and_whatever_is_in_it(
    start: Start, tmp_path: Path, folder: str
) -> None:
    home = tmp_path / folder
    choice = choose_redis({}, home)
    (part,) = choice.parts

    start(home / "redis", Path(part.command[-1]))

    connect(Path(part.command[-1])).close()
    with redis.Redis.from_url(choice.environment["REDIS_URL"]) as client:
        assert client.ping()
        assert client.connection_pool.connection_kwargs["db"] == 0
    assert Path(part.command[-1]).parent.stat().st_mode & 0o777 == 0o700


def test_port_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    assert kept_port(tmp_path / "model.port") == kept_port(tmp_path / "model.port")


@pytest.mark.parametrize("kept", ["", "none", "99999999", "0"])
def test_spoilt_port_file_is_replaced(tmp_path: Path, kept: str) -> None:
    (tmp_path / "model.port").write_text(kept)

    assert 0 < kept_port(tmp_path / "model.port") < 65536


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@db.example:6379/0", "redis://…@db.example:6379/0"),
        ("redis://ada:sec@ret@db.example/0", "redis://…@db.example/0"),
        ("rediss://db.example/0?password=sec@ret&protocol=3",
         "rediss://db.example/0?password=…&protocol=3"),
        ("unix:///run/redis.sock?db=1&password=secret", "unix:///run/redis.sock?db=1&password=…"),
    ],
)  # fmt: skip
def test_redis_url_is_used_and_its_password_not_shown(tmp_path: Path, url: str, shown: str) -> None:
    choice = choose_redis({"REDIS_URL": url}, tmp_path)

    assert choice.note == f"Redis: {shown} (REDIS_URL)"
    assert choice.parts == ()


def test_folder_in_use_names_the_process_and_the_remedy(tmp_path: Path) -> None:
    with (
        owned(tmp_path),
        pytest.raises(Refusal, match=r"already runs on .* \(process \d+\)"),
        owned(tmp_path),
    ):
        pass
