"""The RQ job of this product: JSON, and a fixed list of functions."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import redis as redis_py
import rq.job
from redis.client import Pipeline
from rq.serializers import JSONSerializer
from rq.utils import import_attribute

WRITE_DRAFT = "smartcontent.writing.job.write_draft"
NOTE_PROBE = "smartcontent.scheduling.probe.note_probe"
PROBE_PREFIX = "probe-"
JOB_RESULT_KEPT_SECONDS = 600
# Whoever reaches Redis can put a function's name into a job; only these are ever called.
JOB_FUNCTIONS = frozenset({WRITE_DRAFT, NOTE_PROBE})
# Jobs wait in Redis for as long as their drafts: those of an earlier version go on under its name.
EARLIER_NAMES = {"smartcontent.jobs.write_draft": WRITE_DRAFT}


class Job(rq.job.Job):
    """An RQ job that is JSON, calls nothing but our job functions, and reports to nobody else."""

    def __init__(
        self,
        id: str | None = None,
        connection: redis_py.Redis | None = None,
        serializer: object = None,
    ) -> None:
        super().__init__(id=id, connection=connection, serializer=JSONSerializer)

    @property
    def func(self) -> Callable[..., Any]:
        """The job function.

        Raises:
            ValueError: the name is not one of ours.
        """
        name = EARLIER_NAMES.get(self.func_name or "", self.func_name)
        if name not in JOB_FUNCTIONS or self.instance is not None:
            raise ValueError(f"{self.func_name!r} is not a job function of this product")
        function: Callable[..., Any] = import_attribute(name)
        return function

    def heartbeat(
        self, timestamp: datetime, ttl: int, pipeline: Pipeline | None = None, xx: bool = False
    ) -> None:
        """Note a sign of life. By the last one, outside of a pipeline, RQ tells that a job ended.

        Where Redis was emptied meanwhile that makes a hash, which a worker that is killed before it
        has cleared up would leave for ever.
        """
        if pipeline is not None:
            super().heartbeat(timestamp, ttl, pipeline, xx)
            return
        with self.connection.pipeline() as both:
            super().heartbeat(timestamp, ttl, both, xx)
            both.expire(self.key, JOB_RESULT_KEPT_SECONDS)
            both.execute()

    def restore(self, raw_data: Any) -> Any:
        restored = super().restore(raw_data)
        # Callbacks and webhooks by name would be another way to make a worker call something.
        self._success_callback_name = self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
        return restored
