"""The product's own processes, started as users start them, for tests that look from outside."""

import fcntl
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import ClassVar

import requests
from evidence import stacks
from patience import PATIENCE, wait_until
from zygote import Forked, Zygote

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery"
COMMANDS = {
    "web": [sys.executable, "web.py"],
    "worker": [sys.executable, "worker.py"],
    "scheduler": [sys.executable, "scheduler.py"],
}
READY = {"web": None, "worker": "Worker ready", "scheduler": "Scheduler ready"}

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_RUN = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
# Below those that the kernel gives to connections, and without 10080, which browsers refuse.
_THOUSANDS = range(11_000, 32_000, 1000)


def _own_thousand() -> int:
    """The first of a thousand ports, which are this process's among all that test on this machine.

    Two runs would else take the same port for free before either has begun to listen there.
    """
    guess = 7 * _RUN + _WORKER
    in_turn = [_THOUSANDS[(guess + nth) % len(_THOUSANDS)] for nth in range(len(_THOUSANDS))]
    for first in in_turn:
        with suppress(OSError):  # another's
            lock = os.open(f"{gettempdir()}/smartcontent-ports-{first}", os.O_CREAT | os.O_RDWR)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until this process ends
            return first
    return in_turn[0]


_FIRST_PORT = _own_thousand()
_PORTS = itertools.cycle(range(_FIRST_PORT, _FIRST_PORT + 1000))


def free_port() -> int:
    """A port nobody listens on at the moment, which nothing else in this run is given."""
    while True:
        port = next(_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Processes:
    """Web, worker and scheduler on the stores of a test; each may be killed and started again.

    "scheduler-2" is another scheduler, and so on.
    """

    # Who starts one without its imports; what is measured, in bench/, starts as users start it.
    zygotes: ClassVar[dict[str, Zygote]] = {}

    def __init__(self, settings: dict, folder: Path, **more: object) -> None:
        stacks.add(self)
        self.settings = {name: str(value) for name, value in {**settings, **more}.items()}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.running: dict[str, subprocess.Popen | Forked] = {}
        self._folder = folder
        self._env = {
            **os.environ,
            **self.settings,
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *names: str, **env: object) -> "Processes":
        """Start processes, with more of an environment where it is given; waits until all work."""
        for name in names or COMMANDS:
            own = self._env | {variable: str(value) for variable, value in env.items()}
            self.running[name] = self._started(name, own)
        try:
            for name in names or COMMANDS:
                wait_until(lambda name=name: self._is_ready(name))
        except BaseException:
            self.stop()
            raise
        return self

    def _started(self, name: str, env: dict[str, str]) -> subprocess.Popen | Forked:
        """A process in a group of its own, so that a kill can take children along."""
        command, zygote = COMMANDS[_kind(name)], self.zygotes.get(_kind(name))
        with self.log(name).open("wb") as log:
            if zygote:
                return zygote.start(command[1:], env, log.fileno(), log.fileno())
            return subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )

    def _is_ready(self, name: str) -> bool:
        assert self.running[name].poll() is None, self.log(name).read_text()
        ready = READY[_kind(name)]
        return bool(self.said(name, ready)) if ready else self._answers()

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def said(self, name: str, words: str) -> list[str]:
        """The lines of a process's log ("*": of any) that hold the words, none half written."""
        logs = [log.read_bytes() for log in self._folder.glob(f"{name}.log")]
        written = [log.rpartition(b"\n")[0].decode() for log in logs]
        return [line for log in written for line in log.splitlines() if words in line]

    def kill(self, name: str, sign: signal.Signals = signal.SIGKILL, group: bool = True) -> None:
        process = self.running[name]
        (os.killpg if group else os.kill)(process.pid, sign)
        if sign == signal.SIGKILL:
            process.wait()

    def stop(self) -> None:
        for name, process in self.running.items():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGCONT)
                self.kill(name)
        stacks.discard(self)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        except requests.RequestException:
            return False


def _kind(name: str) -> str:
    return name.partition("-")[0]


class Browser:
    """A signed-in session over real HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def token(self) -> str:
        page = self.session.get(f"{self.url}/sign-in", timeout=PATIENCE).text
        return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]

    def post(self, path: str, **data: str) -> requests.Response:
        data["csrf_token"] = self.token()
        return self.session.post(
            f"{self.url}{path}", data=data, timeout=PATIENCE, allow_redirects=False
        )

    def sign_in(self, email: str) -> "Browser":
        assert self.post("/sign-in", email=email, password=PASSWORD).status_code == 303
        return self

    def submit(self, topic: str = "A teapot", **brief: str) -> str:
        """Submit a brief; answers the content's id."""
        answer = self.post("/contents", content_type="product_description", topic=topic, **brief)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].split("#content-")[1]
