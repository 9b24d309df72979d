"""What lies in SMARTCONTENT_HOME is for its owner alone, however it was left."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SECRET

from smartcontent.config.private import keep_private
from smartcontent.local.home import announced, owned


def modes(folder: Path) -> dict[str, int]:
    """What others may do, by name."""
    found = [folder, *folder.rglob("*")]
    return {path.name: path.stat().st_mode & 0o077 for path in found}


def open_to_all(folder: Path) -> Path:
    """A folder with what an older version, another umask or a backup may have left in it."""
    folder.mkdir()
    (folder / "redis").mkdir()
    for name in ("secret_key", "smartcontent.db", "smartcontent.db-wal", "local.env", "web.log"):
        (folder / name).write_text(SECRET)
    (folder / "redis" / "dump.rdb").touch()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return folder


def test_every_process_shuts_a_folder_that_was_open(tmp_path: Path) -> None:
    home = open_to_all(tmp_path / "home")

    env = {**os.environ, "SMARTCONTENT_HOME": str(home), "SECRET_KEY": ""}
    code = "from smartcontent.background import background_app; background_app()"
    subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True)

    assert set(modes(home).values()) == {0}


def test_make_run_shuts_it_before_anything_starts(tmp_path: Path) -> None:
    home = open_to_all(tmp_path / "home")

    with owned(home), announced(home / "local.env", {"REDIS_URL": "unix:///x"}):
        assert set(modes(home).values()) == {0}


def test_new_folder_and_all_that_is_made_in_it_are_shut_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    env = {**os.environ, "SMARTCONTENT_HOME": str(home)}
    for name in ("SECRET_KEY", "DATABASE_URL"):
        env.pop(name, None)

    upgrade = f"umask 0; exec {sys.executable} -m flask --app wsgi db upgrade"
    subprocess.run(["sh", "-c", upgrade], env=env, cwd=ROOT, check=True, capture_output=True)

    assert {"home", "secret_key", "smartcontent.db"} <= modes(home).keys()
    assert set(modes(home).values()) == {0}


@pytest.mark.parametrize("mode", [0o1777, 0o1770])
def test_folder_for_all_stays_open_and_only_our_files_in_it_are_shut(
    tmp_path: Path, mode: int
) -> None:
    shared = open_to_all(tmp_path / "shared")
    (shared / "letter.txt").touch()
    (shared / "letter.txt").chmod(0o644)
    shared.chmod(mode)

    keep_private(shared)

    left_open = {name for name, others in modes(shared).items() if others}
    assert left_open == {"shared", "letter.txt"}


def test_what_a_link_points_at_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    home = tmp_path / "home"
    home.mkdir()
    (home / "local.env").symlink_to(elsewhere)

    keep_private(home)

    assert elsewhere.stat().st_mode & 0o777 == 0o644
