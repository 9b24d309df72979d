"""One Redis subscription a web process, one bounded mailbox an open page.

The hub hears the channels of the users whose pages are open and hands each event, as the bytes it
came in, to their mailboxes. A message that was lost leaves one trace only: after a cut, redis-py
subscribes again by itself and Redis confirms a second time. Every page is then told to read again.
"""

import logging
import threading
import time
from collections import defaultdict, deque

import redis as redis_py
from flask import Flask
from redis.client import PubSub

from smartcontent.events import channel
from smartcontent.extensions import connect

log = logging.getLogger(__name__)

MAILBOX_EVENTS = 256
CONFIRM_SECONDS = 1.0
WITHOUT_REDIS_SECONDS = 2.0
_IDLE_CHANNEL = "smartcontent:hub"  # keeps the subscription alive while no page is open


class Mailbox:
    """The events one open page has not been sent yet."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self._events: deque[bytes] = deque()
        self._filled = threading.Event()
        self._must_read_again = False

    def put(self, event: bytes) -> None:
        """Add an event; a page that cannot keep up loses them all and reads again."""
        if len(self._events) >= MAILBOX_EVENTS:
            self.read_again()
        elif not self._must_read_again:
            self._events.append(event)
            self._filled.set()

    def read_again(self) -> None:
        """Have the page start over from a snapshot."""
        self._must_read_again = True
        self._events.clear()
        self._filled.set()

    def take(self, timeout: float) -> tuple[list[bytes], bool]:
        """The events that came within `timeout` seconds, and whether to read again instead."""
        self._filled.wait(timeout)
        self._filled.clear()
        events, again = list(self._events), self._must_read_again
        self._events.clear()
        self._must_read_again = False
        return events, again


class Hub:
    """The subscription of this process and the mailboxes of its open pages."""

    def __init__(self) -> None:
        self._url = ""
        self._mailboxes: defaultdict[str, set[Mailbox]] = defaultdict(set)
        self._confirmed: dict[str, threading.Event] = {}
        self._pubsub: PubSub | None = None
        self._started = threading.Lock()

    def init_app(self, app: Flask) -> None:
        self._url = app.config["REDIS_URL"]

    def open(self, user_id: int) -> Mailbox:
        """A mailbox that misses nothing from here on.

        Waits until Redis has confirmed the subscription: a snapshot taken after this call and the
        events in the mailbox leave no gap. While Redis is away it waits a second, no longer.
        """
        name = channel(user_id)
        mailbox = Mailbox(user_id)
        confirmed = self._confirmed.setdefault(name, threading.Event())
        self._mailboxes[name].add(mailbox)
        if self._start_listening() and not confirmed.is_set():
            self._subscribe(name)
        if not confirmed.wait(CONFIRM_SECONDS):
            mailbox.read_again()
        return mailbox

    def close(self, mailbox: Mailbox) -> None:
        """Forget a page that has gone."""
        name = channel(mailbox.user_id)
        self._mailboxes[name].discard(mailbox)
        if not self._mailboxes[name]:
            del self._mailboxes[name]
            self._confirmed.pop(name, None)
            self._unsubscribe(name)

    def count(self, user_id: int) -> int:
        """How many pages of the user are open in this process."""
        return len(self._mailboxes.get(channel(user_id), ()))

    def _start_listening(self) -> bool:
        # On the first page, not at import: a thread made before gunicorn forks would stay behind.
        # False for the first page: the thread subscribes to its channel as it connects.
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._listen, name="hub", daemon=True).start()
            return False
        return True

    def _subscribe(self, name: str) -> None:
        if self._pubsub is not None:
            try:
                self._pubsub.subscribe(name)
            except redis_py.RedisError:
                log.info("hub: subscribing once Redis is back")

    def _unsubscribe(self, name: str) -> None:
        if self._pubsub is not None:
            try:
                self._pubsub.unsubscribe(name)
            except redis_py.RedisError:
                log.info("hub: Redis does not answer")

    def _listen(self) -> None:
        client = connect(self._url, timeout_seconds=5)
        while True:
            try:
                self._pubsub = client.pubsub()
                self._pubsub.subscribe(_IDLE_CHANNEL, *self._mailboxes)
                while True:
                    self._handle(self._pubsub.get_message(timeout=5))
            except redis_py.RedisError as error:
                log.warning("hub: Redis does not answer, pages read the database: %s", error)
                self._while_away()

    def _handle(self, message: dict[str, bytes] | None) -> None:
        if message is None:
            return
        name = message["channel"].decode()
        if message["type"] == "message":
            for mailbox in list(self._mailboxes.get(name, ())):
                mailbox.put(message["data"])
        elif message["type"] == "subscribe" and name in self._confirmed:
            if self._confirmed[name].is_set():
                self._read_again(name)
            self._confirmed[name].set()

    def _read_again(self, name: str) -> None:
        for mailbox in list(self._mailboxes.get(name, ())):
            mailbox.read_again()

    def _while_away(self) -> None:
        for name in list(self._mailboxes):
            self._read_again(name)
        time.sleep(WITHOUT_REDIS_SECONDS)


hub = Hub()
