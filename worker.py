"""The worker process: python worker.py. It writes drafts, SMARTCONTENT_WORKERS at once.

RQ's own command works too, one process a text:
RQ_REDIS_URL=$REDIS_URL rq worker generation --serializer json --job-class worker.Job
"""

import gc
from functools import partial
from typing import Any

from smartcontent import scheduling
from smartcontent.background import background_app, or_exit
from smartcontent.upkeep import heartbeat
from smartcontent.writing import warm_up
from smartcontent.writing.armed import hands
from smartcontent.writing.slots import Slots, SlotWorker, let_children_die_with_us

app = or_exit(background_app)
# A horse or a slot whose parent was killed must not go on writing beside its replacement.
let_children_die_with_us()
# Once for all of them: a fork shares what its parent has loaded.
with app.app_context():
    warm_up.warm_up()
# A child's garbage collection would write to every object it shares, and so copy them all.
gc.collect()
gc.freeze()


class Job(scheduling.Job):
    """A job that runs inside the application."""

    def perform(self) -> Any:
        with app.app_context():
            return super().perform()


def put_back() -> None:
    """Have what a slot gave back for a draft that was due before wait in the queue again."""
    with app.app_context():
        hands.put_back()


def prepare() -> None:
    """Make a new slot ready for its first draft."""
    hands.gives_back = True
    SlotWorker.after_job = staticmethod(put_back)
    with app.app_context():
        warm_up.open_connections()


if __name__ == "__main__":
    config = app.config
    on_beat = partial(heartbeat.beat, config["HEARTBEAT_FILE"])
    Slots(config["REDIS_URL"], Job, config["SMARTCONTENT_WORKERS"], prepare, on_beat).run()
