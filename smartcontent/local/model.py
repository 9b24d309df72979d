"""The model in memory: llama.cpp by way of xllamacpp, one text at a time."""

import json
import os
import secrets
import threading
from collections.abc import Callable
from typing import Any

import xllamacpp

from smartcontent.local.model_file import ModelFile
from smartcontent.local.turns import Gone

Chunk = dict[str, Any]
CONTEXT = 4096
_LOOK_SECONDS = 0.1
# Reading the prompt can be cancelled after each so many tokens: about 0.3 s, at no loss of speed.
_BATCH = 64
_CACHE_MIB = 128  # of prompts that are read: nine of a usual brief


class ModelError(Exception):
    """llama.cpp refused or failed; `status` is what HTTP says of it."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def _cores() -> int:
    """How many this process may use, which may be fewer than there are; no Mac says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parameters(file: ModelFile) -> xllamacpp.CommonParams:
    cores = _cores()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file.path)
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.n_batch = _BATCH
    # Threads that wait for a preempted one spin: leave a core to the web process and the worker.
    parameters.cpuparams.n_threads = max(1, cores - 1)
    parameters.cpuparams_batch.n_threads = cores
    # What was read for a draft is still there after another text, but not up to 8 GiB of it.
    parameters.cache_ram_mib = _CACHE_MIB
    parameters.verbosity = 0
    # llama.cpp always opens a port of its own; nobody knows the key to it.
    parameters.port = 0
    parameters.api_keys = [secrets.token_urlsafe(32)]
    return parameters


class Model:
    """A model that is being loaded, or ready, or could not be loaded."""

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self._server: xllamacpp.Server | None = None
        self._failure: str | None = None
        self._settled = threading.Event()

    @property
    def loaded(self) -> bool:
        return self._server is not None

    def load(self, progress: Callable[[int], None]) -> str | None:
        """Load the file; why it failed, or None."""
        try:
            self.file.read_ahead(progress)
            self._server = xllamacpp.Server(_parameters(self.file))
        except (OSError, RuntimeError, ValueError) as error:
            self._failure = f"the model could not be loaded: {error}"
        finally:
            self._settled.set()
        return self._failure

    def wait(self, gone: Callable[[], bool]) -> None:
        """Wait until the model is loaded.

        Raises:
            Gone: `gone()` came true in the wait.
            ModelError: it could not be loaded.
        """
        while not self._settled.wait(_LOOK_SECONDS):
            if gone():
                raise Gone
        if self._failure:
            raise ModelError(self._failure, 500)

    def write(self, request: Chunk, take: Callable[[Chunk], bool]) -> None:
        """Hand each chunk of the answer to `take`, which returns True to end it.

        It is called while the prompt is read, too. It must not raise: llama.cpp is its caller.

        Raises:
            ModelError: the request cannot be answered; the text is llama.cpp's JSON, as Ollama's.
        """
        refusals: list[Chunk] = []

        def look(chunk: Chunk) -> bool:
            if "error" in chunk:
                refusals.append(chunk)
                return True
            return take(chunk)

        self._call(request, look)
        if refusals:
            error = refusals[0]
            text = json.dumps(error, separators=(",", ":"))
            raise ModelError(text, int(error["error"].get("code", 500)))

    def _call(self, request: Chunk, look: Callable[[Chunk], bool]) -> None:
        assert self._server is not None
        answer = (
            self._server.handle_chat_completions
            if "messages" in request
            else self._server.handle_completions
        )
        try:
            answer({**request, "stream": True, "return_progress": True}, look)
        except ValueError as error:
            raise ModelError(str(error), 400) from error
