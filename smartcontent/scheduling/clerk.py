"""The scheduler's second thread, which talks to the database so that the first is never late."""

import contextlib
import logging
import queue
import time

import redis as redis_py
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from smartcontent import events
from smartcontent.scheduling.drafts import alive, mark_queued
from smartcontent.scheduling.reconciler import Place, reconcile_some
from smartcontent.scheduling.scheduler import ARMED_SECONDS
from smartcontent.stores.redis_answers import trouble
from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

CLAIM_SECONDS = ARMED_SECONDS + 0.05
FORGET_SECONDS = 60.0
LOOK_SECONDS = 30.0  # at the most between two turns: who waits for longer is taken for hanging


class Clerk(Duty):
    """Writes down which drafts became due, and reconciles every few seconds."""

    def __init__(self, app: Flask) -> None:
        super().__init__("scheduler", "clerk", self.turn)
        self._app = app
        self._due: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._every = app.config["RECONCILE_SECONDS"]
        self._reconcile_at = self._forget_at = time.monotonic()
        self._reconciled_to: Place | None = None

    def due(self, job_ids: list[str]) -> None:
        """Note that these jobs were moved to the queue."""
        self._due.put(job_ids)

    def turn(self) -> None:
        """Mark what was moved meanwhile, and reconcile if it is time."""
        left = self._reconcile_at - time.monotonic()
        if job_ids := self._moved(max(0.0, min(left, LOOK_SECONDS))):
            # A free worker has claimed them by then: only those that do wait cost a write.
            time.sleep(CLAIM_SECONDS)
            self._mark(job_ids)
        if time.monotonic() >= self._reconcile_at:
            self._reconcile()
            self._reconcile_at = time.monotonic() + self._every

    def _moved(self, seconds: float) -> list[str]:
        """All that were moved meanwhile; waits so long for the first."""
        job_ids: list[str] = []
        with contextlib.suppress(queue.Empty):
            job_ids += self._due.get(timeout=seconds)
            while True:
                job_ids += self._due.get_nowait()
        return job_ids

    def _mark(self, job_ids: list[str]) -> None:
        # "Queued" is what people read while they wait; a worker's claim does not need it.
        try:
            with self._app.app_context():
                mark_queued(job_ids)
        except SQLAlchemyError as error:
            log.warning("not marked as queued, the database does not answer: %s", error)

    def _forget_texts_of_nobody(self) -> None:
        if time.monotonic() >= self._forget_at:
            events.forget_texts_of_nobody(alive)
            self._forget_at = time.monotonic() + FORGET_SECONDS

    def _reconcile(self) -> None:
        try:
            with self._app.app_context():
                _, self._reconciled_to = reconcile_some(self._reconciled_to)
                self._forget_texts_of_nobody()
        except SQLAlchemyError as error:
            log.warning("not reconciled, trying again: %s", error)
        except redis_py.RedisError as error:
            log.warning("not reconciled, trying again: %s", trouble(error))
