"""What has been in the trash for long enough is found at once, to go for good."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    in_trash = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "ix_contents_to_go",
        "contents",
        ["deleted_at"],
        sqlite_where=in_trash,
        postgresql_where=in_trash,
    )


def downgrade() -> None:
    op.drop_index("ix_contents_to_go", "contents")
