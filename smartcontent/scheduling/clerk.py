"""The scheduler's second thread, which talks to the database so that the first is never late."""

import logging
import queue
import threading
import time

import redis as redis_py
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from smartcontent.scheduling.drafts import mark_queued
from smartcontent.scheduling.reconciler import reconcile

log = logging.getLogger(__name__)

# A free worker has claimed a due draft by then: only those that do wait cost a write.
CLAIM_SECONDS = 0.05


class Clerk(threading.Thread):
    """Writes down which drafts became due, and reconciles every few seconds."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="clerk", daemon=True)
        self._app = app
        self._due: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._every = app.config["RECONCILE_SECONDS"]

    def due(self, job_ids: list[str]) -> None:
        """Note that these jobs were moved to the queue."""
        self._due.put(job_ids)

    def run(self) -> None:
        reconcile_at = time.monotonic()
        while True:
            try:
                self._mark(self._due.get(timeout=max(0.0, reconcile_at - time.monotonic())))
            except queue.Empty:
                self._reconcile()
                reconcile_at = time.monotonic() + self._every

    def _mark(self, job_ids: list[str]) -> None:
        # "Queued" is what people read while they wait; a worker's claim does not need it.
        time.sleep(CLAIM_SECONDS)
        try:
            with self._app.app_context():
                mark_queued(job_ids)
        except SQLAlchemyError as error:
            log.warning("not marked as queued, the database does not answer: %s", error)

    def _reconcile(self) -> None:
        try:
            with self._app.app_context():
                reconcile()
        except (SQLAlchemyError, redis_py.RedisError) as error:
            log.warning("not reconciled, trying again: %s", error)
