"""What was done to a content is written down, and by which door."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("door", sa.String(length=10), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_history_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_content_id_id"), "history", ["content_id", "id"])
    op.add_column("drafts", sa.Column("door", sa.String(length=10)))
    op.add_column("drafts", sa.Column("stopped_by", sa.String(length=10)))
    op.add_column("bulk_acts", sa.Column("door", sa.String(length=10)))


def downgrade() -> None:
    op.drop_column("bulk_acts", "door")
    op.drop_column("drafts", "stopped_by")
    op.drop_column("drafts", "door")
    op.drop_table("history")
