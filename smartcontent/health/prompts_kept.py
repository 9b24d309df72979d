"""How much memory the Ollama on this machine may fill with prompts that it has read."""

import os
import re
from urllib.parse import urlsplit

from flask import current_app

from smartcontent.health.finding import Finding, degraded, ok
from smartcontent.ollama import OllamaError
from smartcontent.ollama.configured import ollama

# Since this version each model is a llama-server, which keeps so much unless it is told otherwise.
SINCE = (0, 30)
KEPT_GIB = 8
ENOUGH_GIB = 16
VARIABLE = "LLAMA_ARG_CACHE_RAM"
_HERE = ("127.0.0.1", "::1", "localhost")


def check_prompts_kept() -> Finding:
    """Whether prompts that are kept leave this machine enough memory.

    Of an Ollama elsewhere nothing is known, nor of what is set for it: where the variable is set
    for us, it is taken to be set for both.
    """
    installed = _memory_gib()
    if installed >= ENOUGH_GIB or VARIABLE in os.environ or not _may_keep():
        return ok("the prompts that Ollama keeps have room")
    return degraded(
        f"Ollama may keep {KEPT_GIB} GiB of prompts, and this machine has {installed:.0f} GiB",
        f"set {VARIABLE}=1024 (MiB) for Ollama, and for this command so that it knows",
    )


def _may_keep() -> bool:
    """Whether the server is an Ollama on this machine that keeps prompts by itself."""
    server = ollama()
    if current_app.config["SMARTCONTENT_DEMO_MODEL"] or urlsplit(server.url).hostname not in _HERE:
        return False
    try:
        version = re.match(r"(\d+)\.(\d+)", server.version())
    except OllamaError:  # told by another check
        return False
    return version is not None and (int(version[1]), int(version[2])) >= SINCE


def _memory_gib() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
