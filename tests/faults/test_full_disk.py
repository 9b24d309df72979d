"""A full disk or memory: Redis's goes unnoticed; of SQLite's people are told. Nothing is lost."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis as redis_py
from conftest import wait_until
from processes import Browser

from faults.site import Site


@contextmanager
def disk_of_2_mb(folder: Path) -> Iterator[None]:
    """A small disk at a folder, for as long as it is needed."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if (mounted := subprocess.run(command, capture_output=True)).returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Write a file that takes all that is left; answers it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while free := os.statvfs(disk).f_bavail:
            file.write(bytes(free * 4096))
    return filler


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """The folder of Redis, on a small disk."""
    site.valkey.kill()
    try:
        with disk_of_2_mb(site.redis_folder):
            site.valkey.start()
            yield site.redis_folder
            site.valkey.kill()
    finally:
        site.valkey.start()


def writes(site: Site) -> bool:
    """Whether Redis takes a write."""
    try:
        return bool(site.valkey.client.set("a key", "a value", ex=1))
    except redis_py.ResponseError:
        return False


def runs_after(site: Site, fault: Callable[[], object], repair: Callable[[], object]) -> None:
    """Submit while Redis takes no writes; the draft runs once it does."""
    fault()
    wait_until(lambda: not writes(site))
    sent = site.submit()
    assert site.status(sent) == "pending"
    repair()
    wait_until(lambda: writes(site))

    site.wait_for(sent, "completed")


def test_brief_is_safe_and_written_later_when_the_disk_of_redis_is_full(site, small_disk):
    runs_after(site, lambda: fill(small_disk), lambda: (small_disk / "filler").unlink())


@pytest.fixture
def cramped(databases, tmp_path: Path) -> Iterator[Site]:
    """A site whose SQLite has a small disk of its own."""
    disk, home = tmp_path / "disk", tmp_path / "home"
    disk.mkdir()
    home.mkdir()
    with disk_of_2_mb(disk):
        database = shutil.copy(databases["sqlite"], disk / "smartcontent.db")
        site = Site(f"sqlite:///{database}", home)
        site.have("web", "worker", "scheduler")
        try:
            yield site
        finally:
            site.close()


def test_people_are_told_and_nothing_is_lost_when_the_disk_of_sqlite_is_full(cramped, tmp_path):
    site = cramped
    browser = Browser(site.processes.url).sign_in("ada@example.org")
    begun = site.begin_text()
    form = {"content_type": "product_description", "topic": "A brief too many"}

    filler = fill(tmp_path / "disk")

    refused = browser.post("/contents", **form)
    assert (refused.status_code, "try again" in refused.text) == (503, True)
    assert browser.session.get(f"{browser.url}/").status_code == 200
    wait_until(lambda: "word 9 " in site.text_shown(begun))
    filler.unlink()

    assert browser.post("/contents", **form).status_code == 303
    site.finish(begun)
    site.settle()


@pytest.mark.long
def test_brief_is_safe_and_written_later_when_redis_has_no_memory_left(site):
    runs_after(
        site,
        lambda: site.valkey.client.config_set("maxmemory", 1),
        lambda: site.valkey.client.config_set("maxmemory", 0),
    )


@pytest.mark.long
def test_text_is_completed_while_redis_has_no_memory_left(site):
    sent = site.begin_text()

    site.valkey.client.config_set("maxmemory", 1)
    try:
        assert site.finish(sent)["attempt"] == 1
    finally:
        site.valkey.client.config_set("maxmemory", 0)
