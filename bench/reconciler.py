"""What a pass of the reconciler costs: with 10,000 pending drafts beside 100.

A pass looks at what is due within seconds, so what is scheduled for later must cost nothing. The
last line is the most a minute's delay can bring: 10,000 briefs submitted within one minute.

    make bench-reconciler
"""

import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import BRIEF, NO_QUOTAS, SECRET, Valkey, make_user, upgrade  # noqa: E402
from flask import Flask  # noqa: E402

from smartcontent.app import create_app  # noqa: E402
from smartcontent.config import SETTINGS  # noqa: E402
from smartcontent.contents import submitting  # noqa: E402
from smartcontent.scheduling import reconcile  # noqa: E402

MANY, FEW = 10_000, 100
PASSES = 20
HOUR, MINUTE = 3600.0, 60.0
# Until the first is due: longer than it takes to submit them all.
HEAD_START = 120.0


def milliseconds_of_a_pass(count: int, spread: float, first_due_in: float) -> float:
    """CPU time of one pass over so many pending drafts, due over a time after a moment."""
    with stores() as app, app.app_context():
        user_id = make_user("ada@example.org").id
        first_due = time.time() + HEAD_START
        for number in range(count):
            delay = first_due + number * spread / count - time.time()
            submitting.submit(user_id, BRIEF, "A teapot", delay_seconds=delay)
        assert time.time() < first_due - first_due_in, "too slow a machine for the head start"
        time.sleep(first_due - first_due_in - time.time())
        assert reconcile() == []
        began = time.process_time()
        for _ in range(PASSES):
            reconcile()
        assert time.time() < first_due, "drafts have become due"
        return (time.process_time() - began) * 1000 / PASSES


@contextmanager
def stores() -> Iterator[Flask]:
    """The app on an empty database and an empty Redis."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        valkey = Valkey(folder)
        url = f"sqlite:///{folder}/smartcontent.db"
        upgrade(url, folder)
        try:
            yield create_app(
                DATABASE_URL=url,
                REDIS_URL=valkey.url,
                SECRET_KEY=SECRET,
                SMARTCONTENT_HOME=str(folder),
                **NO_QUOTAS,
            )
        finally:
            valkey.kill()


def main() -> None:
    logging.disable(logging.WARNING)
    few = milliseconds_of_a_pass(FEW, HOUR, 30)
    many = milliseconds_of_a_pass(MANY, HOUR, 30)
    # Just before the first is due, the drafts of a quarter of a minute are looked at.
    busy = milliseconds_of_a_pass(MANY, MINUTE, 3)
    print(f"{FEW:,} pending for the next hour: {few:.2f} ms of a core a pass")
    print(f"{MANY:,} pending for the next hour: {many:.2f} ms, {many / few:.1f} times as much")
    every = float(next(each.default for each in SETTINGS if each.name == "RECONCILE_SECONDS"))
    share = busy / 1000 / every
    print(f"{MANY:,} pending for the next minute: {busy:.2f} ms, {share:.1%} of a core")


if __name__ == "__main__":
    main()
