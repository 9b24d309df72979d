"""One Redis subscription a web process, one bounded mailbox an open page.

The hub hears the channels of the users whose pages are open and hands each event, as the bytes it
came in, to their mailboxes. A message that was lost leaves one trace only: after a cut, redis-py
subscribes again by itself and Redis confirms a second time. Every page is then told to read again.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from uuid import uuid4

import redis as redis_py
from flask import Flask
from redis.client import PubSub

from smartcontent.events import channel
from smartcontent.extensions import connect, redis

log = logging.getLogger(__name__)

MAILBOX_EVENTS = 256
CONFIRM_SECONDS = 1.0
WITHOUT_REDIS_SECONDS = 2.0


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
    """The subscription of this process and the mailboxes of its open pages.

    The listening thread alone touches the subscription; the others change the table of mailboxes
    and wake it, by a message on a channel that only this hub hears.
    """

    def __init__(self) -> None:
        self._url = ""
        self._own_channel = ""
        self._mailboxes: defaultdict[str, set[Mailbox]] = defaultdict(set)
        self._confirmed: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._started = threading.Lock()

    def init_app(self, app: Flask) -> None:
        self._url = app.config["REDIS_URL"]
        self._own_channel = f"smartcontent:hub:{uuid4().hex}"

    def open(self, user_id: int) -> Mailbox:
        """A mailbox that misses nothing from here on.

        Waits until Redis has confirmed the subscription: a snapshot taken after this call and the
        events in the mailbox leave no gap. While Redis is away it waits a second, no longer.
        """
        name = channel(user_id)
        mailbox = Mailbox(user_id)
        self._mailboxes[name].add(mailbox)
        # On the first page, not at import: a thread made before gunicorn forks would stay behind.
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._listen, name="hub", daemon=True).start()
        elif not self._confirmed[name].is_set():
            self._wake()
        self._confirmed[name].wait(CONFIRM_SECONDS)
        return mailbox

    def close(self, mailbox: Mailbox) -> None:
        """Forget a page that has gone."""
        name = channel(mailbox.user_id)
        self._mailboxes[name].discard(mailbox)
        if not self._mailboxes[name]:
            del self._mailboxes[name]
            self._wake()

    def count(self, user_id: int) -> int:
        """How many pages of the user are open in this process."""
        return len(self._mailboxes.get(channel(user_id), ()))

    def _wake(self) -> None:
        try:
            with redis() as client:
                client.publish(self._own_channel, b"")
        except redis_py.RedisError:
            log.info("hub: will subscribe once Redis is back")

    def _listen(self) -> None:
        while True:
            try:
                # No longer than a second in one wait: a subscription asked for while Redis did
                # not answer is made then.
                with connect(self._url, timeout_seconds=5).pubsub() as pubsub:
                    pubsub.subscribe(self._own_channel)
                    while True:
                        self._adjust(pubsub)
                        self._handle(pubsub.get_message(timeout=1.0))
            except redis_py.RedisError as error:
                log.warning("hub: Redis does not answer, pages read the database: %s", error)
                self._while_away()

    def _adjust(self, pubsub: PubSub) -> None:
        """Subscribe to what open pages need, and to nothing else."""
        have = {name.decode() for name in pubsub.channels} - {self._own_channel}
        wanted = set(self._mailboxes)
        if new := wanted - have:
            pubsub.subscribe(*new)
        if old := have - wanted:
            pubsub.unsubscribe(*old)
            for name in old:
                self._confirmed.pop(name, None)

    def _handle(self, message: dict[str, bytes] | None) -> None:
        name = message["channel"].decode() if message else ""
        if not message or name == self._own_channel:
            return
        if message["type"] == "message":
            for mailbox in list(self._mailboxes.get(name, ())):
                mailbox.put(message["data"])
        elif message["type"] == "subscribe":
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
