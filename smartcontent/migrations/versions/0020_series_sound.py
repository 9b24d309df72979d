"""A series keeps the voice that its contents are to have."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("series", sa.Column("voice", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("series", "voice")
