"""The worker process: python worker.py. It writes drafts, SMARTCONTENT_WORKERS at once.

RQ's own command works too, one process a text:
rq worker generation --url $REDIS_URL --serializer json --job-class worker.Job
"""

import gc
import os
from typing import Any

from smartcontent import create_app, jobs, scheduling
from smartcontent.slots import Slots, die_with_parent

app = create_app()
# A horse or a slot whose parent was killed must not go on writing beside its replacement.
os.register_at_fork(after_in_child=die_with_parent)
# Once for all of them: a fork shares what its parent has loaded.
with app.app_context():
    jobs.warm_up()
# A child's garbage collection would write to every object it shares, and so copy them all.
gc.collect()
gc.freeze()


class Job(scheduling.Job):
    """A job that runs inside the application."""

    def perform(self) -> Any:
        with app.app_context():
            return super().perform()


if __name__ == "__main__":
    Slots(app.config["REDIS_URL"], Job, app.config["SMARTCONTENT_WORKERS"]).run()
