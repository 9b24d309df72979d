"""Whether anybody can hold up the web process: /healthz while it is attacked, by the clock.

A page is asked for again and again while each attack runs against the same process: how long it
takes, whether that was ever more than the 250 ms that are promised, and the longest CPU time that
one greenlet held the event loop for. Who asks is a process of its own: in that of sixty attackers
it would wait for them, not for the web process. The first line is a process that nobody attacks. Of
bodies that never end it is measured while all of them are held: to open ten thousand connections
keeps any process busy.

    make bench-event-loop          CONNECTIONS=10000, ATTACKS="many drafts,many sign-ups" for some
"""

import logging
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from attacks import ATTACKS, Attacked  # noqa: E402
from conftest import SECRET, Valkey, upgrade  # noqa: E402

CONNECTIONS = int(os.environ.get("CONNECTIONS", "10000"))
CHOSEN = os.environ.get("ATTACKS", ",".join(ATTACKS)).split(",")
PROMISED = 250  # milliseconds, whatever is sent
HOLD_SECONDS = 5
PAUSE_SECONDS = 0.01
FORK = multiprocessing.get_context("fork")


def healthz(url: str, are_held: Event, over: Event, told: SimpleQueue[list[float]]) -> None:
    """Tell milliseconds of each answer until the attack is over; 30 seconds where none came."""
    took = []
    is_counted = False
    while not over.is_set():
        if are_held.is_set() and not is_counted:
            took, is_counted = [], True
        began = time.monotonic()
        try:
            requests.get(f"{url}/healthz", timeout=30)
        except requests.RequestException:
            time.sleep(max(0.0, began + 30 - time.monotonic()))
        took.append((time.monotonic() - began) * 1000)
        time.sleep(PAUSE_SECONDS)
    told.put(took)


def measure(web: Attacked, attack: Callable[[Attacked], None]) -> tuple[list[float], float]:
    """What /healthz took during an attack, and the longest hold of the loop in milliseconds."""
    over, told = FORK.Event(), FORK.SimpleQueue()
    web.are_held = FORK.Event()
    web.longest_hold()
    asking = FORK.Process(target=healthz, args=(web.url, web.are_held, over, told))
    asking.start()
    try:
        attack(web)
    finally:
        over.set()
    took = told.get()
    asking.join()
    return took, web.longest_hold() * 1000


@contextmanager
def attacked() -> Iterator[Attacked]:
    """A process that is new to each attack."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        valkey = Valkey(folder)
        settings = {
            "DATABASE_URL": f"sqlite:///{folder}/smartcontent.db",
            "REDIS_URL": valkey.url,
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": str(folder),
        }
        upgrade(settings["DATABASE_URL"], folder)
        web = Attacked(settings, folder, CONNECTIONS)
        web.hold_seconds = HOLD_SECONDS
        try:
            yield web
        finally:
            web.stop()
            valkey.kill()


def main() -> None:
    logging.disable(logging.WARNING)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        f"{'milliseconds':<24}{'median':>9}{'p99':>9}{'worst':>9}{'longest hold':>15}{PROMISED:>8}"
    )
    attacks = {"nothing": lambda _web: time.sleep(3), **{name: ATTACKS[name] for name in CHOSEN}}
    for name, attack in attacks.items():
        with attacked() as web:
            took, hold = measure(web, attack)
        took.sort()
        figures = took[len(took) // 2], took[int(len(took) * 0.99)], took[-1]
        told = "".join(f"{each:9.1f}" for each in figures) + f"{hold:15.1f}"
        print(f"{name:<24}{told}{'kept' if took[-1] <= PROMISED else 'over':>8}", flush=True)


if __name__ == "__main__":
    main()
