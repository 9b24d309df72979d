"""Briefs that come again by a rule, and what each content knows of the series that made it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = "ix_contents_series_id_series_due_at"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("paused_at", moment, nullable=True),
        sa.Column("next_due", moment, nullable=True),
        sa.Column("refused_at", moment, nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_series_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_series_user_id_idempotency_key"),
    )
    op.create_index("ix_series_user_id_created_at", "series", ["user_id", "created_at"])
    op.create_index("ix_series_next_due", "series", ["next_due"])
    # Within the statement, which SQLite can do without copying the table.
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE contents ADD COLUMN series_id {kind} CONSTRAINT fk_contents_series_id_series "
        "REFERENCES series (id) ON DELETE SET NULL"
    )
    op.add_column("contents", sa.Column("series_due_at", moment, nullable=True))
    op.add_column("contents", sa.Column("series_missed", sa.Integer(), nullable=True))
    of_series = sa.text("series_id IS NOT NULL")
    op.create_index(
        TIME,
        "contents",
        ["series_id", "series_due_at"],
        unique=True,
        sqlite_where=of_series,
        postgresql_where=of_series,
    )


def downgrade() -> None:
    op.drop_index(TIME, "contents")
    with op.batch_alter_table("contents") as contents:
        contents.drop_constraint("fk_contents_series_id_series", type_="foreignkey")
        for name in ("series_missed", "series_due_at", "series_id"):
            contents.drop_column(name)
    op.drop_table("series")
