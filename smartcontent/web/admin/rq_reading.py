"""The classes rq-dashboard reads Redis with: JSON only, and what cannot be read breaks no page.

Whoever reaches Redis can put anything into a job; the web process must neither run it nor fall.
"""

import zlib
from contextlib import suppress
from typing import Any, cast

import redis as redis_py
import rq
from rq.exceptions import DeserializationError, NoSuchJobError, TimeoutFormatError
from rq.results import Result
from rq.serializers import JSONSerializer

from smartcontent.scheduling import Job
from smartcontent.stores.redis_answers import Trouble

UNREADABLE = "(cannot be read: not written by this product)"
# What RQ raises at a job or a result that it has not written itself.
GARBAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    zlib.error,
    TimeoutFormatError,
    redis_py.ResponseError,
)


STRANGE = Trouble(
    "Redis has something here that was not written by RQ",
    "wait a moment, the scheduler removes what it knows to be wrong",
)


class LenientSerializer:
    """JSON; of anything else it says that it is something else."""

    dumps = JSONSerializer.dumps

    @staticmethod
    def loads(data: bytes) -> Any:
        try:
            return JSONSerializer.loads(data)
        except ValueError:
            return UNREADABLE


class ShownJob(Job):
    """A job as rq-dashboard shows it."""

    @classmethod
    def fetch(cls, id: str, connection: Any = None, serializer: object = None) -> "ShownJob":
        """The job.

        Raises:
            NoSuchJobError: there is none, or none that can be read.
        """
        try:
            return cast(ShownJob, super().fetch(id, connection=connection))
        except GARBAGE as error:
            raise NoSuchJobError(f"{id} cannot be read") from error

    def get_meta(self, refresh: bool = True) -> Any:
        try:
            return super().get_meta(refresh)
        except ValueError:
            return UNREADABLE

    def latest_result(self, timeout: int = 0) -> Result | None:
        try:
            return Result.fetch_latest(self, serializer=LenientSerializer, timeout=timeout)
        except GARBAGE:
            return None

    def get_call_string(self) -> str | None:
        try:
            return super().get_call_string()
        except DeserializationError:
            return UNREADABLE

    @property
    def dependency_ids(self) -> list[Any]:
        # As bytes, which rq-dashboard decodes; RQ itself has come to answer text.
        members = cast(set[bytes], self.connection.smembers(self.dependencies_key))
        return [member.decode(errors="replace").encode() for member in members]


class ShownQueue(rq.Queue):
    """A queue as rq-dashboard shows it."""

    job_class = ShownJob

    def fetch_job(self, job_id: str) -> ShownJob | None:
        """The job if it can be read; stock RQ takes it out of the queue if not, by a mere look."""
        with suppress(NoSuchJobError):
            job = ShownJob.fetch(job_id, self.connection)
            return job if job.origin == self.name else None
        return None

    def compact(self) -> None:
        if self.count:  # renaming an empty queue is an error
            super().compact()


class ShownWorker(rq.Worker):
    """A worker as rq-dashboard shows it."""

    job_class = ShownJob
    queue_class = ShownQueue

    def _set_connection(self, connection: redis_py.Redis) -> redis_py.Redis:
        # Stock RQ would have our pages wait for a silent Redis as long as a worker may.
        return connection

    def get_current_job(self) -> ShownJob | None:
        with suppress(NoSuchJobError):
            return cast(ShownJob | None, super().get_current_job())
        return None


def requeue_job(job_id: str, connection: redis_py.Redis) -> None:
    """Put a failed job back into its queue.

    Raises:
        NoSuchJobError: there is none.
        InvalidJobOperation: it has not failed.
    """
    ShownJob.fetch(job_id, connection).requeue()


def take_over(dashboard: Any) -> None:
    """Put these into rq-dashboard's views in the place of RQ's own."""
    dashboard.Job = ShownJob
    dashboard.Queue = ShownQueue
    dashboard.Worker = ShownWorker
    dashboard.requeue_job = requeue_job
    dashboard.config.serializer = JSONSerializer
