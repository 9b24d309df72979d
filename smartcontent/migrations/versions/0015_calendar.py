"""What is due on a day is found for its owner; a secret address at which calendars read it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_drafts_user_id_due_at", "drafts", ["user_id", "due_at"])
    op.add_column("users", sa.Column("feed_digest", sa.String(length=64), nullable=True))
    op.create_index("uq_users_feed_digest", "users", ["feed_digest"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_users_feed_digest", "users")
    op.drop_column("users", "feed_digest")
    op.drop_index("ix_drafts_user_id_due_at", "drafts")
