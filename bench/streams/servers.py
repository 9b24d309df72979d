"""The servers the stream is compared on: ours, and what others use in its place.

The peers are installed once, apart from the product, in instance/bench/.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import requests
from conftest import SECRET, Valkey, free_port, upgrade, wait_until
from processes import COMMANDS, ROOT

from smartcontent.app import create_app
from smartcontent.events import channel, frame
from smartcontent.models import ApiToken, User
from smartcontent.stores.sql import db

HERE = Path(__file__).parent
PEERS = ROOT / "instance" / "bench"
PYTHON_PEERS = ("flask-sse==1.0.0", "gunicorn[gevent]==27.0.1")
NODE_PEERS = ("ioredis@5.8.2", "socket.io@4.8.4")
MANY = "1000000"


@dataclass
class Server:
    """One server process (gunicorn's master aside) with its own empty Redis."""

    folder: Path
    valkey: Valkey
    port: int = field(default_factory=free_port)
    name: ClassVar[str]
    path: ClassVar[str]
    awaits = ": welcome"
    is_websocket = False
    ready_path = "/"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        command, env = self.command()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "REDIS_URL": self.valkey.url, "PORT": str(self.port), **env},
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, every=0.1)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(f"http://127.0.0.1:{self.port}{self.ready_path}", timeout=5).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        pids = self.pids()
        self.process.kill()
        for pid in pids[1:]:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, 9)
        self.process.wait()

    def pids(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [pid, *map(int, children.split())]

    def memory(self) -> float:
        """KiB of memory, pages shared with others counted in part (PSS)."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids()]
        return sum(int(text.split("\nPss:")[1].split()[0]) for text in rollups)

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        stats = [Path(f"/proc/{pid}/stat").read_text() for pid in self.pids()]
        times = [stat.rpartition(")")[2].split()[11:13] for stat in stats]
        return sum(int(user) + int(system) for user, system in times) / os.sysconf("SC_CLK_TCK")

    def command(self) -> tuple[list[str], dict[str, str]]:
        raise NotImplementedError

    def requests(self, pages: int, channels: int) -> list[tuple[str, str]]:
        """What to ask for so many pages on so many channels: paths and headers."""
        return [(f"{self.path}channel=bench:{page % channels}", "") for page in range(pages)]

    def publish(self, number: int, event: dict) -> None:
        self.valkey.client.publish(f"bench:{number}", json.dumps(event))


class SmartContent(Server):
    """Ours: a channel a user."""

    name = "Smart Content"
    awaits = "event: snapshot"
    ready_path = "/healthz"

    def command(self):
        url = f"sqlite:///{self.folder}/smartcontent.db"
        if not (self.folder / "smartcontent.db").exists():
            upgrade(url, self.folder)
        self.settings = {
            "DATABASE_URL": url,
            "REDIS_URL": self.valkey.url,
            "SECRET_KEY": SECRET,
            "SMARTCONTENT_HOME": str(self.folder),
        }
        limits = {"STREAMS_PER_USER": MANY, "STREAMS_PER_PROCESS": MANY}
        return COMMANDS["web"], self.settings | limits

    def requests(self, pages, channels):
        with create_app(**self.settings).app_context():
            ids = range(1, channels + 1)
            db.session.add_all(
                User(id=id, email=f"{id}@example.org", password_hash="-", is_enabled=True)
                for id in ids
            )
            db.session.flush()
            db.session.add_all(
                ApiToken(
                    user_id=id,
                    name="bench",
                    prefix="sc_",
                    digest=hashlib.sha256(f"sc_{id}".encode()).hexdigest(),
                )
                for id in ids
            )
            db.session.commit()
            db.engine.dispose()
        return [
            ("/api/v1/events", f"Authorization: Bearer sc_{page % channels + 1}\r\n")
            for page in range(pages)
        ]

    def publish(self, number, event):
        self.valkey.client.publish(channel(number + 1), frame("text", event))


class FlaskSse(Server):
    """The convention in Flask: a Redis subscription a page."""

    name = "flask-sse"
    path = "/stream?"
    awaits = ""  # it says nothing before the first event

    def command(self):
        python = PEERS / "python" / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", PEERS / "python"], check=True)
            subprocess.run([python, "-m", "pip", "install", "-qqq", *PYTHON_PEERS], check=True)
        more = ["--worker-connections", "20000", "--pythonpath", str(HERE), "--no-control-socket"]
        bind = ["-b", f"127.0.0.1:{self.port}"]
        return [
            str(python.parent / "gunicorn"), "-c", "/dev/null", "-k", "gevent",
            *bind, *more, "flask_sse_app:app",
        ], {}  # fmt: skip

    def publish(self, number, event):
        message = json.dumps({"data": event, "type": "text"})
        self.valkey.client.publish(f"bench:{number}", message)


class Node(Server):
    """The fastest of the common ones."""

    name = "Node http"
    path = "/?"
    script = "sse.js"

    def command(self):
        modules = PEERS / "node" / "node_modules"
        if not (modules / "socket.io").exists():
            modules.parent.mkdir(parents=True, exist_ok=True)
            npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix"]
            subprocess.run([*npm, modules.parent, *NODE_PEERS], check=True)
        return ["node", str(HERE / self.script)], {"NODE_PATH": str(modules)}

    @staticmethod
    def is_missing() -> bool:
        return not (shutil.which("node") and shutil.which("npm"))


class SocketIo(Node):
    """The usual one in Node."""

    name = "socket.io"
    path = "/socket.io/?EIO=4&transport=websocket&"
    script = "socket_io.js"
    awaits = "40{"
    is_websocket = True
