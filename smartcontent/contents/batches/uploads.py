"""A table that somebody has sent, from its upload until it is submitted or forgotten.

It is kept in the database, not in the browser: its page can be reloaded, left and come back to.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, select

from smartcontent.beside import beside
from smartcontent.briefs.brief import usual_choices
from smartcontent.contents.batches.rows import TITLED_BRIEF
from smartcontent.contents.locking import one_after_the_other
from smartcontent.models import Batch, Content, now
from smartcontent.stores.sql import db
from smartcontent.tables.mapping import guess
from smartcontent.tables.table import Row, Table

KEPT = timedelta(days=1)
SHARED = ("template_id", "voice_id")  # what is chosen for all rows, beside the fields of a brief
_NOTED = (*TITLED_BRIEF, *SHARED)
KEPT_MOST = 5  # of one user
_LOOKED_BACK = 20  # batches


def packed(table: Table) -> str:
    """The rows and notes of a table as they are kept: in little, and in one text, for what the
    database takes or gives is made into JSON and read again while everybody else waits."""
    squeeze = zlib.compressobj(1)
    lines = (json.dumps(line).encode() + b"\n" for line in (table.notes, *table.rows))
    return b64encode(b"".join([*map(squeeze.compress, lines), squeeze.flush()])).decode()


def _unpacked(kept: str, headings: list[str]) -> Table:
    notes, *rows = map(json.loads, zlib.decompress(b64decode(kept)).splitlines())
    return _table(headings, rows, notes)


def _table(headings: list[str], rows: list[tuple[int, list[str]]], notes: list[str]) -> Table:
    return Table(tuple(headings), tuple(Row(n, tuple(cells)) for n, cells in rows), tuple(notes))


def keep(
    user_id: int, name: str, headings: tuple[str, ...], table: str, key: str | None = None
) -> Batch:
    """Keep a table, which is packed, to be looked through; the user's oldest ones make room for it.

    Sent again with the same key it is the one that was kept.
    """
    one_after_the_other(user_id)
    if key and (before := Batch.sent_with(user_id, key)):
        db.session.commit()
        return before
    mapping, constants = _as_last_time(user_id, headings)
    _make_room(user_id)
    batch = Batch(
        user_id=user_id,
        name=name,
        idempotency_key=key,
        headings=list(headings),
        mapping=mapping,
        constants=constants,
        upload={"packed": table},
    )
    db.session.add(batch)
    db.session.commit()
    return batch


def _as_last_time(user_id: int, headings: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """What the user said of the last table with the same headings, or else what can be guessed."""
    submitted = select(Batch).where(Batch.user_id == user_id, Batch.submitted_at.is_not(None))
    for before in db.session.scalars(
        submitted.order_by(Batch.created_at.desc()).limit(_LOOKED_BACK)
    ):
        if tuple(before.headings) == headings and before.mapping:
            return before.mapping, before.constants
    last, _ = Content.last_chosen(user_id)
    return guess(headings), dict(last) or usual_choices(None)


def _make_room(user_id: int) -> None:
    waiting = (Batch.user_id == user_id, Batch.submitted_at.is_(None))
    newest = select(Batch.id).where(*waiting).order_by(Batch.created_at.desc())
    kept = list(db.session.scalars(newest.limit(KEPT_MOST - 1)))
    too_old = Batch.created_at < now() - KEPT
    db.session.execute(delete(Batch).where(*waiting, too_old | Batch.id.not_in(kept)))


def table_of(batch: Batch) -> Table | None:
    """The table of an upload; None where it has just been submitted."""
    upload = db.session.scalar(select(Batch.upload).where(Batch.id == batch.id))
    db.session.commit()
    if upload is None:
        return None
    if "rows" in upload:  # of a release before this one
        return _table(batch.headings, **upload)
    table: Table = beside(_unpacked, upload["packed"], batch.headings)
    return table


def note(
    batch: Batch, mapping: Mapping[str, str], constants: Mapping[str, str], every_seconds: float
) -> None:
    """Keep what was chosen for a table."""
    batch.mapping, batch.every_seconds = dict(mapping), every_seconds
    batch.constants = {name: constants[name] for name in _NOTED if constants.get(name)}
    db.session.commit()


def forget(batch: Batch) -> bool:
    """Throw a table away; False where it has just been submitted, or is gone."""
    waiting = (Batch.id == batch.id, Batch.submitted_at.is_(None))
    gone = db.session.execute(delete(Batch).where(*waiting).returning(Batch.id)).all()
    db.session.commit()
    return bool(gone)
