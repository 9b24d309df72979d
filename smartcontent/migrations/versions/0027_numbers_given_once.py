"""A number of a draft that was deleted is not given to another."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contents", sa.Column("removed_number", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("contents", "removed_number")
