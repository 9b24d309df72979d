"""A draft knows whether its batch's pause holds it, a series what it was told to leave out."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

HELD_BY_A_PAUSE = (
    "UPDATE drafts SET is_paused = true WHERE status = 'held'"
    " AND batch_id IN (SELECT id FROM batches WHERE paused_at IS NOT NULL)"
)


def upgrade() -> None:
    no = sa.false()
    op.add_column("drafts", sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=no))
    op.add_column("series", sa.Column("skipped_due", sa.DateTime(timezone=True)))
    # Who of these was held by hand before, nobody knows.
    op.execute(HELD_BY_A_PAUSE)


def downgrade() -> None:
    op.drop_column("series", "skipped_due")
    op.drop_column("drafts", "is_paused")
