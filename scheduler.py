"""The scheduler process: python scheduler.py. Any number may run; each due draft moves once."""

from smartcontent import heartbeat, process_app
from smartcontent.extensions import connect
from smartcontent.preflight import Preflight
from smartcontent.scheduling import Scheduler
from smartcontent.scheduling.clerk import Clerk

app = process_app()

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
