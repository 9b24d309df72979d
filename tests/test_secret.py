"""The secret that makes itself: one, whoever makes it first."""

import errno
import os
import secrets
import threading

import pytest

from smartcontent.config import ConfigurationError, from_environment
from smartcontent.config.home import at_home


@pytest.mark.parametrize("round_", range(20))
def test_processes_of_one_number_that_make_the_secret_at_once_agree_on_one(tmp_path, round_):
    """As containers on one volume: each has the process id 7, and threads have the same, too."""
    starting = threading.Barrier(8)
    made: list[str] = []

    def start() -> None:
        starting.wait()
        settings = from_environment({"SMARTCONTENT_HOME": str(tmp_path)})
        made.append(at_home(settings)["SECRET_KEY"])

    processes = [threading.Thread(target=start) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert len(made) == 8
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_secret_that_another_user_may_have_planted_is_not_taken(tmp_path, monkeypatch):
    settings = from_environment({"SMARTCONTENT_HOME": str(tmp_path)})
    planted = secrets.token_urlsafe(48)
    (tmp_path / "secret_key").write_text(planted)
    assert at_home(settings)["SECRET_KEY"] == planted

    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert at_home(settings)["SECRET_KEY"] == planted  # whose folder it is, nobody else writes to
    tmp_path.chmod(0o1777)
    with pytest.raises(ConfigurationError, match="is another user's: delete it"):
        at_home(settings)


def test_file_system_that_knows_no_links_gets_no_heap_of_secrets(tmp_path, monkeypatch):
    """Each start of a container that ends so would leave one more."""

    def no_links(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)

    with pytest.raises(ConfigurationError, match="Operation not permitted"):
        at_home(from_environment({"SMARTCONTENT_HOME": str(tmp_path)}))

    assert list(tmp_path.iterdir()) == []


def test_secret_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """A machine that loses its power would be left with an empty one."""
    done = []
    sync, link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("sync"), sync(file)))
    monkeypatch.setattr(os, "link", lambda *paths: (done.append("link"), link(*paths)))

    at_home(from_environment({"SMARTCONTENT_HOME": str(tmp_path)}))

    assert done == ["sync", "link"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
