"""The lines of a history: those that were written down, and those that other rows tell.

A draft says by itself when and by which door it was asked for, and how it ended; a link and an
answer of its reader, when they came. All there is of a content is bounded: its drafts, its links,
the answers to each, and the lines.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from smartcontent.doors import Door
from smartcontent.models import Content, Draft, Origin, Review, Share, Status, Verdict
from smartcontent.models.draft import FAILURE
from smartcontent.models.failures import on_record
from smartcontent.models.history import HistoryLine, What
from smartcontent.stores.sql import db

PAGE = 50
READER = "reader"
_OF_DRAFT = (
    *(Draft.id, Draft.content_id, Draft.number, Draft.origin, Draft.status, Draft.made),
    *(Draft.created_at, Draft.finished_at, Draft.door, Draft.stopped_by, Draft.batch_id),
    *(Draft.model, Draft.words, Draft.failures, *FAILURE),
)
_OF_SHARE = (
    *(Share.id, Share.content_id, Share.created_at, Share.revoked_at),
    *(Share.door, Share.revoked_by),
)
_ENDS = {
    Status.COMPLETED: What.WRITTEN,
    Status.FAILED: What.FAILED,
    Status.CANCELLED: What.STOPPED,
}
_SAID = {Verdict.APPROVED: What.APPROVED, Verdict.CHANGES: What.CHANGES_ASKED}


class Place(NamedTuple):
    """Where a line stands: by its time, and of one time in a fixed order."""

    at: datetime
    kind: int
    number: int


class Line(NamedTuple):
    """One act. By whom the door says: the owner, a reader, somebody at the command line, nobody."""

    place: Place
    what: What
    door: str | None
    details: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        return self.place.at


def page_of(content: Content, cursor: str = "", limit: int = PAGE) -> tuple[list[Line], str | None]:
    """The last acts, or those before the cursor, and the cursor of those before them.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    lines = histories([content])[content.id]
    if cursor:
        before = _place(cursor)
        lines = [line for line in lines if line.place < before]
    more = len(lines) > limit
    return lines[:limit], _cursor(lines[limit - 1].place) if more else None


def histories(contents: Sequence[Content]) -> Mapping[UUID, list[Line]]:
    """All lines of each content, the last first."""
    ids = [content.id for content in contents]
    found: dict[UUID, list[Line]] = {each: [] for each in ids}
    drafts = defaultdict[UUID, list[Any]](list)
    for draft in _rows(select(*_OF_DRAFT).where(Draft.content_id.in_(ids))):
        drafts[draft.content_id].append(draft)
    for content in contents:
        found[content.id] += _of_drafts(content, drafts[content.id])
    for content_id, line in chain(_noted(ids), _of_shares(ids), _of_reviews(ids)):
        found[content_id].append(line)
    return {each: sorted(lines, key=_by_place, reverse=True) for each, lines in found.items()}


def _by_place(line: Line) -> Place:
    return line.place


def _rows(query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
    return db.session.execute(query).all()


def _noted(ids: Sequence[UUID]) -> Iterator[tuple[UUID, Line]]:
    # Those that a newer version has written are left to it.
    known = HistoryLine.content_id.in_(ids), HistoryLine.what.in_([*What])
    for row in db.session.scalars(select(HistoryLine).where(*known)):
        place = Place(row.at, 2, row.id)
        yield row.content_id, Line(place, What(row.what), row.door, row.details)


def _of_drafts(content: Content, drafts: Sequence[Any]) -> Iterator[Line]:
    first = [
        draft
        for draft in drafts
        if draft.created_at == content.created_at and draft.origin == Origin.GENERATED
    ]
    door = first[0].door if first else None
    yield Line(Place(content.created_at, 0, 0), What.SUBMITTED, door, _submission(content, first))
    known = {draft.id for draft in first}
    for draft in drafts:
        if draft.id not in known:
            yield _asked_for(draft)
        if draft.finished_at and draft.origin != Origin.EDITED:
            yield _ended(draft)


def _submission(content: Content, first: Sequence[Any]) -> dict[str, Any]:
    known = {
        "versions": len(first) if len(first) > 1 else None,
        "row": content.batch_row,
        "series": content.series_due_at and content.series_due_at.isoformat(),
        "made_from": content.source_number,
    }
    return {name: value for name, value in known.items() if value is not None}


def _asked_for(draft: Any) -> Line:
    what = What.EDITED if draft.origin == Origin.EDITED else What.ASKED_FOR
    known = {"do": draft.made["do"], "how": draft.made["how"], "of": draft.made["number"]}
    details = {name: value for name, value in known.items() if value is not None}
    place = Place(draft.created_at, 1, draft.id)
    return Line(place, what, draft.door, {"number": draft.number, **details})


def _ended(draft: Any) -> Line:
    what = _ENDS[Status(draft.status)]
    details: dict[str, Any] = {"number": draft.number}
    if what == What.WRITTEN:
        details |= {"model": draft.model, "failures": draft.failures}
    if what == What.FAILED:
        told = on_record(draft.error_cause or "", draft.error_values, draft.earlier_error)
        details["error"] = told.sentence
    door = draft.stopped_by if what == What.STOPPED else Door.SYSTEM
    return Line(Place(draft.finished_at, 3, draft.id), what, door, details)


def _of_shares(ids: Sequence[UUID]) -> Iterator[tuple[UUID, Line]]:
    shares = select(*_OF_SHARE, Draft.number).join(Share.draft)
    for row in _rows(shares.where(Share.content_id.in_(ids))):
        number = {"number": row.number}
        made, ended = Place(row.created_at, 4, row.id), row.revoked_at
        yield row.content_id, Line(made, What.SHARED, row.door, number)
        if ended:
            revoked = Place(ended, 5, row.id)
            yield row.content_id, Line(revoked, What.REVOKED, row.revoked_by, number)


def _of_reviews(ids: Sequence[UUID]) -> Iterator[tuple[UUID, Line]]:
    said = select(Review.id, Review.at, Review.verdict, Review.name, Share.content_id, Draft.number)
    here = said.join(Share, Share.id == Review.share_id).join(Draft, Draft.id == Share.draft_id)
    for row in _rows(here.where(Share.content_id.in_(ids))):
        details = {"number": row.number, "name": row.name}
        what = _SAID[Verdict(row.verdict)]
        yield row.content_id, Line(Place(row.at, 6, row.id), what, READER, details)


def _cursor(place: Place) -> str:
    written = f"{place.at.isoformat()} {place.kind} {place.number}"
    return urlsafe_b64encode(written.encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    at, kind, number = urlsafe_b64decode(cursor.encode() + b"==").decode().split(" ")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is not UTC:
        raise ValueError("ours are in UTC")
    return Place(moment, int(kind), int(number))
