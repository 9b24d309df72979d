"""How Alembic reaches the app's database; run by `flask db …`."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from smartcontent.cli.migrating import make_findable, migrating

db = current_app.extensions["migrate"].db


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave alone the tables of SQLite's full-text index, which no model describes."""
    return kind != "table" or not (name or "").startswith("found")


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our column types as plain SQLAlchemy ones: a migration outlives the models."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


with migrating(db.engine) as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        include_name=include_name,
        **current_app.extensions["migrate"].configure_args,
    )
    context.run_migrations()
make_findable()
