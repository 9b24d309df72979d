"""What a model wrote around a text."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("taken_out", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("drafts", "taken_out")
