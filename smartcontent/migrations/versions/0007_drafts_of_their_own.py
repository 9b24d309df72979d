"""What a draft was asked for beyond its content's brief, what it was made from, and its length."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS: dict[str, Any] = {
    "task": sa.JSON(),
    "wishes": sa.JSON(),
    "brief": sa.JSON(),
    "words": sa.Integer(),
    "model_digest": sa.String(length=80),
    "reproduces": sa.JSON(),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("drafts", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("drafts", name)
