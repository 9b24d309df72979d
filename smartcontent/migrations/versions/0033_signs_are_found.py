"""Contents are found by signs, too ("C++"), and by digits of any script.

Nothing is rewritten here: the index says which contents have tokens of before, and they are made
anew afterwards, step by step (contents/reindexing.py). Until then they are found as they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_BEHIND = "CREATE INDEX ix_findables_behind ON findables (place) WHERE "


def upgrade() -> None:
    version = sa.Column("tokens_version", sa.Integer(), nullable=False, server_default="1")
    op.add_column("findables", version)
    op.drop_index("ix_findables_behind")
    op.execute(_BEHIND + "(behind != 0 OR tokens_version < 2)")


def downgrade() -> None:
    op.drop_index("ix_findables_behind")
    op.drop_column("findables", "tokens_version")
    op.execute(_BEHIND + "behind != 0")
