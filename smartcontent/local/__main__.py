"""What `make run` starts: the whole product in the foreground, until Ctrl-C."""

import errno
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from smartcontent.config import SETTINGS, ConfigurationError, cleaned, from_environment
from smartcontent.local.choices import Choice, can_write, choose_ollama, choose_redis, page_answers
from smartcontent.local.home import Refusal, announced, is_free, owned, trouble_listening
from smartcontent.local.log import Log
from smartcontent.local.migrations import up_to_date
from smartcontent.local.supervisor import Part, Supervisor, stop_on_signals
from smartcontent.local.tether import end_with_make

_ROOT = Path(__file__).resolve().parents[2]
_VERSIONS = _ROOT / "smartcontent" / "migrations" / "versions"
# What a stack that was just killed needs at most to let go of the port.
PORT_WAIT_SECONDS = 3.0


@dataclass(frozen=True)
class Settings:
    """The settings of the product that the stack itself has to know, and all that were given."""

    home: Path
    bind: str
    port: int
    prefix: str
    given: Mapping[str, str]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """The values in force.

        Raises:
            ConfigurationError: one cannot be used, of whichever process.
        """
        values, given = from_environment(environ), cleaned(environ)
        return cls(
            home=_ROOT / values["SMARTCONTENT_HOME"],
            bind=values["SMARTCONTENT_BIND"],
            port=values["PORT"],
            prefix=values["SCRIPT_NAME"],
            given={each.name: given[each.name] for each in SETTINGS if each.name in given},
        )

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind, self.bind)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{self.prefix}"


def main() -> int:
    """Run everything; told to `check`, only see whether it could be run."""
    log = Log(sys.stdout)
    try:
        settings = Settings.read(os.environ)
        with owned(settings.home):
            _wait_for_port(settings)
            return 0 if sys.argv[1:] == ["check"] else _run(settings, log)
    except ConfigurationError as error:
        log.say(str(error))
        return 2
    except Refusal as refusal:
        log.say(str(refusal))
        return 1


def _run(settings: Settings, log: Log) -> int:
    end_with_make()
    environ = cleaned(os.environ)
    redis = choose_redis(environ, settings.home)
    ollama = choose_ollama(environ, settings.home)
    log.say(redis.note)
    log.say(ollama.note)
    own = {
        **settings.given,
        "SMARTCONTENT_HOME": str(settings.home),
        "PORT": str(settings.port),
        "SMARTCONTENT_BIND": settings.bind,
        **redis.environment,
        **ollama.environment,
    }
    supervisor = Supervisor(log, {**environ, "PYTHONUNBUFFERED": "1", **own}, _ROOT)
    stop_on_signals(supervisor)
    found = settings.home / "local.env"
    log.say(f"For flask commands in another terminal: set -a; . {shlex.quote(str(found))}; set +a")
    with announced(found, own):
        return supervisor.run(parts(settings, redis, ollama))


def _wait_for_port(settings: Settings) -> None:
    deadline = time.monotonic() + PORT_WAIT_SECONDS
    while error := trouble_listening(settings.bind, settings.port):
        if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise _refused_port(settings, error)
        time.sleep(0.1)


def _refused_port(settings: Settings, error: OSError) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        others = (*range(settings.port + 1, 65536), *range(settings.port - 1, 1023, -1))
        free = next(port for port in others if is_free(settings.bind, port))
        return Refusal(
            f"Port {settings.port} is taken by another program. "
            f"Choose a free one: PORT={free} make run"
        )
    where = f"SMARTCONTENT_BIND={settings.bind} PORT={settings.port}"
    return Refusal(f"Nothing can listen at {where}: {error.strerror}.")


def parts(settings: Settings, redis: Choice, ollama: Choice) -> list[Part]:
    """Every process in the order of its start: what the page needs comes first."""
    python = sys.executable
    upgrade = Part("migrate", (python, "-m", "flask", "--app", "wsgi", "db", "upgrade"), once=True)
    web = Part(
        "web",
        (python, "web.py"),
        ready=partial(page_answers, settings.url),
    )
    worker = Part("worker", (python, "worker.py"))
    scheduler = Part(
        "scheduler",
        (python, "scheduler.py"),
        ready=partial(can_write, settings.url, ollama.is_loaded),
        hello=f"Smart Content is ready: {settings.url} (Ctrl-C ends it)",
        until_then=(
            f"Pages are at {settings.url} (Ctrl-C ends it); no text can be written yet. "
            "If something is missing, the scheduler says what; once it is there, all goes on."
        ),
    )
    migrated = not os.environ.get("DATABASE_URL") and up_to_date(
        settings.home / "smartcontent.db", _VERSIONS
    )
    return [*redis.parts, *ollama.parts, *([] if migrated else [upgrade]), web, worker, scheduler]


if __name__ == "__main__":
    sys.exit(main())
