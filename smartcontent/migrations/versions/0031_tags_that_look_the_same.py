"""Names that look the same are one: of two such tags the later one is merged into the first."""

import re
from typing import Any
from unicodedata import combining, normalize

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NAMED = (("name", sa.Text()), ("sought", sa.Text()))


def _table(name: str, *columns: tuple[str, Any]) -> sa.TableClause:
    return sa.table(name, *(sa.column(*each) for each in columns))


TAGS = _table("tags", ("id", sa.Integer()), ("user_id", sa.Integer()), *NAMED)
VIEWS = _table("saved_views", ("id", sa.Uuid()), *NAMED)
CONTENT_TAGS = _table("content_tags", ("content_id", sa.Uuid()), ("tag_id", sa.Integer()))

# Many accents on one letter would take long to sort: they stay as they are.
ACCENTS_MOST = 30
ACCENTS = "".join(c for c in map(chr, range(0x300, 0x10000)) if combining(normalize("NFD", c)[0]))
TOO_MANY = re.compile(f"([{ACCENTS}\U00010000-\U0010ffff]{{{ACCENTS_MOST + 1},}})")
UNSEEN = dict.fromkeys(map(ord, "\xad\u200b\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"))


def upgrade() -> None:
    connection = op.get_bind()
    for tag in connection.execute(sa.select(TAGS).order_by(TAGS.c.id)).all():
        if (sought := _as_sought(tag.name)) != tag.sought:
            _give(connection, tag, sought)
    for view in connection.execute(sa.select(VIEWS)).all():  # two may have one name
        named = VIEWS.update().where(VIEWS.c.id == view.id)
        connection.execute(named.values(sought=_as_sought(view.name)))


def _give(connection: sa.Connection, tag: sa.Row, sought: str) -> None:
    same = TAGS.c.user_id == tag.user_id, TAGS.c.sought == sought
    other = connection.scalar(sa.select(TAGS.c.id).where(*same))
    first = tag.id if other is None else min(tag.id, other)
    if other is not None:
        _merge(connection, max(tag.id, other), first)
    connection.execute(TAGS.update().where(TAGS.c.id == first).values(sought=sought))


def _merge(connection: sa.Connection, later: int, first: int) -> None:
    has_first = sa.select(CONTENT_TAGS.c.content_id).where(CONTENT_TAGS.c.tag_id == first)
    of_later = CONTENT_TAGS.c.tag_id == later
    moved = CONTENT_TAGS.update().where(of_later, CONTENT_TAGS.c.content_id.not_in(has_first))
    connection.execute(moved.values(tag_id=first))
    connection.execute(CONTENT_TAGS.delete().where(of_later))
    connection.execute(TAGS.delete().where(TAGS.c.id == later))


def _as_sought(name: str) -> str:
    return " ".join(_composed(_composed(name).translate(UNSEEN).casefold()).split())


def _composed(text: str) -> str:
    if len(text) <= ACCENTS_MOST:
        return normalize("NFKC", text)
    parts = TOO_MANY.split(text)
    parts[::2] = [normalize("NFKC", part) for part in parts[::2]]
    return "".join(parts)


def downgrade() -> None:
    """Nothing to undo: the names are as they were written."""
