"""Ollama's HTTP API: the only place that knows it."""

from smartcontent.ollama.address import base_url, canonical
from smartcontent.ollama.answer import Answer
from smartcontent.ollama.client import Ollama, PullProgress
from smartcontent.ollama.errors import OllamaError
from smartcontent.ollama.exchange import TICK, NoThread

__all__ = [
    "TICK",
    "Answer",
    "NoThread",
    "Ollama",
    "OllamaError",
    "PullProgress",
    "base_url",
    "canonical",
]
