"""flask queue: what waits, and putting back what Redis forgot."""

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click
import redis as redis_py

from smartcontent.cli.group import Group, json_option
from smartcontent.cli.printing import moment, print_json, say
from smartcontent.config import values
from smartcontent.durations import exactly
from smartcontent.health.finding import Finding
from smartcontent.health.ollama_server import check_ollama
from smartcontent.health.processes import check_scheduler, check_workers
from smartcontent.models import Status, now
from smartcontent.models.moments import iso
from smartcontent.progress.backlog import Backlog, backlog, in_redis
from smartcontent.scheduling import reconcile
from smartcontent.scheduling.probe import picked_up_at, send_probe, withdraw_probe
from smartcontent.stores.redis_answers import Trouble, trouble

PROBE_PATIENCE_SECONDS = 30
PROBE_LATE_MILLISECONDS = 1000

queue = Group("queue", help="What waits to be written: status, reconcile, verify-delay.")


@queue.command("status")
@json_option
def status(as_json: bool) -> None:
    """Say how many drafts wait, since when, and who works on them."""
    waiting = backlog()
    jobs = in_redis()
    processes = {
        "scheduler": check_scheduler(),
        "workers": check_workers(),
        "ollama": check_ollama(),
    }
    if as_json:
        print_json(_as_json(waiting, jobs, processes))
        return
    _print_drafts(waiting)
    _print_line("In Redis", _sentence(jobs))
    for name, found in processes.items():
        since = f" since {moment(found.since)}" if found.since else ""
        remedy = f" → {found.remedy}" if found.remedy else ""
        _print_line(name.capitalize(), f"{found.cause}{since}{remedy}")


@queue.command("reconcile")
@click.option("--dry-run", is_flag=True, help="Say what would be repaired, change nothing.")
def reconcile_(dry_run: bool) -> None:
    """Put back what Redis forgot and release what a dead worker holds."""
    repairs = reconcile(dry_run)
    for repair in repairs:
        say(repair)
    if not repairs:
        say("Nothing to repair.")


@queue.command("verify-delay")
@click.option(
    "--seconds",
    default="5",
    show_default=True,
    metavar="SECONDS",
    type=values.seconds(0, 3600),
    help="How far ahead the probe is due.",
)
def verify_delay(seconds: float) -> None:
    """Send a probe the way of every draft, and say how exactly it was picked up."""
    due_at = now() + timedelta(seconds=seconds)
    try:
        late = _milliseconds_late(due_at, send_probe(due_at))
    except redis_py.RedisError as error:
        raise click.ClickException(f"{trouble(error)}.") from error
    say(f"Due {iso(due_at)}, picked up {abs(late):.1f} ms {'early' if late < 0 else 'late'}.")
    if not 0 <= late <= PROBE_LATE_MILLISECONDS:
        raise click.ClickException(
            "That is not punctual: `flask doctor` says whether all workers were busy or away."
        )


def _milliseconds_late(due_at: datetime, probe_id: str) -> float:
    deadline = due_at + timedelta(seconds=PROBE_PATIENCE_SECONDS)
    while now() < deadline:
        if (moment := picked_up_at(probe_id)) is not None:
            return (moment - due_at.timestamp()) * 1000
        time.sleep(0.1)
    withdraw_probe(probe_id)
    raise click.ClickException(
        f"Nobody picked the probe up within {PROBE_PATIENCE_SECONDS} s: `flask doctor` says "
        "whether a scheduler and a worker are running; all workers may be busy writing."
    )


def _print_drafts(waiting: Backlog) -> None:
    for status in Status:
        _print_line(status.label, f"{waiting.counts[status]:,}")
    if at := waiting.next_due:
        left = exactly((at - now()).total_seconds())
        _print_line("Next due", f"in {left} ({moment(at)})")
    if at := waiting.oldest_overdue:
        late = exactly((now() - at).total_seconds())
        _print_line("Overdue", f"the oldest for {late} ({moment(at)})")


def _sentence(jobs: tuple[int, int] | Trouble) -> str:
    if isinstance(jobs, Trouble):
        return f"unknown, {jobs.cause} → {jobs.remedy}"
    return f"{jobs[0]:,} scheduled, {jobs[1]:,} queued"


def _as_json(
    waiting: Backlog, jobs: tuple[int, int] | Trouble, processes: dict[str, Finding]
) -> dict[str, Any]:
    scheduled, queued = (None, None) if isinstance(jobs, Trouble) else jobs
    return {
        "drafts": waiting.counts,
        "next_due": iso(waiting.next_due),
        "oldest_overdue": iso(waiting.oldest_overdue),
        "redis": {"scheduled": scheduled, "queued": queued},
        **{name: asdict(found) | {"since": iso(found.since)} for name, found in processes.items()},
    }


def _print_line(head: str, text: str) -> None:
    say(f"{head:<10}  {text}")
