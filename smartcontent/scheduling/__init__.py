"""Due times: our rq-scheduler, the drafts in it, and the reconciler that mends both."""

from smartcontent.scheduling.drafts import (
    mark_queued,
    schedule_draft,
    schedule_drafts,
    unschedule_draft,
    unschedule_drafts,
)
from smartcontent.scheduling.job import Job
from smartcontent.scheduling.reconciler import reconcile
from smartcontent.scheduling.scheduler import Scheduler

__all__ = [
    "Job",
    "Scheduler",
    "mark_queued",
    "reconcile",
    "schedule_draft",
    "schedule_drafts",
    "unschedule_draft",
    "unschedule_drafts",
]
