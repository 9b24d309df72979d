"""One Redis subscription a web process, whatever the number of its open pages.

The hub hears the channels of the users whose pages are open and hands each event to their pages, as
the bytes it came in. A message that was lost leaves one trace only: after a cut, redis-py
subscribes again by itself and Redis confirms a second time. Every page is then told to read again.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Collection
from typing import Protocol
from uuid import uuid4

import redis as redis_py
from flask import Flask
from redis.client import PubSub

from smartcontent.events import READ_AGAIN, channel
from smartcontent.stores import keys
from smartcontent.stores.redis import connect, redis
from smartcontent.stores.redis_answers import trouble
from smartcontent.upkeep.duties import Duty

log = logging.getLogger(__name__)

MAILBOX_PIECES = 256
MAILBOX_BYTES = 1024 * 1024
MOST_AT_ONCE = 100
CONFIRM_SECONDS = 1.0
WITHOUT_REDIS_SECONDS = 2.0


class Listener(Protocol):
    """What the hub hands the events of a user to: an open page, or whoever follows a draft."""

    user_id: int

    def put(self, events: bytes) -> None:
        """Take one event or several in a row; never waits."""

    def read_again(self) -> None:
        """Start over from a snapshot: events may have been lost."""


def has_room(waiting: Collection[bytes]) -> bool:
    """Whether a listener may have more events wait; a text may be told in one of megabytes."""
    return len(waiting) < MAILBOX_PIECES and sum(map(len, waiting)) < MAILBOX_BYTES


class Mailbox:
    """A listener that keeps the events until they are asked for."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self._events: deque[bytes] = deque()
        self._filled = threading.Event()
        self._must_read_again = False

    def put(self, events: bytes) -> None:
        """Add events; who cannot keep up loses them all and reads again."""
        if not has_room(self._events):
            self.read_again()
        elif not self._must_read_again:
            self._events.append(events)
            self._filled.set()

    def read_again(self) -> None:
        self._must_read_again = True
        self._events.clear()
        self._filled.set()

    def take(self, timeout: float) -> tuple[list[bytes], bool]:
        """The events that came within `timeout` seconds, and whether to read again instead."""
        self._filled.wait(timeout)
        self._filled.clear()
        again, self._must_read_again = self._must_read_again, False
        # One by one: an event that is put meanwhile must not be cleared away unseen.
        return [self._events.popleft() for _ in range(len(self._events))], again


class Hub:
    """The subscription of this process and its listeners.

    The listening thread alone touches the subscription; the others change the table of listeners
    and wake it, by a message on a channel that only this hub hears.
    """

    def __init__(self) -> None:
        self._url = ""
        self._own_channel = ""
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._confirmed: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._unheard: set[str] = set()  # channels whose listeners began before Redis confirmed
        self._subscribed: set[str] = set()
        self._changed = False
        self._complaint = ""
        self._lock = threading.Lock()
        self._started = threading.Lock()

    def init_app(self, app: Flask) -> None:
        self._url = app.config["REDIS_URL"]
        self._own_channel = f"{keys.HUB_CHANNEL}{uuid4().hex}"

    def open(self, user_id: int) -> Mailbox:
        """A mailbox that misses nothing from here on."""
        mailbox = Mailbox(user_id)
        self.add(mailbox)
        return mailbox

    def add(self, listener: Listener) -> None:
        """Let a listener hear everything that happens from here on.

        Waits until Redis has confirmed the subscription: a snapshot taken after this call and the
        events that are put leave no gap. While Redis is away it waits a second, no longer, and the
        listener reads again once it has confirmed.
        """
        name = channel(listener.user_id)
        with self._lock:
            self._listeners[name].add(listener)
            confirmed = self._confirmed[name]
        # On the first page, not at import: a thread made before gunicorn forks would stay behind.
        if self._started.acquire(blocking=False):
            Duty("web", "hub", self._listen).start()
        elif not confirmed.is_set():
            self._wake()
        if not confirmed.wait(CONFIRM_SECONDS):
            self._unheard.add(name)

    def remove(self, listener: Listener) -> None:
        """Forget a listener."""
        name = channel(listener.user_id)
        with self._lock:
            self._listeners[name].discard(listener)
            is_last = not self._listeners[name]
            if is_last:
                del self._listeners[name]
                self._unheard.discard(name)
        if is_last:
            self._wake()

    def _wake(self) -> None:
        self._changed = True
        try:
            with redis() as client:
                client.publish(self._own_channel, b"")
        except redis_py.RedisError:
            log.info("hub: will subscribe once Redis is back")

    def _listen(self) -> None:
        """Listen until Redis is away; whatever was lost meanwhile, pages read again."""
        try:
            # No longer than a second in one wait: a subscription asked for while Redis did
            # not answer is made then.
            with connect(self._url, timeout_seconds=5).pubsub() as pubsub:
                pubsub.subscribe(self._own_channel)
                self._subscribed, self._changed = set(), True
                while True:
                    self._adjust(pubsub)
                    self._hear(pubsub)
                    self._complaint = ""
        except redis_py.RedisError as error:
            self._complain(str(trouble(error)))
            self._while_away()

    def _adjust(self, pubsub: PubSub) -> None:
        """Subscribe to what the listeners need, and to nothing else."""
        if not self._changed:
            return
        self._changed = False  # first, so that a change meanwhile is not overlooked
        with self._lock:
            # In one step: who comes after it waits for a confirmation of its own.
            had, self._subscribed = self._subscribed, set(self._listeners)
            for name in self._confirmed.keys() - self._subscribed:
                del self._confirmed[name]
        if new := self._subscribed - had:
            pubsub.subscribe(*new)
        if old := had - self._subscribed:
            pubsub.unsubscribe(*old)

    def _hear(self, pubsub: PubSub) -> None:
        """Wait up to a second for something, and tell the listeners all that has come."""
        happened: defaultdict[str, list[bytes]] = defaultdict(list)
        timeout = 1.0
        for _ in range(MOST_AT_ONCE):
            message = pubsub.get_message(timeout=timeout)
            if message is None:
                break
            timeout = 0
            name = message["channel"].decode()
            if message["data"] == READ_AGAIN:
                self._read_again(name)
            elif message["type"] == "message":
                happened[name].append(message["data"])
            elif message["type"] == "subscribe":
                self._confirm(name)
        # What piled up while the listeners were told goes to each in one piece.
        for name, events in happened.items():
            piece = b"".join(events)
            for listener in list(self._listeners.get(name, ())):
                listener.put(piece)

    def _confirm(self, name: str) -> None:
        with self._lock:
            if name not in self._subscribed:
                return  # Nobody listens any more: who comes next must not take it for theirs.
            confirmed = self._confirmed[name]
        must_read = confirmed.is_set()
        confirmed.set()
        if must_read or name in self._unheard:
            self._unheard.discard(name)
            self._read_again(name)

    def _read_again(self, name: str) -> None:
        for listener in list(self._listeners.get(name, ())):
            listener.read_again()

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:  # not every two seconds for as long as it lasts
            log.warning("hub: pages read the database. %s", complaint)
        self._complaint = complaint

    def _while_away(self) -> None:
        for name in list(self._listeners):
            self._read_again(name)
        time.sleep(WITHOUT_REDIS_SECONDS)


hub = Hub()
