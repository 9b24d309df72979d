"""What `make run` starts: the whole product in the foreground, until Ctrl-C."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .choices import Choice, choose_ollama, choose_redis, page_answers
from .home import Refusal, announced, is_free, owned
from .log import Log
from .migrations import up_to_date
from .supervisor import Part, Supervisor, stop_on_signals
from .tether import end_with_make

_ROOT = Path(__file__).resolve().parents[2]
_VERSIONS = _ROOT / "smartcontent" / "migrations" / "versions"
# What a stack that was just killed needs at most to let go of the port.
PORT_WAIT_SECONDS = 3.0


@dataclass(frozen=True)
class Settings:
    """The settings of the product that the stack itself has to know, with the same defaults."""

    home: Path
    bind: str
    port: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """The values in force.

        Raises:
            Refusal: PORT is no port.
        """
        port = environ.get("PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise Refusal(f"PORT={port} cannot be used: it must be a number from 1 to 65535.")
        home = Path(environ.get("SMARTCONTENT_HOME") or "instance")
        return cls(
            home=home if home.is_absolute() else _ROOT / home,
            bind=environ.get("SMARTCONTENT_BIND") or "127.0.0.1",
            port=int(port),
        )

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.bind in {"0.0.0.0", "::"} else self.bind  # noqa: S104
        return f"http://{host}:{self.port}"


def main() -> int:
    end_with_make()
    log = Log(sys.stdout)
    try:
        settings = Settings.read(os.environ)
        with owned(settings.home):
            return _run(settings, log)
    except Refusal as refusal:
        log.say(str(refusal))
        return 1


def _run(settings: Settings, log: Log) -> int:
    _wait_for_port(settings)
    redis = choose_redis(os.environ, settings.home)
    ollama = choose_ollama(os.environ, settings.home)
    brought = {**redis.environment, **ollama.environment}
    log.say(redis.note)
    log.say(ollama.note)
    own = {
        "SMARTCONTENT_HOME": str(settings.home),
        "PORT": str(settings.port),
        "SMARTCONTENT_BIND": settings.bind,
    }
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **own, **brought}
    supervisor = Supervisor(log, environment, _ROOT)
    stop_on_signals(supervisor)
    found = settings.home / "local.env"
    if brought:
        log.say(f"For flask commands in another terminal: set -a; . {found}; set +a")
    with announced(found, {**own, **brought}):
        return supervisor.run(parts(settings, redis, ollama))


def _wait_for_port(settings: Settings) -> None:
    deadline = time.monotonic() + PORT_WAIT_SECONDS
    while not is_free(settings.bind, settings.port):
        if time.monotonic() > deadline:
            raise Refusal(
                f"Port {settings.port} is taken by another program. "
                f"Choose a free one: PORT={settings.port + 1} make run"
            )
        time.sleep(0.1)


def parts(settings: Settings, redis: Choice, ollama: Choice) -> list[Part]:
    """Every process in the order of its start: what the page needs comes first."""
    python = sys.executable
    upgrade = Part("migrate", (python, "-m", "flask", "--app", "wsgi", "db", "upgrade"), once=True)
    web = Part(
        "web",
        (python, "web.py"),
        ready=partial(page_answers, settings.url),
        hello=f"Smart Content is ready: {settings.url} (Ctrl-C ends it)",
    )
    background = [Part(name, (python, f"{name}.py")) for name in ("worker", "scheduler")]
    migrated = not os.environ.get("DATABASE_URL") and up_to_date(
        settings.home / "smartcontent.db", _VERSIONS
    )
    return [*redis.parts, *ollama.parts, *([] if migrated else [upgrade]), web, *background]


if __name__ == "__main__":
    sys.exit(main())
