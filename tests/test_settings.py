"""A value that cannot be used ends every process in one sentence; what can be meant is taken."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import commands
import pytest
import requests
from commands import FLASK
from conftest import ROOT, SECRET, make_user
from patience import PATIENCE
from processes import COMMANDS, Processes

from smartcontent.app import create_app
from smartcontent.config import SETTINGS, ConfigurationError, from_environment
from smartcontent.config.home import at_home
from smartcontent.ollama.address import base_url

REFUSED = {
    "SECRET_KEY": [
        *("short", "a" * 64, "ab" * 32, "0123456789" * 4, "correct horse " * 3),
        *("changeme-changeme-changeme-please", "CHOOSE-ONE-that-is-long-enough-to-pass"),
        *("<here your own of 32 characters>", "${SECRET_KEY:-one of 32 characters}"),
        *("this-is-a-secret-for-development-only", "qwertyuiopasdfghjklzxcvbnm123456"),
        "12345678901234567890123456789012",
    ],
    "DATABASE_URL": [
        *("mysql://u@h/db", "mysql+pymysql://u:p@h/db", "oracle://x", "nonsense", "sqlite://"),
        *("sqlite:///:memory:", "postgresql://u@h:99999/db", "postgres://u@h:port/db"),
        *("postgresql://u@::1/db", "postgresql://u:p#w@h/db"),
        *("postgresql://h/db?pgbouncer=true", "postgresql://h/db?sslmode=maybe"),
        *("postgresql://h/db?connect_timeout=nan", "postgresql://h/db?port=x"),
        *("postgresql://h/db?sslrootcert=/nowhere", "postgresql://h/db?schema=public"),
        *("sqlite:////tmp/x.db?timeout=soon", "sqlite:////tmp/x.db?nonsense=1"),
        *("sqlite:////nowhere/x.db", "sqlite:////tmp", "sqlite:////dev/null"),
        *("sqlite:////etc/passwd", "sqlite:////tmp/a%00b", "postgresql://u:p%00@h/db"),
        *("postgresql://h/db?channel_binding=maybe", "postgresql://h/db?port=99999"),
        *("postgresql://h/db?target_session_attrs=x", "postgresql://h/db?sslkey=/nowhere"),
        *("postgresql://u:42?Hunter2@h/db", "postgresql://u:42@Hunter2@h/db"),
    ],
    "REDIS_URL": [
        *("redis+sentinel://h:26379/mymaster/0", "http://h", "127.0.0.1:6379", "redis://h:0/0"),
        *("redis://::1:6379/0", "redis://h:99999/0", "redis://h:-1", "redis://h/first", "unix://"),
        *("redis://h/0?nonsense=1", "redis://h/0?ssl_cert_reqs=none", "redis://:p#w@h/0"),
        *("redis://:p%0A@h/0", "redis://:42?Hunter2@h/0", "redis://:?Hunter2@h/0"),
        *("rediss://h/0?ssl_ca_certs=/nowhere.pem", "rediss://h/0?ssl_cert_reqs=perhaps"),
    ],
    "OLLAMA_HOST": [
        *("ftp://h", "a host", "h?x=1", "a:b:c", "http://h:1:2/v1", "999.1.1.1:11434"),
        "[fe80::1%25eth0]:1",
    ],
    "OLLAMA_MODEL": ["llama 3.2", "a\tb", "llama3.2\u200b", "\ufeffllama3.2", "x" * 201],
    "OLLAMA_API_KEY": ["a key", "two\nlines", "钥匙"],
    "OLLAMA_KEEP_ALIVE": ["soon", "10 minutes", "5x", "9999999h", "9" * 19],
    "OLLAMA_NUM_CTX": ["0", "-1", "4096.5", "1e400", "1" * 5000, "٤٠٩٦", "4_096"],
    "GENERATION_DELAY_SECONDS": ["nan", "inf", "-inf", "-1", "1e300", "a minute", "Infinity"],
    "LEASE_SECONDS": ["0", "nan"],
    "RECONCILE_SECONDS": ["0", "inf"],
    "OLLAMA_TOTAL_SECONDS": ["0", "-5"],
    "WARM_UP_SECONDS": ["-1", "nan"],
    "GENERATION_ATTEMPTS": ["0", "2.5"],
    "STREAMS_PER_USER": ["0", "-1"],
    "SIGNUP": ["maybe"],
    "SMARTCONTENT_BIND": ["127.0.0.1:8000", "999.1.1.1", "http://h", "unix:/run/x", "a b"],
    "PORT": ["0", "65536", "-1", "80.5", "http"],
    "TRUSTED_PROXIES": ["-1", "1.5", "yes"],
    "TRUSTED_HOSTS": ["https://texts.example.org", "*", "texts.example.org:443", "a/b"],
    "SCRIPT_NAME": ["smartcontent", "//evil.example", "/a b", "/a?b", "/..", "/a/../b"],
    "COOKIE_SECURE": ["maybe", "2"],
    "REQUESTS_CA_BUNDLE": ["/nowhere.pem", "/etc/passwd", "/dev/null"],
    "HEARTBEAT_FILE": ["/nowhere/x", "/tmp", "/tmp/" + "x" * 256, "/tmp/" + "x" * 5000],
    "SSL_CERT_FILE": ["/nowhere.pem", "x" * 5000, "/etc/passwd/x"],
    "SMARTCONTENT_HOME": ["\udcff"],
}
TAKEN = [
    ("OLLAMA_MODEL", "'llama3.2 '\r\n", "llama3.2"),
    *(("OLLAMA_HOST", host, host) for host in ("[::1]:1", "::1", "u:p@h:1/x", ":11434", "bücher")),
    ("OLLAMA_MODEL", '  "mistral:7b"', "mistral:7b"),
    ("OLLAMA_MODEL", "hf.co/Ada_L/Tea-2.1-GGUF:Q4_K_M", "hf.co/Ada_L/Tea-2.1-GGUF:Q4_K_M"),
    ("GENERATION_DELAY_SECONDS", ' "0.5"\r', 0.5),
    ("OLLAMA_NUM_CTX", "8192.0", 8192),
    ("COOKIE_SECURE", "Yes", True),
    ("COOKIE_SECURE", "on\r", True),
    ("RQ_DASHBOARD_DELETE", "FALSE", False),
    ("SIGNUP", " Open ", "open"),
    ("OLLAMA_KEEP_ALIVE", "-1", "-1"),
    ("OLLAMA_KEEP_ALIVE", "1h30m", "1h30m"),
    ("SMARTCONTENT_BIND", "::1", "::1"),
    ("SMARTCONTENT_BIND", "[::]", "::"),
    ("SCRIPT_NAME", "/smartcontent/", "/smartcontent"),
    ("TRUSTED_HOSTS", "A.example, *.b.example ::1", ("a.example", ".b.example", "::1")),
    ("DATABASE_URL", "postgres://u@h/db", "postgresql+psycopg://u@h/db"),
    ("DATABASE_URL", "postgres://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
    ("DATABASE_URL", "postgresql+psycopg2://u@[::1]:5432/db", "postgresql+psycopg://u@[::1]:5432/db"),
    ("DATABASE_URL", "PostgreSQL://u@h/db", "postgresql+psycopg://u@h/db"),
    ("REDIS_URL", "REDIS://h/0", "redis://h/0"),
    ("REDIS_URL", "'redis://[::1]:6379/1'\r", "redis://[::1]:6379/1"),
    ("REDIS_URL", "unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
    ("REDIS_URL", "rediss://:p@h:6380/0", "rediss://:p@h:6380/0"),
]  # fmt: skip
SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}


def every(values: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, listed in values.items() for value in listed]


def environment(tmp_path: Path, **values: str) -> dict[str, str]:
    return {"SMARTCONTENT_HOME": str(tmp_path), "SECRET_KEY": SECRET, **values}


@pytest.mark.parametrize(("name", "value"), every(REFUSED), ids=ascii)
def test_value_that_cannot_be_used_is_refused_in_a_sentence(name: str, value: str, tmp_path: Path):
    with pytest.raises(ConfigurationError) as refused:
        from_environment(environment(tmp_path, **{name: value}))

    sentence = str(refused.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert "Hunter2" not in sentence
    assert name not in SECRETS or sentence.startswith(f"{name} cannot be used: ")


@pytest.mark.parametrize(("name", "given", "value"), TAKEN)
def test_value_is_taken_as_it_is_meant(name: str, given: str, value: object, tmp_path: Path):
    assert from_environment(environment(tmp_path, **{name: given}))[name] == value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_blanks_and_quotes_around_any_value_do_not_count(setting, tmp_path: Path):
    given = {"SECRET_KEY": SECRET, "SMARTCONTENT_HOME": str(tmp_path)}
    text = given.get(setting.name, setting.default)

    assert setting.read({setting.name: f'\r\n "{text} " \r'}) == setting.parse(text)
    assert setting.read({setting.name: "''"}) == setting.parse(setting.default)


@pytest.mark.parametrize("ending", ["a?b", "a#b", "50%", "a%3Fb", "a b", "ä&=;"])
def test_home_may_have_any_name(ending: str, tmp_path: Path, databases):
    home = tmp_path / ending
    home.mkdir()
    shutil.copy(databases["sqlite"], home / "smartcontent.db")

    app = create_app(**environment(home))
    with app.app_context():
        make_user("ada@example.org")

    assert [path.name for path in tmp_path.iterdir()] == [ending]
    with closing(sqlite3.connect(home / "smartcontent.db")) as connection:
        assert connection.execute("SELECT email FROM users").fetchall() == [("ada@example.org",)]


def test_database_is_made_in_a_home_of_any_name(tmp_path: Path):
    home = tmp_path / "50%3F a?b#ä"

    upgraded = commands.run("db", "upgrade", env=environment(home))

    assert upgraded.returncode == 0, upgraded.stderr
    assert (home / "smartcontent.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [home.name]


def run(arguments: list[str], env: dict[str, str], **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        arguments,
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **options,
    )


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS.values(),
        [sys.executable, *FLASK, "doctor"],
    ],
    ids=lambda command: " ".join(command[-2:]),
)
def test_every_process_ends_in_a_sentence(command: list[str], tmp_path: Path):
    check_sentence(run(command, environment(tmp_path, LEASE_SECONDS="nan")))


@pytest.mark.parametrize("command", [("db", "upgrade"), ("--help",)], ids=" ".join)
def test_every_command_ends_in_a_sentence(command: tuple[str, ...], tmp_path: Path):
    check_sentence(commands.run(*command, env=environment(tmp_path, LEASE_SECONDS="nan")))


def check_sentence(done: subprocess.CompletedProcess) -> None:
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("LEASE_SECONDS='nan' cannot be used: it must be a ")


WEB_PROCESS_ALONE = [
    *(("WEB_CONCURRENCY", value) for value in ("abc", "0", "2.5")),
    ("GUNICORN_CMD_ARGS", "--nonsense"),
    ("GUNICORN_CMD_ARGS", "--timeout soon"),
    ("GUNICORN_CMD_ARGS", "--workers -3"),
    ("GUNICORN_CMD_ARGS", "-k nonsense"),
    ("GUNICORN_CMD_ARGS", "--logger-class nonsense.X"),
    ("GUNICORN_CMD_ARGS", "--certfile /nowhere"),
    ("LISTEN_FDS", "some"),
]


@pytest.mark.parametrize(("name", "value"), WEB_PROCESS_ALONE)
def test_what_gunicorn_reads_by_itself_is_refused_in_a_sentence(name: str, value: str, tmp_path):
    done = run(COMMANDS["web"], environment(tmp_path, **{name: value}))

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"{name}='{value}' cannot be used: ")


@pytest.mark.parametrize(
    ("begin", "home"),
    [
        (partial(run, COMMANDS["web"]), "/dev/null"),
        (partial(commands.run, "doctor"), "/proc/nowhere"),
    ],
    ids=["web", "flask"],
)
def test_home_that_there_cannot_be_ends_a_process_in_a_sentence(begin: Callable, home: str):
    done = begin(env={"SMARTCONTENT_HOME": home})

    assert done.returncode == 2
    assert f"SMARTCONTENT_HOME='{home}' cannot be used: " in done.stderr
    assert "Traceback" not in done.stderr


def test_empty_file_in_the_place_of_the_secret_is_named(tmp_path: Path):
    (tmp_path / "secret_key").touch()

    with pytest.raises(ConfigurationError, match="secret_key is empty: delete it"):
        at_home(from_environment({"SMARTCONTENT_HOME": str(tmp_path)}))


@pytest.mark.parametrize("address", ["::1", "[::1]", "[::1]:11434", "http://[::1]:11434"])
def test_ollama_is_found_at_an_address_of_ipv6(address: str, tmp_path: Path):
    config = from_environment(environment(tmp_path, OLLAMA_HOST=address))

    assert base_url(config["OLLAMA_HOST"]) == "http://[::1]:11434"


def test_site_is_reached_at_an_address_of_ipv6(settings: dict, tmp_path: Path):
    processes = Processes(settings, tmp_path, SMARTCONTENT_BIND="'::1' \r", WEB_CONCURRENCY="' 1'")
    processes.zygotes = {}  # from the interpreter's start on
    processes.url = f"http://[::1]:{processes.port}"
    try:
        processes.start("web")
        answer = requests.get(f"{processes.url}/readyz", timeout=PATIENCE)
    finally:
        processes.stop()

    assert answer.status_code == 200
