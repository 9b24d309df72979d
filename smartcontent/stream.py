"""The event stream of one open page: a snapshot first, then what happens, as it happens."""

import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, current_app, request
from sqlalchemy import select as select_rows

from smartcontent import events
from smartcontent.extensions import db, only_read
from smartcontent.hub import hub
from smartcontent.models import UNFINISHED, Draft, Status, now
from smartcontent.models.draft import iso

HEARTBEAT_SECONDS = 15
RECHECK_SECONDS = 4
LOOK_SECONDS = 0.5
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # or nginx would hold the words back
}


def has_gone(client: socket.socket) -> bool:
    """Whether the page at the other end was closed; a write would notice only much later."""
    try:
        readable, _, _ = select.select([client], [], [], 0)
        return bool(readable) and not client.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True


def too_many_streams(user_id: int) -> bool:
    """Whether the user has as many live pages open as one process gives."""
    return hub.count(user_id) >= current_app.config["STREAMS_PER_USER"]


def event_stream(user_id: int, is_allowed: Callable[[], bool]) -> Response:
    """The answer that never ends: events of one user, for as long as `is_allowed` says so.

    `is_allowed` is asked every few seconds, so that signing out or revoking a token ends it.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    client = request.environ.get("gunicorn.socket")
    return Response(_events(app, user_id, is_allowed, client), headers=HEADERS)


def _events(
    app: Flask, user_id: int, is_allowed: Callable[[], bool], client: socket.socket | None
) -> Iterator[bytes]:
    # The first byte goes out before anything is waited for, or proxies and browsers wait too.
    yield b"retry: 2000\n: welcome\n\n"
    mailbox = hub.open(user_id)
    try:
        yield _snapshot(app, user_id)
        said_at = checked_at = time.monotonic()
        while True:
            happened, must_read_again = mailbox.take(timeout=LOOK_SECONDS)
            if client is not None and has_gone(client):
                return
            moment = time.monotonic()
            if must_read_again:
                happened = [_snapshot(app, user_id)]
            elif not happened and moment - said_at >= HEARTBEAT_SECONDS:
                happened = [b": still here\n\n"]
            if happened:
                said_at = moment
                yield b"".join(happened)
            if moment - checked_at >= RECHECK_SECONDS:
                checked_at = moment
                if not _in_context(app, is_allowed):
                    return
    finally:
        hub.close(mailbox)


def _in_context(app: Flask, ask: Callable[[], Any]) -> Any:
    """Ask in a context of its own: an open stream holds no database connection, and no lock."""
    with app.app_context():
        only_read()
        return ask()


def _snapshot(app: Flask, user_id: int) -> bytes:
    return events.frame("snapshot", _in_context(app, lambda: snapshot(user_id)))


def snapshot(user_id: int) -> dict[str, Any]:
    """Every unfinished draft of the user, with the text so far and its length in characters."""
    unfinished = select_rows(Draft).where(Draft.user_id == user_id, Draft.status.in_(UNFINISHED))
    drafts = db.session.scalars(unfinished.order_by(Draft.due_at, Draft.id)).all()
    return {"server_time": iso(now()), "drafts": [_as_seen(draft) for draft in drafts]}


def _as_seen(draft: Draft) -> dict[str, Any]:
    text = ""
    if draft.status == Status.GENERATING:
        said = events.text_so_far(draft.id, draft.attempt)
        text = draft.text if said is None else said
    return {**draft.as_event(), "offset": len(text), "text": text}
