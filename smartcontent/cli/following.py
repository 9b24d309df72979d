"""A draft followed to its end: Redis for speed, the database each second for certainty."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smartcontent import events
from smartcontent.live.hub import Mailbox, hub
from smartcontent.models import Draft
from smartcontent.stores.sql import db

READ_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Piece:
    """A piece of text; offset 0 begins the text (again: another attempt, or a thought)."""

    attempt: int
    offset: int
    text: str


class _Heard:
    """The text of the present attempt as far as it was passed on."""

    def __init__(self) -> None:
        self.attempt = 0
        self.text = ""

    def catch_up(self, draft: Draft) -> Iterator[Piece]:
        """What the draft has beyond that."""
        text = draft.text_so_far()
        if draft.attempt != self.attempt or not text.startswith(self.text):
            # The database lags behind Redis: a beginning of what was heard is nothing new.
            if draft.attempt == self.attempt and self.text.startswith(text):
                return
            self.attempt, self.text = draft.attempt, ""
        if len(text) > len(self.text):
            yield self._take(text[len(self.text) :])

    def hear(self, event: dict[str, Any]) -> Iterator[Piece]:
        """What is new in an event.

        Raises:
            LookupError: something is missing before it, so the draft has to be read again.
        """
        known = len(self.text)
        is_new = event["attempt"] > self.attempt or "begins_again" in event
        if is_new or event["offset"] > known:
            raise LookupError
        new = event["text"][known - event["offset"] :]
        if new and event["attempt"] == self.attempt:
            yield self._take(new)

    def _take(self, text: str) -> Piece:
        piece = Piece(self.attempt, len(self.text), text)
        self.text += text
        return piece


def follow(draft_id: int, user_id: int) -> Iterator[Draft | Piece]:
    """The draft whenever it was read, and its words in order, until it has ended.

    It needs no Redis; without, the words come as the worker saves them. Ends early if the draft is
    deleted for good.
    """
    mailbox = hub.open(user_id)
    heard = _Heard()
    try:
        while True:
            draft = db.session.get(Draft, draft_id, populate_existing=True)
            # Not a rollback: that would have every look at the draft read it again.
            db.session.commit()
            if draft is None:
                return
            if not draft.is_final:
                yield draft
            yield from heard.catch_up(draft)
            if draft.is_final:
                yield draft
                return
            yield from _listen(mailbox, draft_id, heard)
    finally:
        hub.remove(mailbox)


def _listen(mailbox: Mailbox, draft_id: int, heard: _Heard) -> Iterator[Piece]:
    """Words as they are said, until it is time to read the draft again."""
    read_again_at = time.monotonic() + READ_AGAIN_SECONDS
    while (left := read_again_at - time.monotonic()) > 0:
        pieces, must_read_again = mailbox.take(left)
        for name, event in events.parsed(b"".join(pieces)):
            if event.get("draft_id") != draft_id:
                continue
            if name == "status":
                return
            try:
                yield from heard.hear(event)
            except LookupError:
                return
        if must_read_again:
            # At once would be in a loop for as long as Redis is away.
            time.sleep(max(0.0, read_again_at - time.monotonic()))
