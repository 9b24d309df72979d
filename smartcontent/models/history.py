"""What was done to a content and no other row says: a line an act, written in its transaction."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, bindparam, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.doors import door_here
from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base, db

LINES_KEPT = 500  # of one content


class What(StrEnum):
    """What was done. The first ones have lines; the others are read from drafts and links."""

    BRIEF_CHANGED = "brief_changed"
    PUT_OFF = "put_off"
    HELD = "held"
    RELEASED = "released"
    STARTED = "started"
    TAKEN_BACK = "taken_back"
    TITLED = "titled"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    FAVOURED = "favoured"
    UNFAVOURED = "unfavoured"
    CHOSEN = "chosen"
    ACCEPTED = "accepted"
    REMOVED = "removed"
    MADE_ROOM = "made_room"
    DISMISSED = "dismissed"
    SHOWN_AGAIN = "shown_again"
    TRASHED = "trashed"
    RESTORED = "restored"
    TAKEN_IN = "taken_in"

    SUBMITTED = "submitted"
    ASKED_FOR = "asked_for"
    EDITED = "edited"
    WRITTEN = "written"
    FAILED = "failed"
    STOPPED = "stopped"
    SHARED = "shared"
    REVOKED = "revoked"
    APPROVED = "approved"
    CHANGES_ASKED = "changes_asked"


class HistoryLine(Base):
    """An act: what, when, by which door, and the values that a sentence about it needs."""

    __tablename__ = "history"
    __table_args__ = (Index(None, "content_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    content_id: Mapped[UUID] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    what: Mapped[str] = mapped_column(String(20))
    door: Mapped[str] = mapped_column(String(10), default=door_here)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def note(content_id: UUID, what: What, **details: object) -> None:
    """Write down what is done to a content; whoever does it commits both as one."""
    note_all([content_id], what, **details)


def note_all(content_ids: Sequence[UUID], what: What, **details: object) -> None:
    """The same of many; of each the last lines are kept."""
    if not content_ids:
        return
    moment = now()  # of an act on many it is one
    rows = [
        {"content_id": each, "what": what, "at": moment, "details": details} for each in content_ids
    ]
    db.session.execute(insert(HistoryLine), rows)
    _forget_old_ones(content_ids)


def used_before(content_id: UUID) -> tuple[set[int], datetime | None]:
    """The numbers of the versions that were chosen or accepted, as far back as its lines go.

    And the moment before which they cannot tell it: an archive brings no lines.
    """
    acts = HistoryLine.what.in_([What.CHOSEN, What.ACCEPTED, What.TAKEN_IN])
    columns = HistoryLine.what, HistoryLine.at, HistoryLine.details
    query = select(*columns).where(HistoryLine.content_id == content_id, acts)
    lines = db.session.execute(query).all()
    numbers = {details["number"] for what, _, details in lines if what != What.TAKEN_IN}
    return numbers, max((at for what, at, _ in lines if what == What.TAKEN_IN), default=None)


def _forget_old_ones(content_ids: Sequence[UUID]) -> None:
    """Content by content, by the index: all lines of a thousand would be numbered in one query.

    In the order of their ids, as others lock them who do the same at once.
    """
    its = HistoryLine.content_id == bindparam("its_id")
    newest_first = select(HistoryLine.id).where(its).order_by(HistoryLine.id.desc()).correlate(None)
    newest_to_go = newest_first.offset(LINES_KEPT).limit(1).scalar_subquery()
    old = delete(HistoryLine).where(its, HistoryLine.id <= newest_to_go)
    db.session.connection().execute(old, [{"its_id": each} for each in sorted(content_ids)])
