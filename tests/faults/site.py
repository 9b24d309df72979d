"""The whole product on stores of its own, with a proxy in each connection that can fail."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from conftest import NO_QUOTAS, SECRET, Valkey, make_user, wait_until
from processes import Processes
from sqlalchemy import update

from faults.invariants import Invariants
from faults.ledger import Ledger
from faults.proxy import Proxy
from faults.storyteller import Storyteller, topic
from smartcontent.app import create_app
from smartcontent.briefs.brief import Brief
from smartcontent.contents import ending, submitting, waiting
from smartcontent.events import text_so_far
from smartcontent.models import Content, Draft, User, now
from smartcontent.models.status import FINAL
from smartcontent.stores import keys
from smartcontent.stores.sql import db

BACKGROUND = ("worker", "scheduler")
PROCESSES = ("web", *BACKGROUND)
# A lease that no worker loses only because the machine is busy, a reconciler that looks often.
SETTINGS = {
    "LEASE_SECONDS": 3600,
    "RECONCILE_SECONDS": 0.5,
    "SMARTCONTENT_WORKERS": 2,
    "GENERATION_DELAY_SECONDS": 0.5,
    **NO_QUOTAS,
}
CONNECTED = "01"  # as the kernel writes it


@dataclass(frozen=True)
class Sent:
    """A brief that was submitted."""

    draft_id: int
    content_id: UUID
    topic: str


class Site:
    """Web, worker and scheduler, each reaching its stores by proxies of its own.

    The test itself asks and submits without a proxy. `numbers` gives every brief another topic.
    """

    def __init__(self, database_url: str, folder: Path, **settings: object) -> None:
        self.redis_folder = folder / "redis"
        self.redis_folder.mkdir()
        self.valkey = Valkey(self.redis_folder)
        self.ollama = Storyteller().__enter__()
        self.ledger = Ledger(database_url)
        self.ledger.open()
        self.invariants = Invariants(self.ledger, self.valkey.client, self.ollama)
        self.redis = {name: Proxy(self.valkey.port) for name in PROCESSES}
        self.database = _database_proxies(database_url)
        self.ollama_line = Proxy(self.ollama.port)
        self.settings: dict[str, Any] = {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.valkey.url,
            "OLLAMA_HOST": f"http://127.0.0.1:{self.ollama_line.port}",
            "OLLAMA_MODEL": "llama3.2",
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": str(folder),
            **SETTINGS,
            **settings,
        }
        self.processes = Processes(self.settings, folder)
        self.numbers = count(1)
        self._changed_env: set[str] = set()
        self.app = create_app(**self.settings)
        with self.app.app_context():
            self.user_id = make_user("ada@example.org", is_admin=True, is_founder=True).id

    def close(self) -> None:
        """End everything."""
        self.restore()
        self.processes.stop()
        for proxy in self.proxies():
            proxy.__exit__(None, None, None)
        self.ollama.__exit__(None, None, None)
        self.valkey.client.close()
        self.valkey.kill()
        with self.app.app_context():
            db.engine.dispose()

    def proxies(self) -> list[Proxy]:
        return [*self.redis.values(), *self.database.values(), self.ollama_line]

    def start(self, *names: str, **env: object) -> None:
        """Start processes, or start them anew, with an environment that a test wants otherwise."""
        for name in names:
            self.kill(name)
            if env:
                self._changed_env.add(name)
            proxied = {"REDIS_URL": f"redis://127.0.0.1:{self.redis[_kind(name)].port}/0"}
            if self.database:
                proxied["DATABASE_URL"] = self._proxied_database(_kind(name))
            self.processes.start(name, **{**proxied, **env})

    def kill(self, name: str) -> None:
        """kill -9 of a process and its children, if it runs."""
        process = self.processes.running.get(name)
        if process is not None and process.poll() is None:
            self.processes.kill(name)

    def slots(self) -> list[int]:
        """The process ids of the worker's slots."""
        parent = self.processes.running["worker"].pid
        return [
            int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        ]

    def writing_slot(self) -> int:
        """The one slot with a connection to Ollama."""
        found: list[int] = []

        def is_found() -> bool:  # another may be asking what a model can do
            found[:] = filter(self._has_line, self.slots())
            return len(found) == 1

        wait_until(is_found)
        return found[0]

    def _has_line(self, pid: int) -> bool:
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        peer = f"0100007F:{self.ollama_line.port:04X}"
        sockets = {f"socket:[{line[9]}]" for line in lines if line[2:4] == [peer, CONNECTED]}
        with contextlib.suppress(FileNotFoundError):  # it was killed a moment ago
            return any(_linked(file) in sockets for file in Path(f"/proc/{pid}/fd").iterdir())
        return False

    def begin(self) -> None:
        """Have worker and scheduler run as usual; the tests before may have ended them."""
        self.app = create_app(**self.settings)  # binds the one Redis link to our Redis again
        for name, process in list(self.processes.running.items()):
            if name not in PROCESSES or name in self._changed_env:
                self.kill(name)
            if process.poll() is not None:
                del self.processes.running[name]
        self._changed_env.clear()
        self.have(*BACKGROUND)

    def have(self, *names: str) -> None:
        """Start those of these processes that do not run."""
        self.start(*(name for name in names if name not in self.processes.running))

    def restore(self) -> None:
        """End every fault."""
        for proxy in self.proxies():
            proxy.restore()
        for name, process in self.processes.running.items():
            if process.poll() is None:
                os.killpg(self.processes.running[name].pid, signal.SIGCONT)

    def settle(self) -> None:
        """Wait until every draft has ended and Redis holds no more of them, then check it all."""
        wait_until(lambda: not self.unfinished(), every=0.05)
        assert self.ollama.wait_idle()
        with contextlib.suppress(AssertionError):  # what is left is said below
            wait_until(lambda: not self.invariants.left_in_redis(), every=0.1)
        broken = [*self.invariants.broken(), *self.invariants.left_in_redis()]
        assert not broken, "\n".join(broken)

    def unfinished(self) -> list[str]:
        """The status of every draft that has not ended."""
        return [d["status"] for d in self.ledger.drafts() if d["status"] not in FINAL]

    def submit(self, delay: float = 0.0, **brief: object) -> Sent:
        """Submit a brief as the web process does."""
        name = topic(next(self.numbers))
        with self.acting():
            content = submitting.submit(
                self.user_id, brief_about(name, **brief), name, delay_seconds=delay
            )
            return Sent(content.current.id, content.id, name)

    def submit_lost(self, delay: float = 0.0) -> Sent:
        """Submit a brief whose job Redis has forgotten before the reconciler looks for it."""
        sent = self.submit(delay=3600)
        for key in self.keys_of(sent):
            self.valkey.client.zrem(keys.SCHEDULED, key.removeprefix(b"rq:job:"))
        with self.acting():
            due_at = now() + timedelta(seconds=delay)
            db.session.execute(update(Draft).filter_by(id=sent.draft_id).values(due_at=due_at))
        return sent

    def keys_of(self, sent: Sent) -> list[bytes]:
        """What Redis holds of a draft's jobs."""
        return list(self.valkey.client.scan_iter(f"*draft-{sent.draft_id:012d}-*"))

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """A context in which jobs are asked for, as in a request; it holds no transaction after."""
        with self.app.app_context():
            yield
            db.session.commit()

    def cancel(self, sent: Sent) -> bool:
        with self.acting():
            return ending.cancel(db.session.get_one(Draft, sent.draft_id))

    def start_now(self, sent: Sent) -> bool:
        with self.acting():
            return waiting.start_now(db.session.get_one(Draft, sent.draft_id))

    def edit(self, sent: Sent, **changes: object) -> bool:
        with self.acting():
            content = db.session.get_one(Content, sent.content_id)
            brief = brief_about(sent.topic, **changes)
            return waiting.change_brief(content, brief, sent.topic, content.settings)

    def draft(self, sent: Sent) -> dict[str, Any]:
        return self.ledger.draft(sent.draft_id)

    def status(self, sent: Sent) -> str:
        return self.draft(sent)["status"]

    def text_shown(self, sent: Sent) -> str:
        """The text so far of the present attempt, as pages get it."""
        with self.app.app_context():
            return text_so_far(sent.draft_id, self.draft(sent)["attempt"]) or ""

    def wait_for(self, sent: Sent, status: str) -> dict[str, Any]:
        """Wait until a draft has a status; answers it."""
        wait_until(lambda: self.status(sent) == status)
        return self.draft(sent)

    def wait_for_requests(self, sent: Sent, number: int = 1) -> None:
        """Wait until Ollama has been asked for a draft so many times."""
        wait_until(lambda: len(self.ollama.requests_for(sent.topic)) >= number)

    def begin_text(self) -> Sent:
        """A draft in the middle of its text, which goes on slowly until it is told to finish."""
        self.ollama.go_on()
        sent = self.submit()
        wait_until(lambda: "word 1 " in self.text_shown(sent))
        return sent

    def finish(self, sent: Sent) -> dict[str, Any]:
        """Let the texts that are being told end at once; the draft as it is then."""
        self.ollama.finish()
        return self.wait_for(sent, "completed")

    def end_lease(self, sent: Sent) -> None:
        """Let the time pass until the lease of a dead or paused worker has run out."""
        self.ledger.end_lease(sent.draft_id)

    def user(self) -> User:
        return db.session.get_one(User, self.user_id)

    def _proxied_database(self, name: str) -> str:
        port = self.database[name].port
        path = urlsplit(self.settings["DATABASE_URL"]).path
        return f"postgresql+psycopg://postgres@127.0.0.1:{port}{path}"


def brief_about(topic: str, **values: object) -> Brief:
    """A brief that is found again by its topic."""
    usual = {
        "content_type": "product_description", "topic": topic, "audience": "", "tone": "warm",
        "length": "short", "language": "en", "keywords": (), "instructions": "",
    }  # fmt: skip
    return Brief(**{**usual, **values})


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """The answers of functions called in the same instant."""
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], Any]) -> Any:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def _kind(name: str) -> str:
    return name.partition("-")[0]


def _linked(file: Path) -> str:
    """What an open file is; "" where it was closed a moment ago."""
    try:
        return os.readlink(file)
    except FileNotFoundError:
        return ""


def _database_proxies(url: str) -> dict[str, Proxy]:
    if url.startswith("sqlite"):
        return {}
    [folder] = parse_qs(urlsplit(url).query)["host"]
    return {name: Proxy(f"{folder}/.s.PGSQL.5432") for name in PROCESSES}
