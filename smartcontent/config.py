"""Every setting of the product, read from the environment: name, default, kind and meaning."""

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartcontent.private import keep_private


class ConfigurationError(Exception):
    """A setting that cannot be used; the message names it and says what it may be."""


def _flag(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"}


def _seconds(value: str) -> float:
    seconds = float(value)
    if seconds < 0:
        raise ValueError("less than zero")
    return seconds


def _count(value: str) -> int:
    count = int(value)
    if count < 1:
        raise ValueError("less than one")
    return count


def _signup(value: str) -> str:
    if value not in {"open", "invite", "closed"}:
        raise ValueError("not open, invite or closed")
    return value


def _file(value: str) -> str:
    if value and not os.access(Path(value).parent, os.W_OK | os.X_OK):
        raise ValueError("there is no folder of that name that we may write to")
    return value


def _database_url(value: str) -> str:
    # Hosting platforms still hand out "postgres://"; the driver is always psycopg 3.
    for prefix in ("postgres://", "postgresql://"):
        if value.startswith(prefix):
            return "postgresql+psycopg://" + value.removeprefix(prefix)
    return value


@dataclass(frozen=True)
class Setting:
    """One environment variable: what it defaults to and how its text becomes a value."""

    name: str
    default: str
    parse: Callable[[str], Any]
    meaning: str

    def read(self, environ: Mapping[str, str]) -> Any:
        """The value in force.

        Raises:
            ConfigurationError: the text cannot be read as a value of this kind.
        """
        text = environ.get(self.name) or self.default
        try:
            return self.parse(text)
        except ValueError as error:
            raise ConfigurationError(f"{self.name}={text!r} cannot be used: {error}.") from error


SETTINGS = (
    Setting("SMARTCONTENT_HOME", "instance", str, "folder of the database, the secrets and the embedded server's data"),
    Setting("SECRET_KEY", "", str, "signs sessions and invitations, at least 32 characters; unset: made once and kept in SMARTCONTENT_HOME"),
    Setting("DATABASE_URL", "", _database_url, "SQLite or PostgreSQL (postgresql+psycopg://…); unset: SQLite in SMARTCONTENT_HOME"),
    Setting("REDIS_URL", "redis://127.0.0.1:6379/0", str, "Redis 6.2 or newer, or Valkey; unset under `make run`: the embedded server"),
    Setting("OLLAMA_HOST", "127.0.0.1:11434", str, "where Ollama answers, in any of Ollama's own forms"),
    Setting("OLLAMA_MODEL", "llama3.2", str, "the Ollama model that writes, unless a brief names another"),
    Setting("OLLAMA_PULL", "0", _flag, "1: OLLAMA_MODEL is downloaded to the Ollama server when it is missing there (1 under Docker compose)"),
    Setting("OLLAMA_API_KEY", "", str, "sent as a bearer token, for Ollama behind a gateway"),
    Setting("OLLAMA_NUM_CTX", "4096", _count, "context length in tokens; prompt and text share it"),
    Setting("OLLAMA_KEEP_ALIVE", "10m", str, "how long Ollama keeps the model loaded after a text"),
    Setting("OLLAMA_FIRST_BYTE_SECONDS", "600", _seconds, "longest wait for the first word: queueing, loading, reading the prompt"),
    Setting("OLLAMA_GAP_SECONDS", "120", _seconds, "longest silence between two words"),
    Setting("OLLAMA_TOTAL_SECONDS", "1800", _seconds, "longest time for one text"),
    Setting("GENERATION_DELAY_SECONDS", "60", _seconds, "from submission to start; fractions allowed"),
    Setting("WARM_UP_SECONDS", "20", float, "how long before a draft is due Ollama is asked to load its model; 0: never"),
    Setting("GENERATION_ATTEMPTS", "4", _count, "how often a draft is tried before it fails for good"),
    Setting("LEASE_SECONDS", "10", _seconds, "a worker silent for longer loses its draft to another"),
    Setting("RECONCILE_SECONDS", "2", _seconds, "how often the scheduler compares the database with Redis"),
    Setting("SIGNUP", "invite", _signup, "who may make an account after the first: open, invite or closed"),
    Setting("STREAMS_PER_USER", "6", _count, "open live pages a user may have in one web process"),
    Setting("STREAMS_PER_PROCESS", "5000", _count, "open live pages one web process serves; half as many as it may have open files, at most"),
    Setting("CONNECTIONS_PER_PROCESS", "2000", _count, "other connections one web process keeps; beyond it those that wait longest give way; a quarter as many as it may have open files, at most"),
    Setting("REQUEST_SECONDS", "60", _seconds, "longest time for a request to arrive, head and body"),
    Setting("SMARTCONTENT_WORKERS", "1", _count, "how many texts `python worker.py` writes at once"),
    Setting("WEB_CONCURRENCY", "1", _count, "gunicorn's web processes"),
    Setting("SMARTCONTENT_BIND", "127.0.0.1", str, "address the web process listens on"),
    Setting("PORT", "8000", int, "port the web process listens on"),
    Setting("HEARTBEAT_FILE", "", _file, "touched by a worker or scheduler for as long as it is well, for a container's health check"),
    Setting("TRUSTED_PROXIES", "0", int, "reverse proxies in front whose X-Forwarded-* headers are believed"),
    Setting("COOKIE_SECURE", "0", _flag, "1: cookies are sent over HTTPS only"),
    Setting("RQ_DASHBOARD_DELETE", "0", _flag, "1: administrators may delete jobs in rq-dashboard; no draft is lost by it"),
    Setting("SMARTCONTENT_DEMO_MODEL", "0", _flag, "1: the built-in demo model writes (`make run` sets it)"),
)  # fmt: skip


def from_environment(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """All settings with the values in force, those derived from others filled in.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    config = {setting.name: setting.read(environ) for setting in SETTINGS}
    home = Path(config["SMARTCONTENT_HOME"]).absolute()
    keep_private(home)  # it holds people's texts
    config["SMARTCONTENT_HOME"] = home
    config["SECRET_KEY"] = config["SECRET_KEY"] or _kept_secret(home / "secret_key")
    if len(config["SECRET_KEY"]) < 32:
        raise ConfigurationError("SECRET_KEY is too short: use at least 32 random characters.")
    config["DATABASE_URL"] = config["DATABASE_URL"] or f"sqlite:///{home / 'smartcontent.db'}"
    return config


def _kept_secret(path: Path) -> str:
    """The secret in the file, made first where there is none."""
    if not path.exists():
        # Not named by the process: containers that share a volume have the same process ids.
        made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        made.touch(0o600)
        made.write_text(secrets.token_urlsafe(48))
        # Of several processes started at once one links its own; all read that one, and whole.
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_text().strip()
