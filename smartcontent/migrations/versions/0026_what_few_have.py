"""Indexes of what few have hold those alone: by their statistics each is found by its own."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SOURCE, ROW, OWNER = (
    "ix_contents_source_id",
    "ix_contents_batch_id_batch_row",
    "ix_drafts_user_id",
)


def upgrade() -> None:
    _made_anew(SOURCE, ["source_id"], unique=False, some="source_id IS NOT NULL")
    _made_anew(ROW, ["batch_id", "batch_row"], unique=True, some="batch_id IS NOT NULL")
    op.drop_index(OWNER, "drafts")  # three others begin with it


def downgrade() -> None:
    _made_anew(SOURCE, ["source_id"], unique=False)
    _made_anew(ROW, ["batch_id", "batch_row"], unique=True)
    op.create_index(OWNER, "drafts", ["user_id"])


def _made_anew(name: str, columns: list[str], unique: bool, some: str | None = None) -> None:
    where = None if some is None else sa.text(some)
    op.drop_index(name, "contents")
    op.create_index(
        name, "contents", columns, unique=unique, sqlite_where=where, postgresql_where=where
    )
