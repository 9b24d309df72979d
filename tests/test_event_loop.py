"""One request holds up no other, whatever is sent: the event loop is held to account."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from attacks import ATTACKS, SMALL, Attacked
from conftest import SECRET, Valkey
from patience import PATIENCE
from processes import Browser
from standing import replace_database

from smartcontent.web.threads import HASHING_NICE

# What the loop may be held for at once, in seconds of CPU: twice what it is on a quiet machine, for
# on a busy one the same work takes more. Before they were bounded, attacks took ten times as much.
LONGEST = 0.5
CONNECTIONS = 300


@pytest.fixture(scope="module")
def web(shared_valkey: Valkey, databases: dict, tmp_path_factory) -> Iterator[Attacked]:
    """One process for all attacks: each finds it as the one before has left it."""
    folder = tmp_path_factory.mktemp("attacked")
    replace_database(folder / "smartcontent.db", databases["sqlite"])
    shared_valkey.client.flushall()
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/smartcontent.db",
        "REDIS_URL": shared_valkey.url,
        "SECRET_KEY": SECRET,
        "SMARTCONTENT_HOME": folder,
        "CONNECTIONS_PER_PROCESS": CONNECTIONS // 3,
    }
    web = Attacked(settings, folder, CONNECTIONS, SMALL)
    yield web
    web.stop()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_is_sent_holds_the_event_loop(web, attack):
    ATTACKS[attack](web)

    assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok
    assert web.longest_hold() < LONGEST


@pytest.mark.skipif(
    sys.platform != "linux" or os.getpriority(os.PRIO_PROCESS, 0) >= HASHING_NICE,
    reason="a thread has a priority of its own on Linux alone, and none is raised",
)
def test_threads_give_way_to_the_event_loop(web):
    Browser(web.url).post("/sign-in", email="nobody@example.org", password="a password")

    told = web.watched()
    threads = [int(task.name) for task in Path(f"/proc/{told['pid']}/task").iterdir()]
    nice = {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
    first = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice[told["pid"]] == first
    hashing = [each for each in nice.values() if each > first]
    assert 1 <= len(hashing) <= max(1, (os.cpu_count() or 1) // 2)
    assert told["lock_seconds"] < 0.005, "as Python has it"


def test_watch_notices_who_holds_the_event_loop(web):
    """Else the test above could not fail."""
    requests.get(f"{web.url}/hold", timeout=PATIENCE)

    assert web.longest_hold() > LONGEST
