"""Which form made a draft or a token, so that sent twice it makes one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_drafts_content_id_idempotency_key"
HAS_A_KEY = sa.text("idempotency_key IS NOT NULL")


def upgrade() -> None:
    for table in ("drafts", "api_tokens"):
        op.add_column(table, sa.Column("idempotency_key", sa.String(length=255), nullable=True))
    op.create_index(
        INDEX,
        "drafts",
        ["content_id", "idempotency_key"],
        unique=True,
        sqlite_where=HAS_A_KEY,
        postgresql_where=HAS_A_KEY,
    )


def downgrade() -> None:
    op.drop_index(INDEX, "drafts")
    op.drop_column("api_tokens", "idempotency_key")
    op.drop_column("drafts", "idempotency_key")
