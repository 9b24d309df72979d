"""The client as the settings have it."""

import logging

from flask import current_app

from smartcontent.ollama import Ollama, canonical

log = logging.getLogger(__name__)


def ollama() -> Ollama:
    """The client for the configured server."""
    config = current_app.config
    return Ollama(
        config["OLLAMA_HOST"],
        first_byte_seconds=config["OLLAMA_FIRST_BYTE_SECONDS"],
        gap_seconds=config["OLLAMA_GAP_SECONDS"],
        total_seconds=config["OLLAMA_TOTAL_SECONDS"],
        api_key=config["OLLAMA_API_KEY"] or None,
        ca=config["REQUESTS_CA_BUNDLE"] or config["SSL_CERT_FILE"],
    )


def is_usual(model: str) -> bool:
    """Whether it is OLLAMA_MODEL, under whatever name."""
    return canonical(model) == canonical(current_app.config["OLLAMA_MODEL"])


def comes_by_itself(model: str) -> bool:
    """Whether it is downloaded where it is missing, and nobody has to ask for it."""
    return bool(current_app.config["OLLAMA_PULL"]) and is_usual(model)
