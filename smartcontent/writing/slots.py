"""Worker slots: one process a text written at once, forked from a parent that restarts them."""

import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from ctypes import c_double
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawValue
from types import FrameType
from typing import NoReturn

import redis as redis_py
from redis.client import Pipeline
from rq import Queue, SimpleWorker, worker_registration
from rq.job import Job
from rq.worker import WorkerStatus

from smartcontent.stores import keys
from smartcontent.stores.redis import connect
from smartcontent.stores.redis_answers import trouble
from smartcontent.upkeep.duties import Duty, for_ever
from smartcontent.writing import attempt, lease

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5
BEAT_SECONDS = 1  # what is said again before is not said
# RQ forgets a worker that has been silent for this long.
WORKER_TTL_SECONDS = 30
GRACE_SECONDS = 8
LOOK_SECONDS = 0.1
_PR_SET_PDEATHSIG = 1


def let_children_die_with_us() -> None:
    """Have the kernel kill what this process forks when it ends, however it ends (Linux)."""
    libc = ctypes.CDLL(None)
    parent = 0

    def note_parent() -> None:
        nonlocal parent
        parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we were tied to it
            os._exit(1)

    if sys.platform == "linux":
        os.register_at_fork(before=note_parent, after_in_child=tie)


class SlotWorker(SimpleWorker):
    """RQ's worker without a fork a job: the slot's process is the isolation.

    A fork costs a job 10 ms and buys what the parent and the draft's lease already give.
    """

    # Called after a job, when RQ has done with it; replaced by what the worker has to do then.
    after_job: Callable[[], None] = staticmethod(lambda: None)
    max_connection_wait_time = 1.0  # seconds; RQ waits up to a minute after Redis returned
    beat_at = RawValue(c_double, 0.0)  # replaced by the one that the parent reads

    @property
    def dequeue_timeout(self) -> int:
        """How long one question for a job may wait at Redis, in seconds."""
        return 3

    @property
    def connection_timeout(self) -> int:
        """When a question counts as lost: a connection may be dead without having ended."""
        return self.dequeue_timeout + 2

    def _set_ip_address(self, connection: redis_py.Redis) -> None:
        """Do without it where a blank in the path of Redis's socket garbles what RQ reads."""
        try:
            super()._set_ip_address(connection)
        except ValueError:
            self.ip_address = "unknown"

    def execute_job(self, job: Job, queue: Queue) -> None:
        super().execute_job(job, queue)
        self.after_job()

    def subscribe(self) -> None:
        """Take no commands over Redis: they are signals here, and a channel may be forbidden."""

    def unsubscribe(self) -> None:
        """There is nothing to end."""

    def handle_warm_shutdown_request(self) -> None:
        attempt.stopping.set()

    def set_shutdown_requested_date(self) -> None:
        """Tell Redis nothing in a signal handler: it may be away, and break what is interrupted."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that we live, and who we are: RQ says that once, and Redis may have been emptied.

        RQ does so three times between two jobs, and the second is due meanwhile: one will do.
        """
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
        elif time.monotonic() - self.beat_at.value >= BEAT_SECONDS:
            self._beat(timeout)

    def _beat(self, timeout: int | None) -> None:
        with self.connection.pipeline(transaction=False) as pipe:
            super().heartbeat(timeout, pipe)
            pipe.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipe)
            pipe.execute()
        self.beat_at.value = time.monotonic()

    def keep_alive(self) -> None:
        """Beat while a text is written or work is suspended; RQ's SimpleWorker is silent then."""
        if self.get_state() in (WorkerStatus.BUSY, WorkerStatus.SUSPENDED):
            try:
                self.heartbeat(WORKER_TTL_SECONDS)
            except redis_py.RedisError as error:
                log.warning("no heartbeat: %s", trouble(error))


@dataclass(frozen=True)
class Slot:
    """What a slot's process and its parent both see, in seconds of the one clock they share."""

    lease_ends: c_double  # until when it may have a request open at Ollama
    beat_at: c_double  # when Redis last took its sign of life


class Slots:
    """Keeps a number of slot processes running; the parent itself touches neither store."""

    def __init__(
        self,
        redis_url: str,
        job_class: type[Job],
        count: int,
        prepare: Callable[[], None],
        on_beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._redis_url = redis_url
        self._job_class = job_class
        self._count = count
        self._prepare = prepare
        self._on_beat = on_beat
        self._slots: dict[int, Slot] = {}  # by process id
        self._forked_at = 0.0
        self._ending = False
        self._worker: SlotWorker | None = None  # of this process, where it is a slot's

    def run(self) -> NoReturn:
        """Start the slots and replace those that end, until told to stop."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        log.info("Worker ready slots=%s", self._count)
        for_ever("worker", "parent", self._turn)

    def _turn(self) -> None:
        if self._ending:
            self._stop_slots()
            raise SystemExit(0)
        while len(self._slots) < self._count:
            self._fork()
        self._replace_ended()
        self._kill_paused()
        self._beat()
        time.sleep(LOOK_SECONDS)

    def _replace_ended(self) -> None:
        while self._slots and not self._ending:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            del self._slots[pid]
            log.warning("slot pid=%s ended code=%s", pid, os.waitstatus_to_exitcode(status))
            if time.monotonic() - self._forked_at < 1:
                time.sleep(1)  # one that cannot start must not spin

    def _kill_paused(self) -> None:
        """Kill a slot that cannot renew its lease: its draft will be another's, and only once."""
        for pid, slot in self._slots.items():
            if 0 < slot.lease_ends.value < time.monotonic():
                log.warning("slot pid=%s is stuck in a text, killed", pid)
                os.kill(pid, signal.SIGKILL)
                slot.lease_ends.value = 0.0

    def _beat(self) -> None:
        """Say that the worker is well, if every slot has lately been heard of by Redis."""
        since = time.monotonic() - WORKER_TTL_SECONDS
        beating = [slot for slot in self._slots.values() if slot.beat_at.value > since]
        if len(beating) == self._count:
            self._on_beat()

    def _fork(self) -> None:
        slot = Slot(RawValue(c_double, 0.0), RawValue(c_double, 0.0))
        pid = os.fork()
        if pid == 0:
            try:
                lease.lease_ends = slot.lease_ends
                SlotWorker.beat_at = slot.beat_at
                self._work()
            finally:
                os._exit(1)
        self._slots[pid] = slot
        self._forked_at = time.monotonic()

    def _work(self) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._prepare()
        connection = connect(self._redis_url, timeout_seconds=2)  # RQ makes it longer for itself
        Duty("worker", "heartbeat", self._keep_alive).start()
        for_ever("worker", "slot", lambda: self._work_while_connected(connection))

    def _keep_alive(self) -> None:
        time.sleep(HEARTBEAT_SECONDS)
        if self._worker is not None:
            self._worker.keep_alive()

    def _work_while_connected(self, connection: redis_py.Redis) -> None:
        try:
            self._worker = worker = SlotWorker(
                [keys.QUEUE],
                connection=connection,
                job_class=self._job_class,
                serializer="json",
                worker_ttl=WORKER_TTL_SECONDS,
            )
            worker.work(logging_level="WARNING")
            time.sleep(0.5)  # RQ gave up at what it could not read, and said so in the log
        except redis_py.RedisError as error:
            log.warning("trying again: %s", trouble(error))
            time.sleep(0.5)
        finally:  # also where RQ's signal handler breaks what is not its work
            if attempt.stopping.is_set():
                os._exit(0)

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self._ending = True
        for pid in self._slots:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _stop_slots(self) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        while self._slots and time.monotonic() < deadline:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            self._slots.pop(pid, None)
            time.sleep(0.02)
        for pid in self._slots:
            os.kill(pid, signal.SIGKILL)
