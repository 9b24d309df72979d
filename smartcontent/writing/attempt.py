"""One attempt at a draft: words in from Ollama and out to the pages."""

import io
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import OperationalError

from smartcontent.events import TextChannel
from smartcontent.models import Draft, now
from smartcontent.models.draft import DATABASE_PATIENCE_SECONDS
from smartcontent.ollama import Answer
from smartcontent.stores.sql import db
from smartcontent.writing.lease import Lease

# Set when this process was told to end: the draft goes back to the queue, its attempt unspent.
stopping = threading.Event()
# Causes after which another attempt asks for something else: more room, or another seed.
SPENT_ON_THINKING, REPEATING = "only_thinking", "repeating"
GATHER_SECONDS = 0.04


class WorkerStopping(Exception):
    """The worker was told to end in the middle of the text."""


def _beginning_with(text: str) -> io.StringIO:
    buffer = io.StringIO()
    buffer.write(text)
    return buffer


class Attempt:
    """Writes one attempt at a claimed draft."""

    def __init__(
        self,
        draft: Draft,
        after: str | None = None,
        before: str = "",
        tries: int = 0,
        earlier: str = "",
    ) -> None:
        self.draft = draft
        self._earlier = earlier  # what the attempts before it have left of a text
        self.before = before  # what the model's words come behind
        self.after = after  # the cause for which the attempt before ended
        self.tries = tries  # before this one, in a row, that did not reach Ollama
        self.number = draft.attempt
        self.repeats = draft.reproduces is not None  # and so never asks for something else
        self.claimed = draft.revision  # as the claim made it
        # What a release as lost changes, and a text that comes after all puts back. The row itself
        # cannot be read while the database is away.
        self.due_at, self.failures = draft.due_at, draft.failures
        self._text = _beginning_with(before)
        self.first_word_at: datetime | None = None
        self._channel = TextChannel(draft.user_id, str(draft.content_id), draft.id, self.number)
        self._gathered = before  # said with the first word: until then it is another's text
        self._said_at = 0.0
        self._lease = Lease(draft)

    @property
    def text(self) -> str:
        """All that has come, behind what was there before."""
        return self._text.getvalue()

    @property
    def written(self) -> str:
        """What the model has written of it."""
        return self.text[len(self.before) :]

    @property
    def so_far(self) -> str:
        """All that has come; nothing before the first word, for what was there is another's."""
        return self.text if self.first_word_at else ""

    @property
    def left(self) -> str:
        """What there is of a text where it goes no further: what it wrote, or one before it."""
        return self.so_far or self._earlier

    def begin(self, answer: Answer) -> None:
        """Send the request, under the lease until `close()`."""
        self._lease.begin()
        answer.begin()

    def close(self) -> None:
        """End the lease, however the attempt ended; a second call does nothing."""
        self._lease.end()

    def write(self, answer: Answer) -> None:
        """Stream the text until its end.

        Raises:
            OllamaError: the model did not finish it.
            DraftTaken: it was cancelled, or the lease was lost.
            WorkerStopping: this process has to end.
        """
        try:
            with answer:
                for piece in answer:
                    if answer.begins_again:
                        self._begin_again()
                    self._add(piece)
                    self._look_around()
        finally:
            self.close()
            self._say()

    def forget(self) -> None:
        """Leave nothing of the text where it was shown while it was written.

        Its row has it, or it may be a person's who is gone; and what is left takes room from all.
        """
        self._channel.forget()

    def _begin_again(self) -> None:
        self._text = _beginning_with(self.before)
        self._gathered = self.before
        self.first_word_at = None
        self._channel.begin_again()
        self._lease.save_soon()

    def _add(self, piece: str) -> None:
        if piece and self.first_word_at is None:
            self.first_word_at = now()
        self._text.write(piece)
        self._gathered += piece
        # The first word goes out at once; a fast model's further pieces in parcels.
        if time.monotonic() - self._said_at >= GATHER_SECONDS:
            self._say()

    def _say(self) -> None:
        if self._gathered and self.first_word_at:
            self._channel.say(self._gathered)
            self._gathered = ""
            self._said_at = time.monotonic()

    def _look_around(self) -> None:
        if stopping.is_set():
            raise WorkerStopping
        if self._lease.is_to_be_looked_at():
            self._channel.catch_up()
            self._lease.look_at(self.so_far)


def patiently(write: Callable[[], bool]) -> bool:
    """Carry out a last write, and wait up to a minute for a database that is away.

    Raises:
        sqlalchemy.exc.OperationalError: it stayed away; another tries when the lease has run out.
    """
    give_up_at = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while True:
        try:
            return write()
        except OperationalError:
            db.session.rollback()
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.5)
