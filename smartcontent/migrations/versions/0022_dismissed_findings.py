"""Findings of the quality card that are dismissed for good."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("finding", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["contents.id"],
            name=op.f("fk_dismissals_content_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", "finding", name=op.f("pk_dismissals")),
    )


def downgrade() -> None:
    op.drop_table("dismissals")
