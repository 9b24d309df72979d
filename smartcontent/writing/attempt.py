"""One attempt at a draft: words in from Ollama and out to the pages, the lease kept meanwhile."""

import io
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import RawValue

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from smartcontent.events import TextChannel
from smartcontent.models import Draft, now
from smartcontent.models.draft import LOOK_AROUND_SECONDS
from smartcontent.ollama import Answer
from smartcontent.stores.sql import db, only_read

log = logging.getLogger(__name__)


# Set when this process was told to end: the draft goes back to the queue, its attempt unspent.
stopping = threading.Event()
# Until when, by time.monotonic(), this process may have a request open at Ollama; 0: it has none.
# Shared memory: the parent of a slot looks at it, for a paused process cannot hang up by itself.
lease_ends = RawValue("d", 0.0)

# Causes after which another attempt asks for something else: more room, or another seed.
SPENT_ON_THINKING, REPEATING = "only_thinking", "repeating"
GATHER_SECONDS = 0.04
DATABASE_PATIENCE_SECONDS = 60


class DraftTaken(Exception):
    """The draft is no longer this worker's: cancelled, or given to another after a silence."""


class WorkerStopping(Exception):
    """The worker was told to end in the middle of the text."""


def _beginning_with(text: str) -> io.StringIO:
    buffer = io.StringIO()
    buffer.write(text)
    return buffer


class Attempt:
    """Writes one attempt at a claimed draft."""

    def __init__(self, draft: Draft, after: str | None = None, before: str = "") -> None:
        self.draft = draft
        self.before = before  # what the model's words come behind
        self.after = after  # the cause for which the attempt before ended
        # The row itself cannot be read while the database is away.
        self._id = draft.id
        self.number = draft.attempt
        self._text = _beginning_with(before)
        self.first_word_at: datetime | None = None
        self._channel = TextChannel(draft.user_id, str(draft.content_id), draft.id, self.number)
        self._gathered = ""
        self._said_at = 0.0
        self._looked_at = self._kept_at = time.monotonic()
        self._lease = current_app.config["LEASE_SECONDS"]
        assert draft.lease_until is not None, "a claim sets it"
        self._may_write_for((draft.lease_until - now()).total_seconds())

    @property
    def text(self) -> str:
        """All that has come, behind what was there before."""
        return self._text.getvalue()

    @property
    def written(self) -> str:
        """What the model has written of it."""
        return self.text[len(self.before) :]

    def write(self, answer: Answer) -> None:
        """Stream the text until its end.

        Raises:
            OllamaError: the model did not finish it.
            DraftTaken: it was cancelled, or the lease was lost.
            WorkerStopping: this process has to end.
        """
        if self.before:
            self._channel.say(self.before)
        try:
            with answer:
                for piece in answer:
                    if answer.begins_again:
                        self._begin_again()
                    self._add(piece)
                    self._look_around()
        finally:
            lease_ends.value = 0.0
            self._say()

    def forget(self) -> None:
        """Leave nothing of the text where it was shown: the draft may be a person's who is gone."""
        self._channel.forget()

    def _begin_again(self) -> None:
        self._text = _beginning_with(self.before)
        self._gathered = self.before
        self.first_word_at = None
        self._channel.begin_again()
        self._looked_at = self._kept_at = 0.0  # the row has to forget it, too, and now

    def _add(self, piece: str) -> None:
        if piece and self.first_word_at is None:
            self.first_word_at = now()
        self._text.write(piece)
        self._gathered += piece
        # The first word goes out at once; a fast model's further pieces in parcels.
        if time.monotonic() - self._said_at >= GATHER_SECONDS:
            self._say()

    def _say(self) -> None:
        if self._gathered:
            self._channel.say(self._gathered)
            self._gathered = ""
            self._said_at = time.monotonic()

    def _look_around(self) -> None:
        if stopping.is_set():
            raise WorkerStopping
        moment = time.monotonic()
        if moment - self._looked_at < LOOK_AROUND_SECONDS:
            return
        self._looked_at = moment
        self._channel.catch_up()
        try:
            self._keep() if moment - self._kept_at >= self._lease / 4 else self._check()
        except OperationalError as error:
            # The database is away: go on writing, the text is worth more than a look, but not
            # longer than the lease: it may be away for us alone, and another begin.
            log.warning("draft=%s database does not answer: %s", self._id, error.orig)
            db.session.rollback()
            if time.monotonic() + LOOK_AROUND_SECONDS > lease_ends.value:
                raise DraftTaken from error

    def _keep(self) -> None:
        self._kept_at = time.monotonic()
        lease_until = now() + timedelta(seconds=self._lease)
        if not self.draft.write(self.number, text=self.text, lease_until=lease_until):
            raise DraftTaken
        self._may_write_for((lease_until - now()).total_seconds())

    def _may_write_for(self, seconds: float) -> None:
        # A little less than the lease, so that nobody has begun before the connection is closed.
        lease_ends.value = time.monotonic() + seconds - self._lease / 5

    def _check(self) -> None:
        only_read()
        held = db.session.scalar(
            select(Draft.id).where(Draft.id == self._id, *Draft.held_by(self.number))
        )
        db.session.commit()
        if held is None:
            raise DraftTaken


def patiently(write: Callable[[], bool]) -> bool:
    """Carry out a last write, and wait up to a minute for a database that is away.

    Raises:
        sqlalchemy.exc.OperationalError: it stayed away; the lease runs out and another tries.
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
