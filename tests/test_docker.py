"""The image and the compose file agree with the product; read as text, so no engine is needed."""

import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

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
    "ollama": {"OLLAMA_NUM_PARALLEL"},
    "pull": {"OLLAMA_HOST", "OLLAMA_MODEL"},
}
FAKE_OLLAMA = r"""#!/bin/sh
[ "$1" = show ] && exec test -e pulled
[ -e failed ] || { touch failed; echo "Error: no route to host"; exit 1; }
frame() { printf '\033[?2026h\033[?25l\033[A\033[1Gpulling manifest \342\240\213 \033[K\n'
          printf 'pulling dde5aa3fc5ff: %s \342\226\225\342\226\217 2.0 GB\033[K' "$1"; }
for percent in ' 45%' ' 45%' ' 46%' '100%'; do frame "$percent"; done
printf '\nsuccess \033[K\n'
touch pulled
"""


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
        assert not re.search(r"^    (environment|env_file|volumes|image):", SERVICES[name], re.M)


def test_every_variable_is_a_setting_of_the_product_or_of_the_image_it_is_for() -> None:
    assert names(SECTIONS["x-app"]) <= set(DEFAULTS)
    assert {name: names(SERVICES[name]) for name in THEIRS} == THEIRS


def test_what_a_user_may_set_has_the_same_default_with_and_without_docker() -> None:
    asked_for = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE))

    assert {name: DEFAULTS[name] for name in asked_for.keys() - PASSWORDS} == {
        name: default for name, default in asked_for.items() if name not in PASSWORDS
    }


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
    started = set(re.findall(r"[\w.]+\.py", " ".join(commands))) | {"wsgi.py"}
    copied = " ".join(re.findall(r"^COPY (.*)", DOCKERFILE, re.M)).split()
    let_in = re.findall(r"^!(.*)", (ROOT / ".dockerignore").read_text(), re.M)

    assert started == {"worker.py", "scheduler.py", "wsgi.py", "gunicorn.conf.py"}
    assert started <= set(copied)
    for name in {"smartcontent", "requirements.txt", *started}:
        assert (ROOT / name).exists()
        assert name in let_in


def test_every_image_is_pinned_and_ours_does_not_run_as_root() -> None:
    images = re.findall(
        r"^(?:FROM|x-ollama-image: &\w+| +image:) ([^*\n]\S+)", COMPOSE + DOCKERFILE, re.M
    )

    assert sorted(image for image in images if not re.search(r":\d+\.\d+", image)) == [
        "smartcontent"
    ]
    assert int(re.findall(r"^USER (.*)", DOCKERFILE, re.M)[-1]) > 0


@pytest.mark.parametrize(("answer", "exit_code"), [(200, 0), (503, 1)])
def test_health_check_asks_the_web_process(answer: int, exit_code: int) -> None:
    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    check = json.loads(re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE, re.M)[0])
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        Thread(target=server.handle_request, daemon=True).start()
        environ = {"PORT": str(server.server_port), "http_proxy": "http://127.0.0.1:9"}

        done = subprocess.run([sys.executable, *check[1:]], env=environ, timeout=10)

    assert done.returncode == exit_code


def test_pull_tries_again_and_logs_each_percentage_once(tmp_path: Path) -> None:
    for program, text in {"ollama": FAKE_OLLAMA, "sleep": "#!/bin/sh\n"}.items():
        (tmp_path / program).write_text(text)
        (tmp_path / program).chmod(0o755)
    script = SERVICES["pull"].split("- |\n")[1].replace("$$", "$")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "OLLAMA_MODEL": "tiny"}

    done = subprocess.run(
        ["sh", "-c", script], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=20
    )

    said = [re.sub(r" [^ -~].*", "", line).strip() for line in done.stdout.splitlines()]
    assert said == [
        "Error: no route to host",
        "pulling manifest",
        "pulling dde5aa3fc5ff:  45%",
        "pulling dde5aa3fc5ff:  46%",
        "pulling dde5aa3fc5ff: 100%",
        "success",
        "tiny is ready",
    ]
