"""Looks after all open pages, so that none needs a thread, a timer or a greenlet of its own."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from smartcontent.events import frame
from smartcontent.live.hub import hub
from smartcontent.live.open_page import OpenPage
from smartcontent.models import now
from smartcontent.models.moments import iso
from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15
MISSED_BEATS = 3  # after so many a page takes its stream for dead
RECHECK_SECONDS = 4
RECHECK_AT_ONCE = 100
LOOK_SECONDS = 1.0
LOOK_PARTS = 10
PUSH_SECONDS = 0.05


def heartbeat() -> bytes:
    """A sign of life: an event, for browsers tell a page of no comment.

    It says when it was given, so that a page sees whether something on its way holds events back.
    """
    return b": still here\n" + frame("alive", {"server_time": iso(now())})


def silence_seconds() -> int:
    """How long a page hears nothing before it takes its stream for dead."""
    return MISSED_BEATS * HEARTBEAT_SECONDS


class Sweeper:
    """The open pages of this process, and three threads that see to what becomes of them.

    `snapshot_of` reads how things stand for a user, as an event; `ask` puts a question to the
    database. Both may raise SQLAlchemyError.
    """

    def __init__(
        self, snapshot_of: Callable[[int], bytes], ask: Callable[[Callable[[], Any]], Any]
    ) -> None:
        self._snapshot_of = snapshot_of
        self._ask = ask
        self._pages: set[OpenPage] = set()
        self._in_need: set[OpenPage] = set()
        self._called = threading.Event()
        self._started = threading.Lock()

    def admit(self, page: OpenPage) -> None:
        """Begin a page's stream: a snapshot, then all that happens after it."""
        page.beat_at = time.monotonic() + HEARTBEAT_SECONDS
        self._pages.add(page)
        # On the first page, not at import: a thread made before gunicorn forks would stay behind.
        if self._started.acquire(blocking=False):
            for turn in (self._help, self._look, self._recheck):
                Duty("web", f"sweeper{turn.__name__}", turn).start()
        hub.add(page)
        page.read_again()

    def care_for(self, page: OpenPage) -> None:
        """Have a page helped soon that cannot go on by itself."""
        self._in_need.add(page)
        self._called.set()

    def look_at_pages_of(self, user_id: int) -> None:
        """Notice at once which of a user's pages have gone."""
        for page in list(self._pages):
            if page.user_id == user_id:
                self._look_at(page)

    def end_all(self) -> None:
        """End every stream now: the pages go elsewhere, or come again."""
        for page in list(self._pages):
            self._end(page)

    def _end(self, page: OpenPage) -> None:
        self._in_need.discard(page)
        if page in self._pages:
            self._pages.discard(page)
            page.close()  # first, for its place is free then, and telling Redis may take a while
            hub.remove(page)

    def _help(self) -> None:
        """Push what a socket had no room for, and take the snapshots that are asked for."""
        self._called.wait(PUSH_SECONDS if self._in_need else None)
        self._called.clear()
        readers: defaultdict[int, list[OpenPage]] = defaultdict(list)
        for page in list(self._in_need):
            page.push()
            if page.is_over:
                self._end(page)
            elif not page.is_behind:
                self._in_need.discard(page)
                if page.must_read:
                    readers[page.user_id].append(page)
        for user_id, pages in readers.items():
            self._show_snapshot(user_id, pages)

    def _show_snapshot(self, user_id: int, pages: list[OpenPage]) -> None:
        """One snapshot does for all pages of a user."""
        for page in pages:
            page.begin_reading()
        try:
            snapshot = self._snapshot_of(user_id)
        except SQLAlchemyError as error:
            log.warning("stream: the database does not answer, pages come again: %s", error)
            for page in pages:
                self._end(page)
            return
        for page in pages:
            page.show(snapshot)

    def _look(self) -> None:
        """Look at every page, some at a time, whether it is still there, and show signs of life."""
        pages = list(self._pages)
        share = len(pages) // LOOK_PARTS + 1
        for part in range(LOOK_PARTS):
            time.sleep(LOOK_SECONDS / LOOK_PARTS)
            for page in pages[part * share : (part + 1) * share]:
                self._look_at(page)

    def _look_at(self, page: OpenPage) -> None:
        if page.is_over or page.has_gone():
            self._end(page)
        elif time.monotonic() + LOOK_SECONDS >= page.beat_at:
            page.beat_at = time.monotonic() + HEARTBEAT_SECONDS
            if page.is_behind and page.was_behind:
                self._end(page)
                return
            page.was_behind = page.is_behind
            page.put(heartbeat())

    def _recheck(self) -> None:
        """End the pages whose permits hold no more: signed out, disabled, revoked."""
        time.sleep(RECHECK_SECONDS)
        pages = list(self._pages)
        asked: defaultdict[Callable[[set[str]], set[str]], set[str]] = defaultdict(set)
        for page in pages:
            asked[page.permit.holding].add(page.permit.key)
        try:
            held = {holding: self._those_held(holding, keys) for holding, keys in asked.items()}
        except SQLAlchemyError as error:
            log.warning("stream: permits not checked, the database does not answer: %s", error)
            return
        for page in pages:
            if page.permit.key not in held[page.permit.holding]:
                self._end(page)

    def _those_held(self, holding: Callable[[set[str]], set[str]], keys: set[str]) -> set[str]:
        """Ask for some at a time: one query for all would hold up the process for too long."""
        held: set[str] = set()
        for some in _parts(keys):
            held |= self._ask(partial(holding, some))
            time.sleep(0)
        return held


def _parts(keys: set[str]) -> Iterator[set[str]]:
    rest = iter(keys)
    while part := set(islice(rest, RECHECK_AT_ONCE)):
        yield part
