"""How late a draft starts after its due time: ours beside stock rq-scheduler and `rq worker`.

All get the same load, 200 jobs spread over ten seconds, one after the other on one machine, each
with two workers. Late is the job's first line minus its due time; a negative number is early. Of
ours also the moment at which its claim was committed, and that at which Ollama had the request.

    make bench-punctuality
    PEERS=1 make bench-punctuality   # Celery, too, in a folder of its own, and BullMQ with node
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import BRIEF, NO_QUOTAS, SECRET, Valkey, make_user, upgrade, wait_until  # noqa: E402
from processes import Processes  # noqa: E402
from rq_scheduler import Scheduler  # noqa: E402
from scripted_ollama import ScriptedOllama  # noqa: E402

from smartcontent.app import create_app  # noqa: E402
from smartcontent.contents import submitting  # noqa: E402
from smartcontent.models import FINAL, Draft  # noqa: E402
from smartcontent.models.job_ids import job_id  # noqa: E402
from smartcontent.scheduling import Scheduler as ExactScheduler  # noqa: E402
from smartcontent.scheduling.job import WRITE_DRAFT  # noqa: E402
from smartcontent.scheduling.reconciler import LOOK_AHEAD  # noqa: E402
from smartcontent.stores import keys  # noqa: E402
from smartcontent.stores.sql import db  # noqa: E402

JOBS = 200
BURST = 2000
SECONDS = 10
# Time for all to be stored before the first is due.
HEAD_START = 15
STARTS = "bench:starts"
CELERY, BULLMQ = "celery==5.5.3", ("bullmq@6", "ioredis@5")
COMMITTED = re.compile(r"committed_ms=(-?[\d.]+)")


def ours(folder: Path, valkey: Valkey) -> dict[str, list[float]]:
    """Milliseconds late of each draft's steps, by the product's own processes and record."""
    url = migrated(folder)
    with ScriptedOllama() as ollama:
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": valkey.url,
            "OLLAMA_HOST": ollama.url,
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": str(folder),
            **NO_QUOTAS,
        }
        processes = Processes(settings, folder, SMARTCONTENT_WORKERS=2)
        app = create_app(**settings)
        try:
            processes.start("worker", "scheduler")
            with app.app_context():
                user_id = make_user("ada@example.org").id
                spread(
                    lambda delay: submitting.submit(user_id, BRIEF, "A teapot", delay_seconds=delay)
                )
                wait_until(all_final, every=0.5)
                drafts = db.session.query(Draft).all()
            arrived = {each.json["options"]["seed"]: each.at for each in ollama.texts}
            log = processes.log("worker").read_text()
            return {
                "first line": [late(draft.started_at, draft.due_at) for draft in drafts],
                "claim committed": [float(found) for found in COMMITTED.findall(log)],
                "at Ollama": [
                    late(on_the_wall(arrived[draft.options["seed"]]), draft.due_at)
                    for draft in drafts
                ],
            }
        finally:
            processes.stop()


def on_the_wall(moment: float) -> datetime:
    """A moment of time.monotonic() as the clock on the wall had it."""
    return datetime.fromtimestamp(time.time() - time.monotonic() + moment, UTC)


def migrated(folder: Path) -> str:
    """The URL of a new database."""
    url = f"sqlite:///{folder}/smartcontent.db"
    upgrade(url, folder)
    return url


def all_final() -> bool:
    unfinished = db.session.query(Draft).filter(Draft.status.not_in(FINAL)).count()
    db.session.rollback()
    return unfinished == 0


def stock(folder: Path, valkey: Valkey) -> list[float]:
    """Milliseconds late of each job under stock `rqscheduler -i 1` and two stock workers."""
    (folder / "stock_job.py").write_text(
        "import os, time, redis\n"
        "def note(due):\n"
        f"    redis.Redis(port={valkey.port}).rpush('{STARTS}', f'{{due}} {{time.time()}}')\n"
    )
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
    binaries = Path(sys.executable).parent
    commands = [
        [binaries / "rqscheduler", "-i", "1", "--url", valkey.url],
        *[[binaries / "rq", "worker", "default", "--url", valkey.url, "-q"]] * 2,
    ]
    quiet = subprocess.DEVNULL
    running = [subprocess.Popen(c, env=env, stdout=quiet, stderr=quiet) for c in commands]
    scheduler = Scheduler("default", connection=valkey.client)

    def submit(delay: float) -> None:
        due = datetime.now(UTC) + timedelta(seconds=delay)
        scheduler.enqueue_at(due, "stock_job.note", due.timestamp())

    try:
        time.sleep(3)  # rq's workers say nowhere that they are ready
        spread(submit)
        wait_until(lambda: valkey.client.llen(STARTS) == JOBS, every=0.5)
    finally:
        for process in running:
            process.kill()
    return noted(valkey)


def celery(folder: Path, valkey: Valkey) -> list[float]:
    """Milliseconds late of each task of Celery with two processes, installed for this alone."""
    subprocess.run([sys.executable, "-m", "venv", folder / "peers"], check=True)
    binaries = folder / "peers" / "bin"
    subprocess.run([binaries / "pip", "install", "-q", CELERY, "redis"], check=True)
    (folder / "peer.py").write_text(
        "import time, redis\n"
        "from celery import Celery\n"
        f"app = Celery('peer', broker='{valkey.url}')\n"
        f"client = redis.Redis(port={valkey.port})\n"
        "@app.task(name='note')\n"
        "def note(due):\n"
        "    started = time.time()\n"
        f"    client.rpush('{STARTS}', f'{{due}} {{started}}')\n"
    )
    submitting = (
        "import sys, time\nfrom datetime import datetime, timezone\nfrom peer import note\n"
        f"began = time.time() + {HEAD_START}\n"
        f"for number in range({JOBS}):\n"
        f"    due = began + number * {SECONDS} / {JOBS}\n"
        "    note.apply_async([due], eta=datetime.fromtimestamp(due, timezone.utc))\n"
    )
    options = ["-A", "peer", "worker", "-c", "2", "-l", "ERROR", "--without-gossip"]
    with running([binaries / "celery", *options], folder) as peer:
        time.sleep(5)  # it says nowhere that it is ready
        subprocess.run([binaries / "python", "-c", submitting], cwd=folder, check=True)
        wait_for_all(valkey, peer)
    return noted(valkey)


def bullmq(folder: Path, valkey: Valkey) -> list[float]:
    """Milliseconds late of each job of BullMQ with two workers in one process of node."""
    subprocess.run(["npm", "install", "--silent", *BULLMQ], cwd=folder, check=True)
    (folder / "peer.js").write_text(
        "const { Queue, Worker } = require('bullmq');\n"
        f"const connection = {{ host: '127.0.0.1', port: {valkey.port} }};\n"
        "const Redis = require('ioredis');\n"
        f"const notes = new Redis({valkey.port}, '127.0.0.1');\n"
        "const now = () => performance.timeOrigin + performance.now();\n"
        "new Worker('peer', async ({ data }) => {\n"
        "  const started = now() / 1000;\n"
        f"  await notes.rpush('{STARTS}', `${{data.due}} ${{started}}`);\n"
        "}, { connection: { ...connection, maxRetriesPerRequest: null }, concurrency: 2 });\n"
        "(async () => {\n"
        "  const queue = new Queue('peer', { connection });\n"
        f"  const began = now() / 1000 + {HEAD_START};\n"
        f"  for (let number = 0; number < {JOBS}; number++) {{\n"
        f"    const due = began + number * {SECONDS} / {JOBS};\n"
        "    await queue.add('note', { due }, { delay: due * 1000 - now() });\n"
        "  }\n"
        "})();\n"
    )
    with running(["node", "peer.js"], folder) as peer:
        wait_for_all(valkey, peer)
    return noted(valkey)


@contextmanager
def running(command: list[Any], folder: Path) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for_all(valkey: Valkey, peer: subprocess.Popen) -> None:
    def are_all_noted() -> bool:
        assert peer.poll() is None, "it has ended, and said above why"
        return valkey.client.llen(STARTS) == JOBS

    wait_until(are_all_noted, every=0.5)


def noted(valkey: Valkey) -> list[float]:
    """Milliseconds late of each job, as the jobs noted it."""
    pairs = [line.decode().split() for line in valkey.client.lrange(STARTS, 0, -1)]
    return [(float(started) - float(due)) * 1000 for due, started in pairs]


def burst(folder: Path, valkey: Valkey) -> float:
    """Milliseconds from the due time of 2,000 jobs until all stand in RQ's queue, in order.

    Less than nothing: they are moved a moment before, so that a worker can have one in hand.
    """
    settings = {"REDIS_URL": valkey.url, "SECRET_KEY": SECRET, "SMARTCONTENT_HOME": str(folder)}
    # Further ahead than the reconciler looks when it begins: it would remove jobs without drafts.
    due = datetime.now(UTC) + LOOK_AHEAD + timedelta(seconds=4 * HEAD_START)
    ids = [job_id(number, 1, 1) for number in range(1, BURST + 1)]
    for name in ids:
        ExactScheduler(valkey.client).enqueue_at(
            due, WRITE_DRAFT, 0, job_id=name, timeout=60, job_description="a draft"
        )
    settings["DATABASE_URL"] = migrated(folder)
    processes = Processes(settings, folder, RECONCILE_SECONDS=3600)
    try:
        processes.start("scheduler")
        time.sleep((due - datetime.now(UTC)).total_seconds() - HEAD_START)
        wait_until(lambda: valkey.client.llen(keys.QUEUED) == BURST, every=0.001)
        took = late(datetime.now(UTC), due)
    finally:
        processes.stop()
    assert [name.decode() for name in valkey.client.lrange(keys.QUEUED, 0, -1)] == ids
    return took


def spread(submit: Callable[[float], object]) -> None:
    """Submit all jobs at once, due one after the other."""
    began = time.time()
    for number in range(JOBS):
        due = began + HEAD_START + number * SECONDS / JOBS
        submit(due - time.time())
    assert time.time() < began + HEAD_START, "this machine is too slow for the head start"


def late(started_at: datetime, due_at: datetime) -> float:
    return (started_at - due_at).total_seconds() * 1000


def line(name: str, values: list[float]) -> str:
    values = sorted(values)
    early = sum(value < 0 for value in values)
    p50, p99 = values[len(values) // 2], values[int(len(values) * 0.99)]
    return (
        f"{name:<32}{early:>6}{values[0]:>10.1f}{p50:>10.1f}{p99:>10.1f}{values[-1]:>10.1f}   (ms)"
    )


def with_stores(measure: Callable[[Path, Valkey], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        valkey = Valkey(Path(folder))
        try:
            return measure(Path(folder), valkey)
        finally:
            valkey.kill()


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    measured = with_stores(ours)
    results = {f"Smart Content, {step}": values for step, values in measured.items()}
    results["rqscheduler -i 1"] = with_stores(stock)
    if os.environ.get("PEERS"):
        results["Celery, 2 processes"] = with_stores(celery)
        if shutil.which("npm"):
            results["BullMQ, concurrency 2"] = with_stores(bullmq)
    print(f"{'':<32}{'early':>6}{'min':>10}{'p50':>10}{'p99':>10}{'max':>10}")
    for name, values in results.items():
        print(line(name, values))
    mine, stocks = (
        sorted(map(abs, values))[len(values) // 2]
        for values in (measured["first line"], results["rqscheduler -i 1"])
    )
    print(f"median distance from the due time: 1 : {stocks / mine:.0f}")
    print(f"{BURST:,} due in one instant: all queued, in order, after {with_stores(burst):.0f} ms")


if __name__ == "__main__":
    main()
