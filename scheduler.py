"""The scheduler process: python scheduler.py. Any number may run; each due draft moves once."""

from smartcontent import process_app
from smartcontent.extensions import connect
from smartcontent.preflight import Preflight
from smartcontent.scheduling import Scheduler
from smartcontent.scheduling.clerk import Clerk

app = process_app()

if __name__ == "__main__":
    clerk = Clerk(app)
    clerk.start()
    Preflight(app).start()
    Scheduler(connect(app.config["REDIS_URL"], timeout_seconds=2), clerk.due).run()
