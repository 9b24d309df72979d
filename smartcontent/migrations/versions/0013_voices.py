"""Voices, and of each content the one it was submitted with, as it was then."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("always", sa.JSON(), nullable=False),
        sa.Column("never", sa.JSON(), nullable=False),
        sa.Column("prefer", sa.JSON(), nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_voices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voices")),
        sa.UniqueConstraint(
            "user_id", "idempotency_key", name=op.f("uq_voices_user_id_idempotency_key")
        ),
    )
    op.create_index(op.f("ix_voices_user_id"), "voices", ["user_id"])
    op.create_index(op.f("ix_voices_shared"), "voices", ["shared"])
    op.add_column("contents", sa.Column("voice", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("contents", "voice")
    op.drop_table("voices")
