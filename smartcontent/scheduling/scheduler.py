"""Our rq-scheduler: due times kept to the millisecond, and moved to RQ's queue in one step.

Stock rq-scheduler cuts due times to whole seconds (so jobs start early), polls, moves a job with
two commands (so a crash between them runs it twice) and ends when Redis does. This one keeps
fractions, sleeps until the next due time or a wake-up, and moves whatever is due in one Lua call,
which any number of schedulers may make at once.
"""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from types import FrameType
from typing import Any

import redis as redis_py
import rq.utils
import rq_scheduler
from redis.client import PubSub

from smartcontent.scheduling.job import JOB_RESULT_KEPT_SECONDS, Job
from smartcontent.stores import keys
from smartcontent.stores.redis_answers import trouble
from smartcontent.upkeep.duties import for_ever

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
CONFIRM_SECONDS = 1.0
DEAF_SECONDS = 0.1
# A job is moved so long before it is due: a worker makes all ready, and begins at the instant.
ARMED_SECONDS = 0.05

# Moves what is due, or will be in a moment, from the sorted set to the queue's list. Answers the
# ids moved, the ids set aside because their job is gone or not waiting, and the seconds until the
# next one is to be moved (-1: none).
#
# The list is kept fair: a user's n-th waiting job stands behind the n-th of every other user, so
# a batch of 500 holds up somebody else's single brief by no job. What a user asked for one by one
# stands before what a batch of theirs did. Within that, first due, first out. The user, and whether
# a batch asked, are in the job's id.
MOVE_DUE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000 + ARGV[3]
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now),
                       'LIMIT', 0, ARGV[1])
local moved, dropped = {}, {}
for _, id in ipairs(due) do
  local job = ARGV[4] .. id
  local status = redis.pcall('HGET', job, 'status')
  if type(status) == 'table' and not string.find(status.err, 'WRONGTYPE') then
    return status -- that we may not ask is an error; that something else stands there is none
  end
  if status == 'scheduled' and string.match(id, '^[%w_-]+$') then
    redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[2])
    moved[#moved + 1] = id
  else
    dropped[#dropped + 1] = id
  end
end
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end

local function push(ids)
  for first = 1, #ids, 1000 do
    redis.call('RPUSH', KEYS[2], unpack(ids, first, math.min(first + 999, #ids)))
  end
end

if #moved > 0 then
  local waiting, rounds, taken = redis.call('LRANGE', KEYS[2], 0, -1), {}, {}
  for _, id in ipairs(moved) do waiting[#waiting + 1] = id end
  local function seat(id, user)
    local round = (taken[user] or 0) + 1
    taken[user] = round
    rounds[round] = rounds[round] or {}
    table.insert(rounds[round], id)
  end
  local of_batches = {}
  for _, id in ipairs(waiting) do
    local batch, user = string.match(id, '%-(b?)%-?u(%d+)$')
    if batch == 'b' then
      of_batches[#of_batches + 1] = {id, user}
    else
      seat(id, user or '')
    end
  end
  for _, one in ipairs(of_batches) do seat(one[1], one[2]) end
  local fair, in_order = {}, true
  for _, ids in ipairs(rounds) do
    for _, id in ipairs(ids) do
      fair[#fair + 1] = id
      if waiting[#fair] ~= id then in_order = false end
    end
  end
  redis.call('SADD', KEYS[3], KEYS[2])
  if in_order then
    push(moved)
  else
    redis.call('DEL', KEYS[2])
    push(fair)
  end
end

local wait = -1
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[2] then wait = math.max(0, first[2] - now) end
return {moved, dropped, string.format('%.6f', wait)}
"""


FORGET = """
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and ARGV[2] ~= '' and tonumber(due) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1]) + redis.call('LREM', KEYS[2], 0, ARGV[1])
     + redis.call('DEL', KEYS[3])
"""


class Scheduler(rq_scheduler.Scheduler):
    """rq-scheduler with exact due times; `on_moved` is told the ids of jobs that became due.

    `on_beat` is called whenever Redis has taken a heartbeat.
    """

    job_class = Job
    BATCH = 500

    def __init__(
        self,
        connection: redis_py.Redis,
        on_moved: Callable[[list[str]], None] = lambda ids: None,
        on_beat: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(keys.QUEUE, connection=connection, interval=HEARTBEAT_SECONDS)
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.birth = time.time()
        self._on_moved = on_moved
        self._on_beat = on_beat
        self._move_due = connection.register_script(MOVE_DUE)
        self._forget = connection.register_script(FORGET)

    def enqueue_at(self, scheduled_time: datetime, func: str, *args: object, **options: Any) -> Job:
        """Put a job into the sorted set under its exact time, and wake the scheduler.

        Job and entry are written in one transaction: a job that is in no set would never run.
        A scheduler that was not woken looks by itself within a second.
        Scheduling the same `job_id` again moves it to the new time.
        """
        wanted = {"scheduled_time": scheduled_time, "func": func, "args": args, **options}
        [job] = self.enqueue_all([wanted])
        return job

    def enqueue_all(self, wanted: Iterable[dict[str, Any]]) -> list[Job]:
        """The same for many, all in one transaction: keep them few, for Redis does nothing else."""
        jobs = [(self._job(each), each["scheduled_time"]) for each in wanted]
        with self.connection.pipeline(transaction=True) as pipe:
            for job, scheduled_time in jobs:
                pipe.delete(job.key)  # whatever else may stand there
                job.save(pipeline=pipe)
                pipe.zadd(keys.SCHEDULED, {job.id: scheduled_time.timestamp()})
            pipe.execute()
        self._wake()
        return [job for job, _ in jobs]

    def _job(self, wanted: dict[str, Any]) -> Job:
        job: Job = self._create_job(
            wanted["func"],
            args=wanted["args"],
            commit=False,
            id=wanted["job_id"],
            timeout=wanted["timeout"],
            description=wanted["job_description"],
            result_ttl=JOB_RESULT_KEPT_SECONDS,
        )
        # RQ would keep for a year what it sweeps up after a worker that could not say how it ended.
        job.failure_ttl = JOB_RESULT_KEPT_SECONDS
        return job

    def _wake(self) -> None:
        """Tell the schedulers; to tell is no part of scheduling, which may not fail with it."""
        try:
            self.connection.publish(keys.WAKE_CHANNEL, "")
        except redis_py.RedisError as error:
            log.warning("scheduler not woken: %s", trouble(error))

    def forget(self, job_id: str, due: float | None = None) -> bool:
        """Remove every trace of a job that must not run: entry, place in the queue, and hash.

        With a due time (0 for none), only if it has not been scheduled for another meanwhile.
        """
        return bool(self._forget(**_traces(job_id, "" if due is None else due)))

    def forget_all(self, job_ids: Iterable[str]) -> None:
        """Remove every trace of many jobs, in one exchange with Redis."""
        with self.connection.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                self._forget(**_traces(job_id, ""), client=pipe)
            pipe.execute()

    def enqueue_jobs(self) -> float:
        """Move all that is due in a moment.

        Answers the seconds until there is more to move, at most a heartbeat.
        """
        while True:
            moved, dropped, wait = self._move_due(
                keys=[keys.SCHEDULED, keys.QUEUED, keys.QUEUES],
                args=[self.BATCH, rq.utils.utcformat(rq.utils.now()), ARMED_SECONDS, keys.JOB],
            )
            if dropped:
                log.warning("set aside, no job is waiting under these ids: %s", dropped)
            if moved:
                self._on_moved([job_id.decode() for job_id in moved])
            if len(moved) + len(dropped) < self.BATCH:
                seconds = float(wait)
                return min(seconds, HEARTBEAT_SECONDS) if seconds >= 0 else HEARTBEAT_SECONDS

    def heartbeat(self) -> None:
        """Say that this scheduler is alive, and since when."""
        stale = time.time() - 3600
        with self.connection.pipeline(transaction=False) as pipe:
            pipe.zadd(keys.HEARTBEATS, {f"{self.name} {self.birth}": time.time()})
            pipe.zremrangebyscore(keys.HEARTBEATS, "-inf", stale)
            pipe.execute()
        self._on_beat()

    def run(self, burst: bool = False) -> None:
        """Move jobs as they become due until told to stop; outlives an absence of Redis."""
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
        for_ever("scheduler", "loop", self._run_while_connected)

    def _run_while_connected(self) -> None:
        try:
            with self.connection.pubsub() as wake_ups:
                await_wake_up = self._listening(wake_ups)
                self.heartbeat()  # who reads that it is ready finds it alive
                log.info("Scheduler ready name=%s", self.name)
                self._run_connected(await_wake_up)
        except redis_py.RedisError as error:
            log.warning("trying again: %s", trouble(error))
            time.sleep(0.5)

    def _listening(self, wake_ups: PubSub) -> Callable[[float], object]:
        """How to wait so many seconds, or for a wake-up if Redis lets us hear one."""
        wake_ups.subscribe(keys.WAKE_CHANNEL)
        try:
            wake_ups.get_message(timeout=CONFIRM_SECONDS)
        except redis_py.exceptions.NoPermissionError as error:
            log.warning("looking ten times a second, not woken: %s", trouble(error))
            return lambda seconds: time.sleep(min(seconds, DEAF_SECONDS))
        return lambda seconds: wake_ups.get_message(timeout=seconds)

    def _run_connected(self, await_wake_up: Callable[[float], object]) -> None:
        beat_at = 0.0
        while True:
            wait = self.enqueue_jobs()
            if time.monotonic() >= beat_at:
                self.heartbeat()
                beat_at = time.monotonic() + HEARTBEAT_SECONDS
            await_wake_up(wait)


def _traces(job_id: str, due: float | str) -> dict[str, Any]:
    raw_id = job_id.encode(errors="surrogateescape")
    places: list[bytes | str] = [keys.SCHEDULED, keys.QUEUED, keys.JOB.encode() + raw_id]
    return {"keys": places, "args": [raw_id, due]}


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
