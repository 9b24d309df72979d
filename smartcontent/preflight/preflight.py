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
from datetime import timedelta

import redis as redis_py
from flask import Flask, current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.health.finding import Finding, State
from smartcontent.health.ollama_server import check_ollama
from smartcontent.health.processes import check_workers
from smartcontent.health.redis_server import check_redis
from smartcontent.models import Content, Draft, now
from smartcontent.models.status import WAITS
from smartcontent.ollama import OllamaError, canonical
from smartcontent.ollama.configured import ollama
from smartcontent.preflight.downloads import Downloads
from smartcontent.preflight.reading_ahead import (
    Need,
    ReadingAhead,
    loaded_before,
    seconds_to_read,
)
from smartcontent.progress import readiness
from smartcontent.progress.readiness import Readiness, Stage
from smartcontent.prompts.request import (
    Request,
    SourceGone,
    model_of,
    request_for,
    request_of,
)
from smartcontent.stores.redis_answers import trouble
from smartcontent.stores.sql import db, one_of, only_read
from smartcontent.upkeep.duties import Duty
from smartcontent.writing.room_to_think import with_room_to_think

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
LIST_SECONDS = 30.0
AHEAD = timedelta(seconds=65)
# Loaded this recently, a model is still there: Ollama is asked to keep it for longer than that.
WARM_FOR_SECONDS = 30.0
MOST_DRAFTS = 500


class Preflight(Duty):
    """Looks after the models of the drafts that are due soon."""

    def __init__(self, app: Flask) -> None:
        super().__init__("scheduler", "preflight", self.turn)
        self._app = app
        self._warmed_at: dict[str, float] = {}
        self._problems: dict[str, OllamaError] = {}
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
        for model, need in needs.items():
            self._tell(self._found(model, need, there, workers), need.user_ids)
            self.go_on()
        self._reading.look(needs, self._is_loaded)
        for model in downloads.keys() - needs.keys():
            self._tell(downloads[model], set())
        for model in self._told.keys() - needs.keys() - downloads.keys():
            del self._told[model]

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

    def _found(
        self, model: str, need: Need, there: set[str] | OllamaError, workers: Finding
    ) -> Readiness:
        if self._downloads.is_under_way(model):
            return self._downloads.found(model)
        if isinstance(there, OllamaError):
            return Readiness(model, Stage.PROBLEM, there.cause, there.values)
        if canonical(model) not in there:
            return self._downloads.found(model)
        if workers.state is not State.OK:
            why = {"finding": workers.cause, "remedy": workers.remedy}
            return Readiness(model, Stage.PROBLEM, "nobody_writes", why)
        return self._warmth(model, need)

    def _warmth(self, model: str, need: Need) -> Readiness:
        assert need.draft.due_at is not None
        is_warm = self._was_tried_lately(model)
        if need.draft.due_at - now() <= loaded_before(need) and not is_warm:
            self._begin_to_load(need.request)
        if self._is_being_loaded(model):
            return Readiness(model, Stage.WARMING, "loading")
        if model in self._problems and is_warm:  # tried a moment ago, not an hour ago
            problem = self._problems[model]
            return Readiness(model, Stage.PROBLEM, problem.cause, problem.values)
        return Readiness(model, Stage.READY, "loaded" if is_warm else "there")

    def _was_tried_lately(self, model: str) -> bool:
        return time.monotonic() - self._warmed_at.get(model, -1e9) < WARM_FOR_SECONDS

    def _is_loaded(self, model: str) -> bool:
        is_being = self._is_being_loaded(model)
        return self._was_tried_lately(model) and model not in self._problems and not is_being

    def _begin_to_load(self, request: Request) -> None:
        if self._is_being_loaded(request.model):
            return

        def run() -> None:
            with self._app.app_context():
                self._load(request)

        thread = threading.Thread(target=run, name=f"load {request.model}", daemon=True)
        self._loading[request.model] = thread
        thread.start()

    def _is_being_loaded(self, model: str) -> bool:
        thread = self._loading.get(model)
        return thread is not None and thread.is_alive()

    def _load(self, request: Request) -> None:
        model = request.model
        try:
            # The very options of the text: with others, Ollama would load the model once more.
            keep_alive = current_app.config["OLLAMA_KEEP_ALIVE"]
            options = with_room_to_think(request).options
            ollama().load(model, options, keep_alive)
            self._problems.pop(model, None)
        except OllamaError as error:
            self._problems[model] = error
            log.warning("model=%s not loaded cause=%s detail=%s", model, error.cause, error.detail)
        # After a failure, too: it is not tried twice a second.
        self._warmed_at[model] = time.monotonic()


def _warn_of(found: Finding) -> None:
    if found.state is not State.OK:
        log.warning("%s: %s", found.cause, found.remedy)


def _models_there() -> set[str] | OllamaError:
    """The models that the Ollama server has, or why it does not say."""
    try:
        return {canonical(model) for model in ollama().models()}
    except OllamaError as error:
        return error


def needed_soon() -> dict[str, Need]:
    """The models of the drafts that are due within a minute or wait already.

    Of very many the first of each user, so that nobody's hide behind another's.
    """
    only_read()
    place = func.row_number().over(partition_by=Draft.user_id, order_by=(Draft.due_at, Draft.id))
    soon = select(Draft.id).where(Draft.status.in_(WAITS), Draft.due_at < now() + AHEAD)
    first = soon.order_by(place, Draft.due_at).limit(MOST_DRAFTS)
    drafts = db.session.scalars(
        select(Draft)
        .join(Content, Content.id == Draft.content_id)
        .where(one_of(Draft.id, first))
        .order_by(Draft.due_at, Draft.id)
    ).all()
    needs: dict[str, Need] = {}
    for draft in drafts:
        model = model_of(draft)
        if model not in needs:
            request = _request_of(draft)
            if request is None:
                continue
            needs[model] = Need(draft, request, seconds_to_read(request), set())
        needs[model].user_ids.add(draft.user_id)
    db.session.commit()
    return needs


def _request_of(draft: Draft) -> Request | None:
    """What its worker will send; that of its brief alone where what it is made of is gone.

    None where none can be made, which its worker will say.
    """
    try:
        return request_of(draft)
    except SourceGone:
        return request_for(draft.content, draft.wishes)
    except SQLAlchemyError:
        raise
    except Exception:
        return None
