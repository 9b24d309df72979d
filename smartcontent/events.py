"""What happened, said on a Redis channel: one channel a user, and the text written so far.

An event on the channel is the very frame an event stream sends (`event: …`, `data: …`), made once
by whoever speaks, so that a web process passes bytes on and parses nothing.
"""

import io
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import redis as redis_py

from smartcontent.stores import keys, stored
from smartcontent.stores.redis import redis
from smartcontent.stores.redis_answers import is_silence, trouble

log = logging.getLogger(__name__)

TEXT_KEPT_SECONDS = 3600
SCANNED = 500  # keys at a time
TRY_AGAIN_SECONDS = 1.0


def channel(user_id: int) -> str:
    """The channel that carries one user's events.

    Channels are common to all databases of a Redis server: the number keeps installations apart.
    """
    return f"smartcontent:{redis.database}:user:{user_id}"


def frame(name: str, data: dict[str, Any]) -> bytes:
    """One event of an event stream, as bytes."""
    # As it is written: escaped, a letter of most scripts would take twice to three times the bytes.
    written = on_one_line(json.dumps(data, separators=(",", ":"), ensure_ascii=False))
    return f"event: {name}\ndata: {written}\n\n".encode(errors="replace")


def on_one_line(written: str) -> str:
    """JSON without the line ends that may stand in it, at which str.splitlines cuts, too."""
    for sign in "\x85\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written


# Not for pages: who hands events on to them has them read again.
READ_AGAIN = frame("again", {})


def parsed(frames: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the data of each of some events; what is none is left out."""
    for one in frames.split(b"\n\n")[:-1]:
        head, _, data = one.partition(b"\ndata: ")
        name = head.removeprefix(b"event: ").decode(errors="replace")
        read = stored.document("a channel", data, dict[str, Any])
        if read is not None:
            yield name, read


def publish(user_id: int, name: str, data: dict[str, Any]) -> None:
    """Tell the user's open pages; a page that misses it reads the database again."""
    publish_all(user_id, name, [data])


def publish_all(user_id: int, name: str, all_data: Iterable[dict[str, Any]]) -> None:
    """Tell the user's open pages of many things of one kind, in one exchange with Redis."""
    try:
        with redis() as client, client.pipeline(transaction=False) as pipe:
            for data in all_data:
                pipe.publish(channel(user_id), frame(name, data))
            pipe.execute()
    except redis_py.RedisError as error:
        log.warning("event %s not published: %s", name, trouble(error))
        if is_silence(error):  # who may not tell may not tell later, either
            _untold.add(user_id)


class _Untold:
    """The users whose pages missed something of what this process had to tell.

    Whoever listens is told of a cut connection, but not of what was never sent: a server that fell
    silent for a second keeps its connections. So they are told to read again once it answers.
    """

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._is_telling = False
        self._lock = threading.Lock()

    def add(self, *user_ids: int) -> None:
        with self._lock:
            self._users.update(user_ids)
            was_telling, self._is_telling = self._is_telling, True
        if not was_telling:
            threading.Thread(target=self._tell, name="untold", daemon=True).start()

    def _tell(self) -> None:
        while users := self._taken():
            try:
                with redis() as client:
                    for user_id in users:
                        client.publish(channel(user_id), READ_AGAIN)
            except redis_py.RedisError:
                self.add(*users)

    def _taken(self) -> set[int]:
        time.sleep(TRY_AGAIN_SECONDS)
        with self._lock:
            users, self._users = self._users, set()
            self._is_telling = bool(users)
        return users


_untold = _Untold()


def _text_key(draft_id: int | str, attempt: int | str) -> str:
    return f"{keys.TEXT}{draft_id}:{attempt}"


def _draft_of(text_key: Any) -> int:
    """The draft whose text it is; 0, which is nobody's, where it is no key that we write."""
    number = text_key.split(b":")[2]
    return int(number) if number.isdigit() and len(number) < 10 else 0


class TextChannel:
    """Where a worker says the words of one attempt at a draft, in order.

    Keeps all of the text in Redis beside publishing it, so that a page that opens in mid-text
    starts from what is there; offsets count characters (Unicode code points).
    """

    def __init__(self, user_id: int, content_id: str, draft_id: int, attempt: int) -> None:
        self._channel = channel(user_id)
        self._key = _text_key(draft_id, attempt)
        self._ids = {"content_id": content_id, "draft_id": draft_id, "attempt": attempt}
        self._said = io.StringIO()
        self._length = self._bytes = 0
        self._is_behind = False

    def say(self, text: str) -> None:
        """Append a piece of text and publish it."""
        offset = self._length
        self._said.write(text)
        self._length += len(text)
        self._bytes += len(text.encode())
        self._tell(offset, text)

    def begin_again(self) -> None:
        """Take back all that was said: it was no text."""
        self._said = io.StringIO()
        self._length = self._bytes = 0
        self._is_behind = True
        self._tell(0, "", begins_again=True)

    def catch_up(self) -> None:
        """Tell Redis what it was not there for; pages see by the offset that they missed it."""
        if self._is_behind:
            self._tell(self._length, "")

    def forget(self) -> None:
        """Take the text out of Redis: its row has it, or nobody may read on in it."""
        with suppress(redis_py.RedisError), redis() as client:  # it forgets by itself in an hour
            client.delete(self._key)

    def _tell(self, offset: int, text: str, **more: bool) -> None:
        event = frame("text", {**self._ids, "offset": offset, "text": text, **more})
        is_whole = self._is_behind
        try:
            with redis() as client, client.pipeline(transaction=False) as pipe:
                if is_whole:
                    pipe.set(self._key, self._said.getvalue())
                else:
                    pipe.append(self._key, text)
                pipe.strlen(self._key)
                pipe.expire(self._key, TEXT_KEPT_SECONDS)
                pipe.publish(self._channel, event)
                *kept, told = pipe.execute(raise_on_error=False)
            length = _unless_refused(kept)[1]
        except redis_py.RedisError as error:
            log.warning("text of draft=%s not kept: %s", self._ids["draft_id"], trouble(error))
            self._is_behind = True
            return
        if isinstance(told, redis_py.RedisError):  # who may not tell may keep: pages read later
            log.warning("text of draft=%s not told: %s", self._ids["draft_id"], trouble(told))
        # Redis came back empty, or as it was seconds ago. What it does not keep whole, either, it
        # is told at the next look.
        self._is_behind = length != self._bytes
        if not is_whole:
            self.catch_up()


def _unless_refused(answers: list[Any]) -> list[Any]:
    """The answers to commands of one pipeline.

    Raises:
        redis.RedisError: one of them was refused.
    """
    for answer in answers:
        if isinstance(answer, redis_py.RedisError):
            raise answer
    return answers


def forget_texts_of_nobody(alive: Callable[[set[int]], set[int]]) -> None:
    """Take out the texts of all drafts but those that are among the `alive`.

    A worker that is killed before it notices that its draft is gone cannot do it.

    Raises:
        redis.RedisError: Redis does not answer, or refuses.
    """
    with redis() as client:
        cursor = -1
        while cursor:
            cursor, keys = client.scan(max(cursor, 0), match=_text_key("*", "*"), count=SCANNED)
            drafts = {key: _draft_of(key) for key in keys}
            there = alive(set(drafts.values())) if drafts else set()
            if gone := [key for key in keys if drafts[key] not in there]:
                client.delete(*gone)


def forget_texts(attempts: Iterable[tuple[int, int]]) -> None:
    """Take what was said in these attempts (draft, number) out of Redis.

    Raises:
        redis.RedisError: Redis does not answer, or refuses.
    """
    keys = [_text_key(draft_id, attempt) for draft_id, attempt in attempts]
    if keys:
        with redis() as client:
            client.delete(*keys)


def text_so_far(draft_id: int, attempt: int) -> str | None:
    """The text of an attempt as last said; None where Redis does not know or does not answer."""
    try:
        with redis() as client:
            key = _text_key(draft_id, attempt)
            text = stored.asked(key, lambda: client.get(key))
    except redis_py.RedisError:
        return None
    return stored.text(key, text)
