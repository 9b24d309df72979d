"""The scheduler process: python scheduler.py. Any number may run; each due draft moves once."""

from functools import partial

from smartcontent.background import background_app, or_exit
from smartcontent.contents.bulk.running import BulkRunner
from smartcontent.contents.housekeeping import Housekeeping
from smartcontent.contents.series.making import SeriesMaker
from smartcontent.preflight.preflight import Preflight
from smartcontent.scheduling import Scheduler
from smartcontent.scheduling.clerk import Clerk
from smartcontent.stores.redis import connect
from smartcontent.upkeep import heartbeat

app = or_exit(background_app)

if __name__ == "__main__":
    clerk, preflight = Clerk(app), Preflight(app)
    duties = (clerk, preflight, SeriesMaker(app), BulkRunner(app), Housekeeping(app))
    for duty in duties:
        duty.start()

    def on_moved(job_ids: list[str]) -> None:
        """Have it written down, and nothing read that could hold them up."""
        preflight.make_way(job_ids)
        clerk.due(job_ids)

    on_beat = partial(heartbeat.beat, app.config["HEARTBEAT_FILE"], duties)
    Scheduler(connect(app.config["REDIS_URL"], timeout_seconds=2), on_moved, on_beat).run()
