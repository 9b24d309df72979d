"""On SQLite the number of an erased account is given to no other one."""

from typing import Any

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# It counts from the highest number there is; what was erased last had a higher one.
AFTER_THE_ERASED = "UPDATE sqlite_sequence SET seq = seq + 1000 WHERE name = 'users' AND seq > 0"


def upgrade() -> None:
    _rebuild(sqlite_autoincrement=True)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(AFTER_THE_ERASED)


def downgrade() -> None:
    _rebuild()


def _rebuild(**table: Any) -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("users", recreate="always", table_kwargs=table):
            pass
