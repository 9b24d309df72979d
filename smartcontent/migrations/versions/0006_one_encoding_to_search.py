"""What the search looks through has each accent in one encoding, whichever it came in."""

import re
from unicodedata import combining, normalize

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CONTENTS = sa.table("contents", sa.column("id", sa.Uuid()), sa.column("search_text", sa.Text()))
AT_ONCE = 200  # as texts may be long
# Thousands of accents on one letter would take minutes to sort: they stay as they are.
ACCENTS = "".join(c for c in map(chr, range(0x300, 0x10000)) if combining(normalize("NFD", c)[0]))
TOO_MANY = re.compile(f"([{ACCENTS}\U00010000-\U0010ffff]{{31,}})")


def upgrade() -> None:
    connection = op.get_bind()
    some = sa.select(CONTENTS).order_by(CONTENTS.c.id).limit(AT_ONCE)
    rows = connection.execute(some).all()
    while rows:
        for row in rows:
            composed = _composed(row.search_text)
            if composed != row.search_text:
                mine = CONTENTS.c.id == row.id
                connection.execute(CONTENTS.update().where(mine).values(search_text=composed))
        rows = connection.execute(some.where(CONTENTS.c.id > rows[-1].id)).all()


def _composed(text: str) -> str:
    parts = TOO_MANY.split(text)
    parts[::2] = [normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def downgrade() -> None:
    """Nothing to undo: it is found as before."""
