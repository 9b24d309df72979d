"""What to do where no Ollama answers, by where it should be."""

import os
from urllib.parse import urlsplit

# What Docker and Podman call the machine that a container runs on.
_THIS_MACHINE = ("host.docker.internal", "host.containers.internal")
_HERE = ("localhost", "127.0.0.1", "::1")


def how_to_reach(url: str) -> str:
    """What to do where no Ollama answers; a container and its machine do not share 127.0.0.1."""
    name = urlsplit(url).hostname or ""
    if name in _THIS_MACHINE:
        return (
            "start it on the machine itself with OLLAMA_HOST=0.0.0.0, so that containers reach it"
        )
    if "container" not in os.environ:  # by convention: our image sets it, and Podman everywhere
        return "start it with `ollama serve` or check OLLAMA_HOST"
    if name in _HERE:
        return (
            "this is the container itself, so set OLLAMA_HOST=host.docker.internal for the Ollama "
            "of the machine, OLLAMA_HOST=ollama for the one of docker-compose.yml"
        )
    return "see that it is running there or check OLLAMA_HOST"
