"""What the stack uses for Redis and for Ollama: the user's own, or what it brings along."""

import ctypes
import http.client
import importlib.util
import json
import platform
import re
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from smartcontent.local import redis_server
from smartcontent.local.home import Refusal, kept_port, socket_in
from smartcontent.local.model_file import DEMO_NAME, demo_path, name_of
from smartcontent.local.supervisor import Part

# Where nobody listens that is known at once; an Ollama that is busy may take a moment.
ANSWER_SECONDS = 3.0
_OLLAMA = ("127.0.0.1", 11434)


class Found(Enum):
    """What is at an address."""

    OLLAMA = "ollama"
    ANOTHER = "another"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Choice:
    """One line for the user, what the other parts are told, and what has to run for it."""

    note: str
    environment: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    is_loaded: Callable[[], bool] = lambda: True  # the part that is there has read its files


def choose_redis(environ: Mapping[str, str], home: Path) -> Choice:
    """The server REDIS_URL names, or an embedded Valkey whose data stay in the folder.

    Raises:
        Refusal: neither is there.
    """
    if environ.get("REDIS_URL"):
        return Choice(f"Redis: {_without_password(environ['REDIS_URL'])} (REDIS_URL)")
    if redis_server.binary() is None:
        raise Refusal("There is no embedded Redis for this machine: set REDIS_URL.")
    folder = home / "redis"
    address = socket_in(folder)
    part = Part(
        "redis",
        (sys.executable, "-I", redis_server.__file__, str(folder), str(address)),
        ready=partial(_is_our_redis, address),
        # A warning for big data sets, which would greet every new user.
        unsaid="Memory overcommit must be enabled",
        round=2,
        orphaned="SIGTERM",
    )
    note = f"Redis: embedded Valkey in {_shown(folder)} (REDIS_URL is not set)"
    return Choice(note, {"REDIS_URL": f"unix://{quote(str(address))}?db=0"}, (part,))


def choose_ollama(environ: Mapping[str, str], home: Path) -> Choice:
    """The server OLLAMA_HOST names, one at Ollama's own address, or the built-in model."""
    if environ.get("OLLAMA_HOST"):
        return Choice(f"Ollama: {_without_password(environ['OLLAMA_HOST'])} (OLLAMA_HOST)")
    found = _at_ollamas_address(*_OLLAMA)
    if found is Found.OLLAMA:
        return Choice("Ollama: found at 127.0.0.1:11434")
    choice = _without_ollama(environ, home)
    if found is Found.ANOTHER:
        stranger = "what answers at 127.0.0.1:11434 is another program, not Ollama"
        return replace(choice, note=f"{choice.note} ({stranger})")
    return choice


def _without_ollama(environ: Mapping[str, str], home: Path) -> Choice:
    given = environ.get("EMBEDDED_MODEL_PATH")
    path = Path(given).absolute() if given else None
    missing = missing_for_model(path or demo_path())
    if missing:
        return Choice(f"Ollama: none, texts cannot be written yet. {missing}")
    return _built_in(environ, home, path)


def _built_in(environ: Mapping[str, str], home: Path, path: Path | None) -> Choice:
    port = kept_port(home / "model.port")
    part = Part(
        "model",
        (sys.executable, "-m", "smartcontent.local.model_server", "--port", str(port)),
        round=1,
    )
    name = name_of(path) if path else DEMO_NAME
    environment = {"OLLAMA_HOST": f"127.0.0.1:{port}", "OLLAMA_MODEL": name}
    if path:
        environment["EMBEDDED_MODEL_PATH"] = str(path)
        note = f"Ollama: built-in, with {path} (EMBEDDED_MODEL_PATH)"
    else:
        environment["SMARTCONTENT_DEMO_MODEL"] = "1"
        note = "Ollama: built-in demo model SmolLM2-135M; set OLLAMA_HOST to use your own"
    if environ.get("OLLAMA_MODEL") not in {None, "", name}:
        note += f" (OLLAMA_MODEL={environ['OLLAMA_MODEL']} is not there and not used)"
    return Choice(note, environment, (part,), partial(_is_loaded, port))


def missing_for_model(path: Path | None) -> str | None:
    """Why the built-in model cannot run here, with the remedy; None when it can."""
    if importlib.util.find_spec("xllamacpp") is None or path is None:
        return "The built-in model is not installed: run `make install`, or set OLLAMA_HOST."
    if not path.is_file():
        return f"EMBEDDED_MODEL_PATH: there is no file {path}."
    if sys.platform == "linux" and not _loads("libgomp.so.1"):
        return (
            "The built-in model needs libgomp.so.1: `apt-get install libgomp1`, then start again."
        )
    if not _has_avx2():
        return "The built-in model needs a processor with AVX2: set OLLAMA_HOST."
    return None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_avx2() -> bool:
    """Without it the model's library ends its process by SIGILL instead of saying so."""
    cpuinfo = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not cpuinfo.exists():
        return True
    return " avx2 " in cpuinfo.read_text()


def _without_password(url: str) -> str:
    """The address without what opens it: all before its last @, and what follows password=."""
    shown = re.sub(r"([?&]password=)[^&]*", r"\1…", url)
    return re.sub(r"^(\w+://)?.*@", r"\1…@", shown, flags=re.DOTALL)


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _is_our_redis(address: Path, pid: int) -> bool:
    """Whether the server on the socket has loaded its data and is the process we started."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(0.5)
            link.connect(str(address))
            link.sendall(b"INFO server\r\nINFO persistence\r\nQUIT\r\n")
            answer = b"".join(iter(partial(link.recv, 65536), b"")).decode()
    except OSError:
        return False
    return f"process_id:{pid}\r\n" in answer and "\r\nloading:0\r\n" in answer


def _at_ollamas_address(address: str, port: int) -> Found:
    try:
        _, said = _asked(address, port, "/api/version", seconds=ANSWER_SECONDS)
        return Found.OLLAMA if "version" in json.loads(said) else Found.ANOTHER
    except OSError:
        return Found.NOTHING
    except (ValueError, TypeError, http.client.HTTPException):
        return Found.ANOTHER


def _is_loaded(port: int) -> bool:
    """Whether the built-in model could write at once."""
    try:
        _, said = _asked("127.0.0.1", port, "/api/ps")
        return bool(json.loads(said)["models"])
    except (OSError, ValueError, http.client.HTTPException):
        return False


def page_answers(url: str, _pid: int) -> bool:
    """Whether the page is served, whatever it redirects to."""
    parts = urlsplit(url)
    try:
        status, _ = _asked(parts.hostname or "", parts.port, "/")
    except (OSError, http.client.HTTPException):
        return False
    return status < 500


def can_write(url: str, is_loaded: Callable[[], bool], _pid: int) -> bool:
    """Whether a text could be written now: all the processes are there, and so is the model."""
    parts = urlsplit(url)
    try:
        _, said = _asked(parts.hostname or "", parts.port, "/readyz")
        states = {each["name"]: each["state"] for each in json.loads(said)["dependencies"]}
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return False
    return "down" not in states.values() and states["ollama"] == "ok" and is_loaded()


def _asked(host: str, port: int | None, path: str, seconds: float = 5) -> tuple[int, bytes]:
    """The status of an answer, and the beginning of what it says."""
    link = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read(10_000)
    finally:
        link.close()
