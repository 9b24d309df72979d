"""Rows keep a cause and its values instead of a sentence, and what is to be downloaded."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("error_values", sa.JSON(), nullable=True))
    op.add_column("repairs", sa.Column("about", sa.JSON(), nullable=True))
    op.create_table(
        "downloads",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fails", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_downloads")),
    )


def downgrade() -> None:
    op.drop_table("downloads")
    op.drop_column("repairs", "about")
    op.drop_column("drafts", "error_values")
