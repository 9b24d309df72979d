"""Before a draft is due: is all there that it needs? The model is loaded while there is time.

A thread of the scheduler process looks every two seconds at the models of the drafts that are due
within a minute. What it finds stands on their cards before the due time instead of failing after
it. Several schedulers may look at once: loading a loaded model costs nothing, and Ollama joins
downloads of the same model.
"""

import contextlib
import logging
import threading
import time

import redis as redis_py
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.health.finding import Finding, State
from smartcontent.health.ollama_server import check_ollama
from smartcontent.health.processes import check_workers
from smartcontent.health.redis_server import check_redis
from smartcontent.models import now
from smartcontent.ollama import OllamaError, canonical
from smartcontent.ollama.configured import ollama
from smartcontent.preflight.downloads import Downloads
from smartcontent.preflight.needs import Need, needed_soon, prepared
from smartcontent.preflight.reading_ahead import ReadingAhead, loaded_before
from smartcontent.progress import readiness
from smartcontent.progress.readiness import Readiness, Stage
from smartcontent.prompts.request import Request
from smartcontent.stores.redis_answers import trouble
from smartcontent.upkeep.duties import Duty
from smartcontent.writing.room_to_think import with_room_to_think

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
LIST_SECONDS = 30.0
# Loaded this recently, a model is still there: Ollama is asked to keep it for longer than that.
WARM_FOR_SECONDS = 30.0
# Somebody may name every model there is; Ollama loads them one after the other.
LOADED_AT_ONCE = 4


class Preflight(Duty):
    """Looks after the models of the drafts that are due soon."""

    def __init__(self, app: Flask) -> None:
        super().__init__("scheduler", "preflight", self.turn)
        self._app = app
        # By canonical names, what was tried lately: when, and what went wrong.
        self._tried: dict[str, tuple[float, OllamaError | None]] = {}
        self._loading: dict[str, threading.Thread] = {}
        self._told: dict[str, Readiness] = {}
        self._redis = ""
        self._list_at = 0.0
        self._has_asked_ollama = False
        self._downloads = Downloads(app)
        self._reading = ReadingAhead(app)

    def make_way(self, _job_ids: list[str]) -> None:
        """Leave Ollama to the drafts that were moved to the queue."""
        self._reading.give_up()

    def turn(self) -> None:
        """Look, and wait until it is time to look again."""
        started = time.monotonic()
        try:
            with self._app.app_context():
                self.look()
                self._ask_ollama_once()
                self._list_models()
        except SQLAlchemyError as error:
            log.warning("not looked, trying again: %s", error)
        except redis_py.RedisError as error:
            log.warning("not looked, trying again: %s", trouble(error))
        time.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - started)))

    def look(self) -> None:
        """Look at every model that is needed soon, and tell what was found."""
        self._note(check_redis())
        downloads = self._downloads.look()
        needs = needed_soon()
        # Asked once for all of them: somebody may have named hundreds that are not there.
        there, workers = _models_there() if needs else set(), check_workers()
        self._forget_what_is_over()
        told: set[str] = set()
        for model, need in needs.items():
            if self._may_be_loaded(model, there, workers):
                self._load_in_time(model, need)
            for name, user_ids in need.user_ids.items():
                self._tell(self._found(name, there, workers), user_ids)
            told |= need.user_ids.keys()
            self.go_on()
        self._reading.look(needs, self._is_loaded, self.go_on)
        for name in downloads.keys() - told:
            self._tell(downloads[name], set())
        for name in self._told.keys() - told - downloads.keys():
            del self._told[name]

    def _list_models(self) -> None:
        """Have the form of a brief know what there is to choose from."""
        if time.monotonic() < self._list_at:
            return
        self._list_at = time.monotonic() + LIST_SECONDS
        with contextlib.suppress(OllamaError):  # told where a model is needed
            readiness.note_models(ollama().models())

    def _note(self, redis: Finding) -> None:
        """Log what is wrong with Redis when it begins, such as a right that is missing."""
        if redis.cause != self._redis:
            _warn_of(redis)
        self._redis = redis.cause

    def _ask_ollama_once(self) -> None:
        """Log at the start what would fail the first draft; later on it stands on the cards."""
        if not self._has_asked_ollama:
            self._has_asked_ollama = True
            _warn_of(check_ollama())

    def _tell(self, found: Readiness, user_ids: set[int]) -> None:
        is_news = self._told.get(found.model) != found
        self._told[found.model] = found
        readiness.tell(found, user_ids if is_news else ())

    def _forget_what_is_over(self) -> None:
        for model, (moment, _) in list(self._tried.items()):
            if time.monotonic() - moment >= WARM_FOR_SECONDS:
                del self._tried[model]
        self._loading = {name: each for name, each in self._loading.items() if each.is_alive()}

    def _may_be_loaded(self, model: str, there: set[str] | OllamaError, workers: Finding) -> bool:
        is_there = not isinstance(there, OllamaError) and model in there
        return is_there and workers.state is State.OK and not self._downloads.is_under_way(model)

    def _load_in_time(self, model: str, need: Need) -> None:
        """Have it loaded as long before the first draft is due as it takes to read that."""
        if model in self._tried or model in self._loading or len(self._loading) >= LOADED_AT_ONCE:
            return
        first = prepared(need)
        if first and need.due_at - now() <= loaded_before(first.seconds):
            self._begin_to_load(model, first.request)

    def _found(self, name: str, there: set[str] | OllamaError, workers: Finding) -> Readiness:
        """What is to be said of a model under one of its names."""
        if self._downloads.is_under_way(name):
            return self._downloads.found(name)
        if isinstance(there, OllamaError):
            return Readiness(name, Stage.PROBLEM, there.cause, there.values)
        if canonical(name) not in there:
            return self._downloads.found(name)
        if workers.state is not State.OK:
            why = {"finding": workers.cause, "remedy": workers.remedy}
            return Readiness(name, Stage.PROBLEM, "nobody_writes", why)
        return self._warmth(name)

    def _warmth(self, name: str) -> Readiness:
        model = canonical(name)
        if self._is_being_loaded(model):
            return Readiness(name, Stage.WARMING, "loading")
        if model not in self._tried:
            return Readiness(name, Stage.READY, "there")
        _, problem = self._tried[model]
        if problem is not None:
            return Readiness(name, Stage.PROBLEM, problem.cause, problem.values)
        return Readiness(name, Stage.READY, "loaded")

    def _is_loaded(self, model: str) -> bool:
        _, problem = self._tried.get(model, (0.0, None))
        return model in self._tried and problem is None and not self._is_being_loaded(model)

    def _begin_to_load(self, model: str, request: Request) -> None:
        def run() -> None:
            with self._app.app_context():
                problem = self._loaded(request)
            # After a failure, too: it is not tried twice a second.
            self._tried[model] = time.monotonic(), problem

        thread = threading.Thread(target=run, name=f"load {model}", daemon=True)
        self._loading[model] = thread
        thread.start()

    def _is_being_loaded(self, model: str) -> bool:
        thread = self._loading.get(model)
        return thread is not None and thread.is_alive()

    def _loaded(self, request: Request) -> OllamaError | None:
        """Have it loaded; what went wrong, if anything did."""
        try:
            # The very options of the text: with others, Ollama would load the model once more.
            keep_alive = current_app.config["OLLAMA_KEEP_ALIVE"]
            options = with_room_to_think(request).options
            ollama().load(request.model, options, keep_alive)
        except OllamaError as error:
            log.warning(
                "model=%s not loaded cause=%s detail=%s", request.model, error.cause, error.detail
            )
            return error
        return None


def _warn_of(found: Finding) -> None:
    if found.state is not State.OK:
        log.warning("%s: %s", found.cause, found.remedy)


def _models_there() -> set[str] | OllamaError:
    """The models that the Ollama server has, or why it does not say."""
    try:
        return {canonical(model) for model in ollama().models()}
    except OllamaError as error:
        return error
