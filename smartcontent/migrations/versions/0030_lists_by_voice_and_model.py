"""What has a voice, and what a model has written, is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

VOICE, MODEL = "ix_contents_of_voice", "ix_drafts_of_model"


def upgrade() -> None:
    # As each database is asked for it.
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    its_id = "(voice ->> 'id')" if is_postgresql else "json_extract(voice, '$.id')"
    columns = ("user_id", sa.text(its_id), "created_at", "id")
    _of_some(VOICE, "contents", *columns, where="voice IS NOT NULL")
    _of_some(MODEL, "drafts", "user_id", "model", where="model IS NOT NULL")


def _of_some(name: str, table: str, *columns: str | sa.TextClause, where: str) -> None:
    some = sa.text(where)
    op.create_index(name, table, [*columns], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index(MODEL, "drafts")
    op.drop_index(VOICE, "contents")
