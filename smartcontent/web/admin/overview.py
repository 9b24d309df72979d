"""The administrators' first page: every dependency in a line, what waits, how the day went."""

from flask import render_template

from smartcontent.health.checks import check_all
from smartcontent.models import now
from smartcontent.progress.backlog import backlog, in_redis
from smartcontent.web.admin import history
from smartcontent.web.admin.punctuality import drawn, estimate_error, punctuality_until
from smartcontent.web.drawings import stacked


def index() -> str:
    """How everything is, and the last 24 hours drawn."""
    hours = history.hours_until(now())
    punctuality = punctuality_until(now())
    return render_template(
        "admin/overview.html",
        dependencies=check_all(),
        backlog=backlog(),
        in_redis=in_redis(),
        hours=hours,
        chart=stacked([hour.counts for hour in hours]),
        statuses=history.DRAWN,
        repairs=history.latest_repairs(),
        lateness=history.lateness_until(now()),
        punctuality=punctuality,
        punctuality_chart=drawn(punctuality),
        estimate_error=estimate_error(),
    )
