"""The built-in demo model as a server of its own, for as long as something is measured on it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from conftest import wait_until
from processes import free_port

from smartcontent.local.model_file import DEMO_NAME

ROOT = Path(__file__).parents[2]


@contextmanager
def demo_model() -> Iterator[tuple[str, str]]:
    """Its address and its name, once it is loaded."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "smartcontent.local.model_server",
        "--port", str(port),
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def is_loaded() -> bool:
        try:
            return bool(requests.get(f"{url}/api/ps", timeout=1).json()["models"])
        except requests.RequestException:
            return False

    try:
        wait_until(is_loaded, every=0.2)
        yield url, DEMO_NAME
    finally:
        process.kill()
        process.wait()
