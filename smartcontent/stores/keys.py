"""The keys in Redis that more than one room names: our own, and those of RQ that we read."""

from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY

QUEUE = "generation"
# RQ's.
QUEUES = "rq:queues"
QUEUED = f"rq:queue:{QUEUE}"  # a list of job ids
SCHEDULED = "rq:scheduler:scheduled_jobs"  # a sorted set of job ids, by due time
WORKERS = REDIS_WORKER_KEYS
WORKERS_OF_QUEUE: str = WORKERS_BY_QUEUE_KEY % QUEUE
# Ours.
HEARTBEATS = "smartcontent:scheduler:heartbeats"  # of schedulers
BREAKS = "smartcontent:breaks"  # of threads
MODELS = "smartcontent:models"  # those that Ollama has
