"""Redis refuses to write, since its disk or its memory is full: people notice nothing."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_py
from conftest import wait_until

from faults.site import Site


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """The folder of Redis, on a disk of 2 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = site.redis_folder
    site.valkey.kill()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True
    )
    site.valkey.start()
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode()}")
    yield folder
    site.valkey.kill()
    subprocess.run(["umount", str(folder)], check=True)
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

    site.wait_for(sent, "completed", 10)


def test_brief_is_safe_and_written_later_when_the_disk_of_redis_is_full(site, small_disk):
    filler = small_disk / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            while free := os.statvfs(small_disk).f_bavail:
                file.write(bytes(free * 4096))

    runs_after(site, fill, filler.unlink)


@pytest.mark.long
def test_brief_is_safe_and_written_later_when_redis_has_no_memory_left(site):
    runs_after(
        site,
        lambda: site.valkey.client.config_set("maxmemory", 1),
        lambda: site.valkey.client.config_set("maxmemory", 0),
    )


@pytest.mark.long
def test_text_is_completed_while_redis_has_no_memory_left(site):
    site.ollama.words, site.ollama.gap = 40, 0.05
    sent = site.submit()
    wait_until(lambda: "word 1 " in site.text_shown(sent))

    site.valkey.client.config_set("maxmemory", 1)
    try:
        assert site.wait_for(sent, "completed")["attempt"] == 1
    finally:
        site.valkey.client.config_set("maxmemory", 0)
