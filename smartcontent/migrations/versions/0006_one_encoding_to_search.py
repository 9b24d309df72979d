"""What the search looks through has each accent in one encoding, whichever it came in."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CONTENTS = sa.table("contents", sa.column("id", sa.Uuid()), sa.column("search_text", sa.Text()))
AT_ONCE = 200  # as texts may be long


def upgrade() -> None:
    connection = op.get_bind()
    some = sa.select(CONTENTS).order_by(CONTENTS.c.id).limit(AT_ONCE)
    rows = connection.execute(some).all()
    while rows:
        for row in rows:
            composed = unicodedata.normalize("NFC", row.search_text)
            if composed != row.search_text:
                mine = CONTENTS.c.id == row.id
                connection.execute(CONTENTS.update().where(mine).values(search_text=composed))
        rows = connection.execute(some.where(CONTENTS.c.id > rows[-1].id)).all()


def downgrade() -> None:
    """Nothing to undo: it is found as before."""
