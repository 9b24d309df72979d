"""Which prompts a model read before their drafts were due, how fast, and what that saved."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("read_ahead_ms", sa.Double(), nullable=True))
    op.add_column("drafts", sa.Column("saved_ms", sa.Double(), nullable=True))
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("prompt", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=True),
        sa.Column("ms", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_readings_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
        sa.UniqueConstraint("draft_id", "prompt", name=op.f("uq_readings_draft_id_prompt")),
    )
    op.create_index(op.f("ix_readings_model_id"), "readings", ["model", "id"])


def downgrade() -> None:
    op.drop_table("readings")
    op.drop_column("drafts", "saved_ms")
    op.drop_column("drafts", "read_ahead_ms")
