"""Every setting of the product, read from the environment: name, default, kind and meaning."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import urls, values
from .secret_key import secret

SHOWN = 100  # characters of a value that is refused


class ConfigurationError(Exception):
    """A setting that cannot be used; the message names it and says what it may be."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: what it defaults to and how its text becomes a value."""

    name: str
    default: str
    parse: Callable[[str], Any]
    meaning: str
    is_secret: bool = False  # or a URL with a password in it

    def read(self, environ: Mapping[str, str]) -> Any:
        """The value in force.

        Raises:
            ConfigurationError: the text cannot be read as a value of this kind.
        """
        text = self.bare(environ) or self.default
        try:
            return self.parse(text)
        except ValueError as error:
            raise self._refusal(environ, error) from error

    def bare(self, environ: Mapping[str, str]) -> str:
        """What was given, without blanks and quotes around it.

        Raises:
            ConfigurationError: there is something inside that no value can have.
        """
        try:
            return values.bare(environ.get(self.name, ""))
        except ValueError as error:
            raise self._refusal(environ, error) from error

    def _refusal(self, environ: Mapping[str, str], error: ValueError) -> ConfigurationError:
        shown = "" if self.is_secret else f"={environ.get(self.name, '')[:SHOWN]!a}"
        return ConfigurationError(f"{self.name}{shown} cannot be used: {error}.")


SETTINGS = (
    Setting("SMARTCONTENT_HOME", "instance", str, "folder of the database, the secrets and the embedded server's data"),
    Setting("SECRET_KEY", "", secret, "signs sessions and invitations, at least 32 random characters; unset: made once and kept in SMARTCONTENT_HOME", is_secret=True),
    Setting("DATABASE_URL", "", urls.database, "SQLite or PostgreSQL (postgresql://…); unset: SQLite in SMARTCONTENT_HOME", is_secret=True),
    Setting("REDIS_URL", "redis://127.0.0.1:6379/0", urls.redis, "Redis 6.2 or newer, or Valkey; unset under `make run`: the embedded server", is_secret=True),
    Setting("OLLAMA_HOST", "127.0.0.1:11434", values.ollama_host, "where Ollama answers, in any of Ollama's own forms", is_secret=True),
    Setting("OLLAMA_MODEL", "llama3.2", values.model, "the Ollama model that writes, unless a brief names another"),
    Setting("OLLAMA_PULL", "0", values.flag, "1: OLLAMA_MODEL is downloaded to the Ollama server when it is missing there (1 under Docker compose)"),
    Setting("OLLAMA_API_KEY", "", values.token, "sent as a bearer token, for Ollama behind a gateway", is_secret=True),
    Setting("REQUESTS_CA_BUNDLE", "", values.certificates, "file of the certificates that Ollama's, and the site's own by `flask doctor --url`, are checked against, for an authority of your own"),
    Setting("SSL_CERT_FILE", "", values.certificates, "the same, where REQUESTS_CA_BUNDLE is not set"),
    Setting("OLLAMA_NUM_CTX", "4096", values.whole(256, 10_000_000), "context length in tokens; prompt and text share it"),
    Setting("OLLAMA_KEEP_ALIVE", "10m", values.duration, "how long Ollama keeps the model loaded after a text"),
    Setting("OLLAMA_FIRST_BYTE_SECONDS", "600", values.seconds(0.1), "longest wait for the first word: queueing, loading, reading the prompt"),
    Setting("OLLAMA_GAP_SECONDS", "120", values.seconds(0.1), "longest silence between two words"),
    Setting("OLLAMA_TOTAL_SECONDS", "1800", values.seconds(0.1), "longest time for one text"),
    Setting("GENERATION_DELAY_SECONDS", "60", values.seconds(0), "from submission to start; fractions allowed"),
    Setting("WARM_UP_SECONDS", "20", values.seconds(0, 3600), "how long before a draft is due Ollama is asked to load its model; 0: never, nor is a brief read before its time"),
    Setting("READ_AHEAD", "1", values.flag, "1: the model reads a draft's brief shortly before it is due, so that the first word comes at once; 0: when it is due"),
    Setting("GENERATION_ATTEMPTS", "4", values.whole(1, 100), "how often a draft is tried before it fails for good"),
    Setting("LEASE_SECONDS", "10", values.seconds(1, 3600), "a worker silent for longer loses its draft to another"),
    Setting("RECONCILE_SECONDS", "2", values.seconds(0.1, 3600), "how often the scheduler compares the database with Redis"),
    Setting("UNFINISHED_PER_USER", "2000", values.whole(1, 1_000_000), "drafts of one user that may wait or be written at once"),
    Setting("SUBMISSIONS_PER_MINUTE", "60", values.whole(1, 1_000_000), "texts one user may ask for within a minute; a batch counts as one"),
    Setting("TRASH_DAYS", "30", values.whole(0, 36_500), "how many days what was deleted stays in the trash before it goes for good; 0: for ever"),
    Setting("SIGNUP", "invite", values.one_of("open", "invite", "closed"), "who may make an account after the first: open, invite or closed"),
    Setting("SIGNUPS_PER_HOUR", "20", values.whole(1, 1_000_000), "accounts that may be made from one address within an hour, without an invitation"),
    Setting("STREAMS_PER_USER", "6", values.whole(1, 1_000_000), "open live pages a user may have in one web process"),
    Setting("STREAMS_PER_PROCESS", "5000", values.whole(1, 1_000_000), "open live pages one web process serves; half as many as it may have open files, at most"),
    Setting("CONNECTIONS_PER_PROCESS", "2000", values.whole(1, 1_000_000), "other connections one web process keeps; beyond it those that wait longest give way; a quarter as many as it may have open files, at most"),
    Setting("REQUEST_SECONDS", "60", values.seconds(0.1, 86_400), "longest time for a request to arrive, head and body"),
    Setting("SMARTCONTENT_WORKERS", "1", values.whole(1, 1000), "how many texts `python worker.py` writes at once"),
    Setting("WEB_CONCURRENCY", "1", values.whole(1, 1000), "gunicorn's web processes"),
    Setting("SMARTCONTENT_BIND", "127.0.0.1", values.host, "address the web process listens on"),
    Setting("PORT", "8000", values.whole(1, 65535), "port the web process listens on"),
    Setting("HEARTBEAT_FILE", "", values.new_file, "touched by a worker or scheduler for as long as it is well, for a container's health check"),
    Setting("TRUSTED_PROXIES", "0", values.whole(0, 10), "reverse proxies in front whose X-Forwarded-* headers are believed"),
    Setting("TRUSTED_HOSTS", "", values.hosts, "host names the site is reached by, divided by commas, .example.org for all below it; others are refused. Unset: any"),
    Setting("SCRIPT_NAME", "", values.prefix, "path of the pages where they are not at the root of their host, such as /smartcontent"),
    Setting("COOKIE_SECURE", "0", values.flag, "1: cookies are sent over HTTPS only"),
    Setting("RQ_DASHBOARD_DELETE", "0", values.flag, "1: administrators may delete jobs in rq-dashboard; no draft is lost by it"),
    Setting("SMARTCONTENT_DEMO_MODEL", "0", values.flag, "1: the built-in demo model writes (`make run` sets it)"),
)  # fmt: skip


def cleaned(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with our settings as they are meant: bare, and without those left empty.

    Raises:
        ConfigurationError: there is something in one that no value can have.
    """
    bare = {setting.name: setting.bare(environ) for setting in SETTINGS}
    given = {name: text for name, text in bare.items() if text}
    return {name: text for name, text in environ.items() if name not in bare} | given


def from_environment(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """All settings with the values in force; config/home.py fills in what is kept there.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    return {setting.name: setting.read(environ) for setting in SETTINGS}
