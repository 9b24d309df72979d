"""A link for readers says by which door it was made, and revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shares", sa.Column("door", sa.String(length=10)))
    op.add_column("shares", sa.Column("revoked_by", sa.String(length=10)))


def downgrade() -> None:
    op.drop_column("shares", "revoked_by")
    op.drop_column("shares", "door")
