"""flask doctor: what is wrong, and what to do about it."""

import shutil
import sys
import textwrap
from dataclasses import asdict
from datetime import timedelta

import click
from flask.cli import with_appcontext

from smartcontent.cli.group import json_option
from smartcontent.cli.printing import moment, print_json, say, show_what_there_is
from smartcontent.health.checks import Dependency, check_all
from smartcontent.health.finding import State
from smartcontent.health.prompts_kept import check_prompts_kept
from smartcontent.health.public_url import check_public_url
from smartcontent.models import now
from smartcontent.models.moments import iso

MARKS = {State.OK: "✓", State.DEGRADED: "!", State.DOWN: "✗"}


@click.command("doctor")
@click.option("--url", help="A public address: do events come through it as they happen?")
@json_option
@with_appcontext
def doctor(url: str | None, as_json: bool) -> None:
    """Check everything the product needs; exit code 1 when something is down."""
    show_what_there_is()
    found = check_all()
    prompts = check_prompts_kept()
    if prompts.state is not State.OK:
        found.append(Dependency("memory", prompts.state, now(), prompts.cause, prompts.remedy))
    if url is not None:
        public = check_public_url(url)
        found.append(Dependency("public", public.state, now(), public.cause, public.remedy))
    if as_json:
        print_json([asdict(each) | {"since": iso(each.since)} for each in found])
    else:
        for dependency in found:
            say(_line(dependency))
    click.get_current_context().exit(int(any(each.state is State.DOWN for each in found)))


def _line(found: Dependency) -> str:
    head = f"{MARKS[found.state]} {found.name:<9}  {found.state:<8}  "
    remedy = f" → {found.remedy}" if found.remedy else ""
    # What this process saw first just now says nothing about since when.
    is_known = now() - found.since > timedelta(seconds=5)
    since = f" since {moment(found.since)}" if is_known else ""
    line = f"{head}{found.cause}{since}{remedy}"
    # Scripts read one line a dependency; a person's terminal would break it in mid-word.
    return _wrapped(line, len(head)) if sys.stdout.isatty() else line


def _wrapped(line: str, indent: int) -> str:
    return textwrap.fill(
        line,
        width=shutil.get_terminal_size().columns,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
