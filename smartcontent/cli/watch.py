"""What `contents watch` shows while it follows a draft."""

import os
import sys
from datetime import datetime
from typing import NoReturn

import click

from smartcontent.cli.following import Piece, follow
from smartcontent.cli.printing import json_text, moment, say
from smartcontent.durations import counted_down, exactly, measured
from smartcontent.health.checks import check_all
from smartcontent.health.finding import State
from smartcontent.models import Draft, Status, now
from smartcontent.models.status import WAITS

EXIT_CODES = {Status.COMPLETED: 0, Status.FAILED: 1, Status.CANCELLED: 2}
INTERRUPTED = 130  # what shells expect of a program that Ctrl-C has ended
OVERDUE_SECONDS = 3.0
HOUR = 3600
NEEDED = ("redis", "scheduler", "workers", "ollama")


def watch_draft(draft: Draft, as_json: bool) -> NoReturn:
    """Show the draft to its end, then end the command with the code that says how."""
    context = click.get_current_context()
    screen = _Lines() if as_json else _Screen()
    status = ""
    try:
        for seen in follow(draft.id, draft.user_id):
            if isinstance(seen, Piece):
                screen.piece(seen)
            else:
                screen.draft(seen)
                status = seen.status
    except KeyboardInterrupt:
        screen.end()
        context.exit(INTERRUPTED)
    screen.end()
    if not status:
        raise click.ClickException("The content has been deleted.")
    context.exit(EXIT_CODES[Status(status)])


class _Lines:
    """One JSON object a line: each change of status, each piece of text."""

    def __init__(self) -> None:
        self._revision = 0

    def draft(self, draft: Draft) -> None:
        if draft.revision != self._revision:
            self._revision = draft.revision
            self._print({"event": "status", **draft.as_event()})

    def piece(self, piece: Piece) -> None:
        self._print({"event": "text", **vars(piece)})

    def end(self) -> None:
        """Nothing is left open."""

    def _print(self, event: dict[str, object]) -> None:
        say(json_text(event))


class _Screen:
    """The text on standard output, all else on standard error; a countdown on a terminal."""

    def __init__(self) -> None:
        self._said = ""
        # A terminal that calls itself dumb shows what moves its cursor.
        self._counts_down = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._is_counting = False
        self._is_mid_line = False
        self._is_explained = False

    def draft(self, draft: Draft) -> None:
        if draft.status == Status.PENDING and draft.due_at and self._counts_down:
            self._count_down(draft.due_at)
        else:
            self._say(_sentence(draft))
        if _is_overdue(draft) and not self._is_explained:
            self._is_explained = True
            self.end()
            say("\n".join(_problems()), err=True)

    def piece(self, piece: Piece) -> None:
        if piece.offset == 0:
            self.end()
        self._clear()
        say(piece.text, nl=False)
        self._is_mid_line = not piece.text.endswith("\n")

    def end(self) -> None:
        """Leave the cursor at the beginning of a line."""
        self._clear()
        if self._is_mid_line:
            say()
            self._is_mid_line = False

    def _say(self, line: str) -> None:
        if line != self._said:
            self.end()
            say(line, err=True)
            self._said = line

    def _count_down(self, due_at: datetime) -> None:
        self.end()
        seconds = (due_at - now()).total_seconds()
        line = f"Pending: starts in {(exactly if seconds > HOUR else counted_down)(seconds)}"
        click.echo(f"\r\x1b[K{line}", err=True, nl=False)
        self._is_counting = True

    def _clear(self) -> None:
        if self._is_counting:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_counting = False


def _sentence(draft: Draft) -> str:
    status = Status(draft.status)
    if status is Status.PENDING and draft.due_at:
        again = f" once more: {draft.error}" if draft.error else ""
        return f"Pending: starts at {moment(draft.due_at)}{again}"
    if status is Status.FAILED:
        return f"Failed: {draft.error}"
    if status is Status.COMPLETED and draft.started_at and draft.finished_at:
        seconds = (draft.finished_at - draft.started_at).total_seconds()
        return f"Completed: {draft.size} in {measured(seconds)}"
    return status.label


def _is_overdue(draft: Draft) -> bool:
    if draft.due_at is None or draft.status not in WAITS:
        return False
    return (now() - draft.due_at).total_seconds() > OVERDUE_SECONDS


def _problems() -> list[str]:
    """Why nobody takes a draft that is due."""
    return [
        f"It has to wait: {found.name}: {found.cause} → {found.remedy}"
        for found in check_all()
        if found.name in NEEDED and found.state is State.DOWN
    ]
