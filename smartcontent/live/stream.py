"""The event stream of an open page: a snapshot first, then what happens, as it happens.

gunicorn.conf.py's worker hands the connection over to us once the answer is made, and the page
costs no greenlet. Any other server asks for the stream piece by piece, and may serve it, too.
"""

import random
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Flask, Response
from sqlalchemy import func, select, union
from sqlalchemy.orm import joinedload
from werkzeug.http import http_date

from smartcontent import events
from smartcontent.live import sweeper
from smartcontent.live.hub import hub
from smartcontent.live.open_page import OpenPage, Permit
from smartcontent.live.places import Place, Places, StreamRefused
from smartcontent.live.sweeper import Sweeper
from smartcontent.models import UNFINISHED, Content, Draft, Status, now
from smartcontent.models.listing import newest
from smartcontent.models.moments import iso
from smartcontent.progress.readiness import last_found_of
from smartcontent.prompts.request import model_of
from smartcontent.stores.sql import db, one_of, only_read

TAKE_SECONDS = 0.5
# Drafts that wait in a snapshot, of all and of those on the first page: a page counts down to the
# next ones, and asks for what else it shows.
SNAPSHOT_WAITING = 100
RETRY_MS = (1000, 4000)
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # or nginx would hold the words back
}
REFUSED_HEADERS = {"Retry-After": "10"}


class Streams:
    """All event streams of this process."""

    def __init__(self) -> None:
        self._app = Flask(__name__)
        self._places = Places()
        self._is_ending = threading.Event()
        self.sweeper = Sweeper(self.snapshot_frame, self.ask)

    def init_app(self, app: Flask) -> None:
        app.extensions["streams"] = self
        self._app = app
        self._places.per_user = app.config["STREAMS_PER_USER"]
        # Half of the files this process may open are left for all that is not a stream.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._places.at_most = min(app.config["STREAMS_PER_PROCESS"], files // 2)

    def answer(self, user_id: int, permit: Permit) -> Response:
        """The answer that never ends: events of one user, for as long as the permit holds.

        Raises:
            StreamRefused: there are as many streams as may be.
        """
        if self._is_ending.is_set():
            raise StreamRefused(503)
        try:
            place = self._places.take(user_id)
        except StreamRefused:
            # A page that comes again comes sooner than its old connection is missed.
            self.sweeper.look_at_pages_of(user_id)
            place = self._places.take(user_id)
        return StreamResponse(self, place, permit)

    def end(self) -> None:
        """End all streams, and begin no other: the process was told to stop."""
        self._is_ending.set()
        self.sweeper.end_all()

    def frames(self, place: Place, permit: Permit) -> Iterator[bytes]:
        """The stream for a server that asks for it piece by piece."""
        # The first byte goes out before anything is waited for, or proxies and browsers wait too.
        yield welcome()
        mailbox = hub.open(place.user_id)
        try:
            yield self.snapshot_frame(place.user_id)
            said_at = checked_at = time.monotonic()
            while not self._is_ending.is_set():
                happened, must_read_again = mailbox.take(TAKE_SECONDS)
                moment = time.monotonic()
                if must_read_again:
                    happened = [self.snapshot_frame(place.user_id)]
                elif not happened and moment - said_at >= sweeper.HEARTBEAT_SECONDS - TAKE_SECONDS:
                    happened = [sweeper.heartbeat()]
                if happened:
                    said_at = moment
                    yield b"".join(happened)
                if moment - checked_at >= sweeper.RECHECK_SECONDS:
                    checked_at = moment
                    if not self.ask(lambda: permit.holding({permit.key})):
                        return
        finally:
            hub.remove(mailbox)

    def snapshot_frame(self, user_id: int) -> bytes:
        """How things stand for a user, as an event."""
        return events.frame("snapshot", self.ask(lambda: snapshot(user_id)))

    def ask(self, question: Callable[[], Any]) -> Any:
        """Ask the database in a context of its own: an open stream holds no connection."""
        with self._app.app_context():
            only_read()
            return question()


class StreamResponse(Response):
    """An event stream, which a server that can may hand over."""

    def __init__(self, streams: Streams, place: Place, permit: Permit) -> None:
        super().__init__(streams.frames(place, permit), headers=HEADERS)
        self._begun = (streams, place, permit)

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        frames = super().__call__(environ, start_response)
        client = environ.get("gunicorn.socket")
        is_plain = client is not None and not isinstance(client, ssl.SSLSocket)
        if not (is_plain and environ["REQUEST_METHOD"] == "GET" and _is_http_1(environ)):
            return frames
        is_chunked = environ["SERVER_PROTOCOL"] != "HTTP/1.0"
        head = self._head(environ, is_chunked)
        return Connection(frames, client, head, is_chunked, *self._begun)

    def _head(self, environ: Any, is_chunked: bool) -> bytes:
        # No other request may come on a connection that is ours.
        headers = [*self.get_wsgi_headers(environ), ("Date", http_date()), ("Connection", "close")]
        if is_chunked:
            headers.append(("Transfer-Encoding", "chunked"))
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """The answer as WSGI knows it, and the way to have its connection instead."""

    def __init__(
        self,
        frames: Iterable[bytes],
        client: socket.socket,
        head: bytes,
        is_chunked: bool,
        streams: Streams,
        place: Place,
        permit: Permit,
    ) -> None:
        self._frames = frames
        self._client = client
        self._head = head
        self._is_chunked = is_chunked
        self._streams = streams
        self._place = place
        self._permit = permit

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._frames)

    def close(self) -> None:
        self._frames.close()  # type: ignore[attr-defined]

    def hand_over(self) -> None:
        """Answer on the connection and keep it; the server must close its own end of it unused."""
        sweeper = self._streams.sweeper
        page = OpenPage(self._place, self._permit, self._client, self._is_chunked, sweeper.care_for)
        page.begin(self._head, welcome())
        sweeper.admit(page)


def welcome() -> bytes:
    """The first bytes: pages that lose their server at once come again one after the other."""
    return b"retry: %d\n: welcome\n\n" % random.randint(*RETRY_MS)  # noqa: S311


def _is_http_1(environ: Any) -> bool:
    return str(environ["SERVER_PROTOCOL"]).startswith("HTTP/1.")


def snapshot(user_id: int) -> dict[str, Any]:
    """The user's unfinished drafts, with the text so far and its length in characters.

    Of those that wait, the first by their due times and those a page shows; `unfinished` counts
    all. And all else that events tell of: the newest contents, and what was found of the models.
    """
    contents = newest(user_id)
    drafts = _unfinished(user_id, contents)
    models = {model_of(draft) for draft in drafts}
    return {
        "server_time": iso(now()),
        "drafts": [_as_seen(draft) for draft in drafts],
        "unfinished": _count_unfinished(user_id),
        "contents": [str(content_id) for content_id in contents],
        "readiness": [found.as_event() for found in last_found_of(sorted(models))],
    }


def _unfinished(user_id: int, contents: list[UUID]) -> Sequence[Draft]:
    """All that are being written (no more than there are workers), and the first that wait."""
    waits = Draft.status.in_(UNFINISHED - {Status.GENERATING})
    # Drafts on hold have no due time: on every database they come last.
    by_due_time = (Draft.due_at.is_(None), Draft.due_at, Draft.id)
    first = select(Draft.id).where(Draft.user_id == user_id, waits).order_by(*by_due_time)
    first = first.limit(SNAPSHOT_WAITING)
    shown = union(
        select(Draft.id).where(Draft.user_id == user_id, Draft.status == Status.GENERATING),
        select(first.subquery()),
        select(first.where(Draft.content_id.in_(contents)).subquery()),
    )
    # By nothing but their ids: PostgreSQL would look at all else of the user's, too.
    these = select(Draft).where(one_of(Draft.id, select(shown.subquery())))
    its_settings = joinedload(Draft.content).load_only(Content.settings)
    drafts = these.options(*Draft.light(), its_settings).order_by(*by_due_time)
    return db.session.scalars(drafts).all()


def _count_unfinished(user_id: int) -> int:
    query = select(func.count()).select_from(Draft)
    own = query.where(Draft.user_id == user_id, Draft.status.in_(UNFINISHED))
    return db.session.scalar(own) or 0


def _as_seen(draft: Draft) -> dict[str, Any]:
    text = draft.text_so_far() if draft.status == Status.GENERATING else ""
    return {**draft.as_event(), "offset": len(text), "text": text}


streams = Streams()
