"""Count a user's drafts without reading all of them: those unfinished, those of the last minute."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_drafts_user_id_status"), ["user_id", "status"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_drafts_user_id_created_at"), ["user_id", "created_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drafts_user_id_created_at"))
        batch_op.drop_index(batch_op.f("ix_drafts_user_id_status"))
