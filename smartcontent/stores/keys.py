"""The keys in Redis that more than one room names: our own, and those of RQ that we read."""

from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY

QUEUE = "generation"
# RQ's.
JOB = "rq:job:"  # before a job's id
WORKER = "rq:worker:"  # before a worker's name
ANY_QUEUE = "rq:queue:"  # before a queue's name
QUEUES = "rq:queues"
QUEUED = f"{ANY_QUEUE}{QUEUE}"  # a list of job ids
TAKEN = f"{QUEUED}:intermediate"  # from the list, and not yet begun
SCHEDULED = "rq:scheduler:scheduled_jobs"  # a sorted set of job ids, by due time
WORKERS = REDIS_WORKER_KEYS
WORKERS_OF_QUEUE: str = WORKERS_BY_QUEUE_KEY % QUEUE
STOCK_SCHEDULERS = "rq:scheduler_instance:*"  # of rq-scheduler as it comes
# Ours.
HEARTBEATS = "smartcontent:scheduler:heartbeats"  # of schedulers
WAKE_CHANNEL = "smartcontent:scheduler:wake"
HUB_CHANNEL = "smartcontent:hub:"  # before a hub's number
TEXT = "smartcontent:text:"  # before draft and attempt
BREAKS = "smartcontent:breaks"  # of threads
MODELS = "smartcontent:models"  # those that Ollama has


def registry(name: str) -> str:
    """RQ's register of the queue's jobs that are so: "wip", "finished", "failed"."""
    return f"rq:{name}:{QUEUE}"
