"""The scheduler process: python scheduler.py. Any number may run; each due draft moves once."""

from smartcontent.background import background_app, or_exit
from smartcontent.preflight.preflight import Preflight
from smartcontent.processes import heartbeat
from smartcontent.scheduling import Scheduler
from smartcontent.scheduling.clerk import Clerk
from smartcontent.stores.redis import connect

app = or_exit(background_app)

if __name__ == "__main__":
    clerk = Clerk(app)
    preflight = Preflight(app)
    clerk.start()
    preflight.start()

    def on_beat() -> None:
        """Say that the scheduler is well: all three of its threads are there."""
        if clerk.is_alive() and preflight.is_alive():
            heartbeat.beat(app.config["HEARTBEAT_FILE"])

    Scheduler(connect(app.config["REDIS_URL"], timeout_seconds=2), clerk.due, on_beat).run()
