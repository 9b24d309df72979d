"""On SQLite the number of an erased account is given to no other one."""

from typing import Any

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rebuild(sqlite_autoincrement=True)
    if op.get_bind().dialect.name == "sqlite":  # nor those that were erased last, before it counts
        op.execute("UPDATE sqlite_sequence SET seq = seq + 1000 WHERE name = 'users'")


def downgrade() -> None:
    _rebuild()


def _rebuild(**table: Any) -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("users", recreate="always", table_kwargs=table):
            pass
