"""What the Ollama server is to download: what somebody asked for, and the usual model by itself.

With OLLAMA_PULL=1 nobody has to ask for OLLAMA_MODEL. What goes wrong then is said on the cards,
by `flask doctor` and in the log, and tried again after pauses that grow.
"""

import contextlib
import logging
import threading
import time

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.models.download import Download
from smartcontent.ollama import OllamaError, PullProgress, canonical
from smartcontent.ollama.configured import comes_by_itself, ollama
from smartcontent.progress.readiness import Readiness, Stage

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 120.0
_STEPS = 20  # a log has a line for each 5 % of a download


class Downloads:
    """The downloads that this process looks after, each in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        # All by canonical names: `llama3.2` and `Llama3.2:latest` are one download.
        self._threads: dict[str, threading.Thread] = {}
        # How far each is, as its thread writes and the next look tells.
        self._shares: dict[str, float | None] = {}
        self._problems: dict[str, OllamaError] = {}
        self._usual_is_there = False
        self._failures = 0
        self._try_at = 0.0

    def look(self) -> dict[str, Readiness]:
        """Begin what is to be downloaded; answers how far each model of these is."""
        wanted = set()
        for asked in Download.wanted():
            if not comes_by_itself(asked.model):
                wanted.add(asked.model)
                self._begin(asked.model)
            if self.is_under_way(asked.model) and asked.is_to_be_renewed():
                Download.want(asked.model)
        if current_app.config["OLLAMA_PULL"] and not self._has_usual():
            wanted.add(current_app.config["OLLAMA_MODEL"])
        return {model: self.found(model) for model in wanted}

    def is_under_way(self, model: str) -> bool:
        thread = self._threads.get(canonical(model))
        return thread is not None and thread.is_alive()

    def found(self, model: str) -> Readiness:
        """What is to be said of a model that the Ollama server does not have."""
        if self.is_under_way(model):
            return _pulling(model, self._shares.get(canonical(model)))
        problem = self._problems.get(canonical(model))
        if not comes_by_itself(model):
            if problem:
                return Readiness(model, Stage.MISSING, problem.cause, problem.values)
            return Readiness(model, Stage.MISSING, "not_downloaded", {"model": model})
        self._usual_is_there = False
        if problem is None:
            return _pulling(model, None)
        # The drafts wait for what may pass by itself.
        stage = Stage.PULLING if problem.transient else Stage.PROBLEM
        return Readiness(model, stage, problem.cause, problem.values, is_tried_again=True)

    def _has_usual(self) -> bool:
        """Whether the usual model is there; begins its download, but not right after a failure."""
        model = current_app.config["OLLAMA_MODEL"]
        is_for_later = self.is_under_way(model) or time.monotonic() < self._try_at
        if self._usual_is_there or is_for_later:
            return self._usual_is_there
        try:
            self._usual_is_there = ollama().has_model(model)
        except OllamaError as error:
            self._failed(model, error)
            return False
        if self._usual_is_there:
            self._problems.pop(canonical(model), None)
            self._failures = 0
            Download.ended(model)
        else:
            Download.want(model)
            self._begin(model)
        return self._usual_is_there

    def _begin(self, model: str) -> None:
        if self.is_under_way(model):
            return

        def run() -> None:
            with self._app.app_context():
                self._pull(model)

        thread = threading.Thread(target=run, name=f"pull {model}", daemon=True)
        self._threads[canonical(model)] = thread
        thread.start()

    def _pull(self, model: str) -> None:
        log.info("model=%s is not there, downloading it", model)
        self._problems.pop(canonical(model), None)
        try:
            for progress in ollama().pull(model):
                self._note(model, progress)
            log.info("model=%s downloaded", model)
            self._pause()  # where it is still missed after that, not again at once
            problem = None
        except OllamaError as error:
            self._failed(model, error)
            problem = error
        self._shares.pop(canonical(model), None)
        # While the database is away it stays wanted: it is begun again, and ends as this one did.
        with contextlib.suppress(SQLAlchemyError):
            self._put_on_record(model, problem)

    def _put_on_record(self, model: str, problem: OllamaError | None) -> None:
        if problem and comes_by_itself(model):
            Download.want(model, fails=not problem.transient)
        else:
            Download.ended(model)

    def _note(self, model: str, progress: PullProgress) -> None:
        share, before = progress.share, self._shares.get(canonical(model)) or 0.0
        self._shares[canonical(model)] = share
        if share and int(share * _STEPS) > int(before * _STEPS):
            log.info("model=%s downloaded=%.0f%%", model, share * 100)

    def _failed(self, model: str, error: OllamaError) -> None:
        self._problems[canonical(model)] = error
        again = f" Tried again in {self._pause():g} s." if comes_by_itself(model) else ""
        log.warning(
            "model=%s not downloaded cause=%s: %s%s detail=%s",
            model, error.cause, error, again, error.detail,
        )  # fmt: skip

    def _pause(self) -> float:
        """Leave the usual model alone for a while, each time for longer; answers the seconds."""
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures = min(self._failures + 1, 10)
        self._try_at = time.monotonic() + pause
        return pause


def _pulling(model: str, share: float | None) -> Readiness:
    cause = "downloading" if share is None else "downloaded_in_part"
    return Readiness(model, Stage.PULLING, cause, progress=share)
