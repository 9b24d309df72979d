"""Contents are found by their tokens, and lists and estimates have the indexes they need.

What the contents are found by is filled in afterwards, step by step (contents/finding.py): each has
its place here, and is marked as behind. So is what processes of the version before write, by
triggers on the column which they look through, and which nobody else changes any more.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BEHIND = (
    "INSERT INTO findables (content_id) VALUES (NEW.id) "
    "ON CONFLICT (content_id) DO UPDATE SET behind = findables.behind + 1"
)
_OF_SQLITE = (
    "CREATE VIRTUAL TABLE found USING fts5"
    "(owner, title, brief, text, prefix='2', tokenize='unicode61 remove_diacritics 0')",
    f"CREATE TRIGGER contents_placed AFTER INSERT ON contents BEGIN {_BEHIND}; END",
    f"CREATE TRIGGER contents_behind AFTER UPDATE OF search_text ON contents BEGIN {_BEHIND}; END",
    "CREATE TRIGGER findables_gone AFTER DELETE ON findables "
    "BEGIN DELETE FROM found WHERE rowid = OLD.place; END",
)
_OF_POSTGRESQL = (
    # Outside the rows: what is found is put in order without reading all of it.
    "ALTER TABLE findables SET (toast_tuple_target = 128)",
    "CREATE INDEX ix_findables_words ON findables USING gin (words) "
    "WITH (gin_pending_list_limit = 512)",
    "CREATE FUNCTION content_is_behind() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN {_BEHIND}; RETURN NULL; END $$",
    "CREATE TRIGGER contents_placed AFTER INSERT ON contents "
    "FOR EACH ROW EXECUTE FUNCTION content_is_behind()",
    "CREATE TRIGGER contents_behind AFTER UPDATE OF search_text ON contents "
    "FOR EACH ROW EXECUTE FUNCTION content_is_behind()",
)


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "findables",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("words", postgresql.TSVECTOR() if is_postgresql else sa.Text()),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["contents.id"],
            name=op.f("fk_findables_content_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_findables")),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO findables (content_id) SELECT id FROM contents ORDER BY created_at, id")
    op.create_index(op.f("ix_findables_content_id"), "findables", ["content_id"], unique=True)
    op.execute("CREATE INDEX ix_findables_behind ON findables (place) WHERE behind != 0")
    for statement in _OF_POSTGRESQL if is_postgresql else _OF_SQLITE:
        op.execute(statement)


def downgrade() -> None:
    for name in ("contents_placed", "contents_behind"):
        on = " ON contents" if op.get_bind().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER {name}{on}")
    op.drop_table("findables")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION content_is_behind")
    else:
        op.execute("DROP TABLE found")
