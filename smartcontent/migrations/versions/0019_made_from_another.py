"""Contents made from the text of another, with the text as it was then."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FROM = "ix_contents_source_id"


def upgrade() -> None:
    # Within the statement, which SQLite can do without copying the table.
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE contents ADD COLUMN source_id {kind} CONSTRAINT fk_contents_source_id "
        "REFERENCES contents (id) ON DELETE SET NULL"
    )
    op.add_column("contents", sa.Column("source_number", sa.Integer(), nullable=True))
    op.add_column("contents", sa.Column("material", sa.Text(), server_default="", nullable=False))
    op.create_index(FROM, "contents", ["source_id"])


def downgrade() -> None:
    op.drop_index(FROM, "contents")
    with op.batch_alter_table("contents") as contents:
        contents.drop_constraint("fk_contents_source_id", type_="foreignkey")
        for name in ("source_id", "source_number", "material"):
            contents.drop_column(name)
