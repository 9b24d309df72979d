"""Many briefs submitted as one, and what each content and draft knows of it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

ROW = "ix_contents_batch_id_batch_row"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("submitted_at", moment, nullable=True),
        sa.Column("paused_at", moment, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("every_seconds", sa.Float(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("constants", sa.JSON(), nullable=False),
        sa.Column("upload", sa.JSON(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_batches_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint(
            "user_id", "idempotency_key", name="uq_batches_user_id_idempotency_key"
        ),
    )
    op.create_index("ix_batches_user_id_created_at", "batches", ["user_id", "created_at"])
    # Within the statement, which SQLite can do without copying the table.
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE contents ADD COLUMN batch_id {kind} CONSTRAINT fk_contents_batch_id_batches "
        "REFERENCES batches (id) ON DELETE SET NULL"
    )
    op.add_column("contents", sa.Column("batch_row", sa.Integer(), nullable=True))
    op.add_column("contents", sa.Column("batch_cells", sa.JSON(), nullable=True))
    op.create_index(ROW, "contents", ["batch_id", "batch_row"], unique=True)
    op.add_column("drafts", sa.Column("batch_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("drafts", "batch_id")
    op.drop_index(ROW, "contents")
    with op.batch_alter_table("contents") as contents:
        contents.drop_constraint("fk_contents_batch_id_batches", type_="foreignkey")
        for name in ("batch_cells", "batch_row", "batch_id"):
            contents.drop_column(name)
    op.drop_table("batches")
