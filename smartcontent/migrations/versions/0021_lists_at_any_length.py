"""Lists and estimates take as long with 100,000 contents as with a thousand."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LISTED = ("user_id", "created_at", "id")


def upgrade() -> None:
    _on_contents("ix_contents_listed", *LISTED, where="deleted_at IS NULL")
    _on_contents("ix_contents_thrown_away", *LISTED, where="deleted_at IS NOT NULL")
    _on_contents("ix_contents_titled", "user_id", sa.text("lower(title)"), "id")
    _on_contents("ix_contents_of_type", "user_id", "content_type", "created_at", "id")
    # As each database is asked for it.
    is_true = "true" if op.get_bind().dialect.name == "postgresql" else "1"
    _on_contents("ix_contents_favourite", *LISTED, where=f"favourite IS {is_true}")
    _on_contents("ix_contents_trash", "user_id", "deleted_at", "id", where="deleted_at IS NOT NULL")
    op.create_index("ix_drafts_written", "drafts", ["model", "status", "origin", "id"])


def _on_contents(name: str, *columns: str | sa.TextClause, where: str | None = None) -> None:
    some = None if where is None else sa.text(where)
    op.create_index(name, "contents", list(columns), sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index("ix_drafts_written", "drafts")
    for name in ("listed", "thrown_away", "titled", "of_type", "favourite", "trash"):
        op.drop_index(f"ix_contents_{name}", "contents")
