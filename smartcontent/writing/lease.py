"""The lease on a draft: kept while it is written, and lost where another may have begun."""

import logging
import time
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import RawValue

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from smartcontent.models import Draft, now
from smartcontent.models.draft import LOOK_AROUND_SECONDS
from smartcontent.stores.sql import db, only_read

log = logging.getLogger(__name__)

# Until when, by time.monotonic(), this process may have a request open at Ollama; 0: it has none.
# Shared memory: the parent of a slot looks at it, for a paused process cannot hang up by itself.
lease_ends = RawValue("d", 0.0)


class DraftTaken(Exception):
    """The draft is no longer this worker's: cancelled, or given to another after a silence."""


class Lease:
    """A claimed draft, for as long as this process may write it."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        # The row itself cannot be read while the database is away.
        self._id = draft.id
        self.number = draft.attempt
        self._seconds = current_app.config["LEASE_SECONDS"]
        self._looked_at = self._kept_at = time.monotonic()

    def begin(self) -> None:
        """Something is open at Ollama from now on."""
        assert self._draft.lease_until is not None, "a claim sets it"
        self._may_write_until(self._draft.lease_until)

    def is_to_be_looked_at(self) -> bool:
        """Whether the last look is a while ago."""
        return time.monotonic() - self._looked_at >= LOOK_AROUND_SECONDS

    def look_at(self, text: str) -> None:
        """See whether the draft is still ours; each quarter of the lease save it and renew that.

        Raises:
            DraftTaken: it is not, or may not be soon.
        """
        moment = self._looked_at = time.monotonic()
        try:
            self._keep(text) if moment - self._kept_at >= self._seconds / 4 else self._check()
        except OperationalError as error:
            # The database is away: go on writing, the text is worth more than a look, but not
            # longer than the lease: it may be away for us alone, and another begin.
            log.warning("draft=%s database does not answer: %s", self._id, error.orig)
            db.session.rollback()
            if time.monotonic() + LOOK_AROUND_SECONDS > lease_ends.value:
                raise DraftTaken from error

    def save_soon(self) -> None:
        """Have the row follow a text that is another one now."""
        self._looked_at = self._kept_at = 0.0

    def end(self) -> None:
        """Nothing is open at Ollama any more."""
        lease_ends.value = 0.0

    def _keep(self, text: str) -> None:
        self._kept_at = time.monotonic()
        lease_until = now() + timedelta(seconds=self._seconds)
        if not self._draft.write(self.number, text=text, lease_until=lease_until):
            raise DraftTaken
        self._may_write_until(lease_until)

    def _may_write_until(self, lease_until: datetime) -> None:
        # A little less than the lease, so that nobody has begun before the connection is closed.
        seconds = (lease_until - now()).total_seconds() - self._seconds / 5
        lease_ends.value = time.monotonic() + seconds

    def _check(self) -> None:
        only_read()
        held = db.session.scalar(
            select(Draft.id).where(Draft.id == self._id, *Draft.held_by(self.number))
        )
        db.session.commit()
        if held is None:
            raise DraftTaken
