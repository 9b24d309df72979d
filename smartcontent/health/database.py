"""Does the database answer, and is its schema the one this program was written for?"""

from functools import cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.engine import make_url

from smartcontent.health.finding import Finding, degraded, down, ok
from smartcontent.stores.redis_answers import one_line
from smartcontent.stores.sql import POOLER_SAFE

# With Docker the volume outlives the setting.
AGREE = (
    "check DATABASE_URL; with Docker, PostgreSQL keeps the POSTGRES_PASSWORD of its first start: "
    "set that again, or give it the new one by `docker compose exec postgres psql -U smartcontent "
    "-c '\\password'`"
)
MIGRATE = "run `flask --app wsgi db upgrade`"
# A connection of the check's own: one from the app's pool could wait behind pages for 30 s, and
# would say nothing of whether a new one can be made.
_LIMITS: dict[str, dict[str, Any]] = {
    "sqlite": {"timeout": 1},
    "postgresql": {
        "connect_timeout": 2,
        "tcp_user_timeout": 2000,
        **POOLER_SAFE,
    },
}


def check_database() -> Finding:
    """Reachable, migrated, and on SQLite in the mode in which readers do not wait for a writer."""
    url = make_url(current_app.config["DATABASE_URL"])
    kind = url.get_backend_name()
    engine = create_engine(url, poolclass=NullPool, connect_args=_LIMITS.get(kind, {}))
    if kind == "sqlite" and not _exists(engine):
        return down("there is no database yet", MIGRATE)
    try:
        # The driver's connection: a transaction of ours would take SQLite's write lock.
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            if kind == "postgresql":
                cursor.execute("BEGIN; SET LOCAL statement_timeout = 1500")
            cursor.execute("SELECT version_num FROM alembic_version")
            revisions = {row[0] for row in cursor.fetchall()}
            return _schema(revisions) or _KINDS[kind](cursor)
        finally:
            connection.close()
    except engine.dialect.loaded_dbapi.Error as error:
        return _trouble(error)


def _exists(engine: Engine) -> bool:
    """Whether there is a file; connecting would make an empty one."""
    return Path(engine.url.database or "").is_file()


def _trouble(error: Exception) -> Finding:
    if "alembic_version" in str(error):
        return down("the database has no tables yet", MIGRATE)
    if "password authentication failed" in str(error):
        return down("the database refuses the password", AGREE)
    # So PostgreSQL begins whatever it says to somebody whom it does not let in.
    refusal = str(error).partition("FATAL: ")[2].strip()
    if refusal and not refusal.startswith("the database system is"):  # starting up, say
        return down(f"the database refuses: {one_line(refusal)}", "check DATABASE_URL")
    return down(
        f"the database does not answer: {one_line(error)}", "start it or check DATABASE_URL"
    )


def _schema(revisions: set[str]) -> Finding | None:
    """What is wrong with the schema, if anything is."""
    script = _scripts(str(Path(current_app.root_path) / "migrations"))
    wanted = set(script.get_heads())
    if revisions == wanted:
        return None
    known = {revision.revision for revision in script.walk_revisions()}
    if revisions - known:
        return degraded("the schema is newer than this program", "restart with the new version")
    return down("the schema is older than this program", MIGRATE)


@cache
def _scripts(directory: str) -> ScriptDirectory:
    return ScriptDirectory(directory)


def _sqlite(cursor: Any) -> Finding:
    cursor.execute("PRAGMA journal_mode")
    mode = cursor.fetchone()[0]
    if mode != "wal":
        return degraded(
            f"SQLite's journal mode is {mode}: pages wait while a text is saved",
            "keep the file on a local disk, where WAL works",
        )
    return ok("SQLite, migrated, WAL")


def _postgresql(cursor: Any) -> Finding:
    cursor.execute(
        "SELECT current_setting('server_version'), pg_postmaster_start_time(),"
        " current_setting('transaction_read_only') = 'on'"
    )
    version, born, only_reads = cursor.fetchone()
    if only_reads:
        return down(
            "the database takes no writes: it is a standby, or set to read only",
            "see its log, and that DATABASE_URL names the primary",
        )
    return ok(f"PostgreSQL {version.split()[0]}, migrated", since=born)


_KINDS = {"sqlite": _sqlite, "postgresql": _postgresql}
