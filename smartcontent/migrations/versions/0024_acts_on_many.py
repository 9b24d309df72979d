"""One act on all that match, done step by step."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "bulk_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(length=20), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("moment", moment),
        sa.Column("undoes_id", sa.Uuid()),
        sa.Column("undone_at", moment),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("left", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bulk_acts_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_acts")),
    )
    is_open = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_bulk_acts_open",
        "bulk_acts",
        ["due_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index(op.f("ix_bulk_acts_user_id_created_at"), "bulk_acts", ["user_id", "created_at"])
    op.create_index(op.f("ix_bulk_acts_finished_at"), "bulk_acts", ["finished_at"])
    op.create_table(
        "bulk_steps",
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["act_id"], ["bulk_acts.id"], name=op.f("fk_bulk_steps_act_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("act_id", "number", name=op.f("pk_bulk_steps")),
    )


def downgrade() -> None:
    op.drop_table("bulk_steps")
    op.drop_table("bulk_acts")
