"""flask db upgrade: all or nothing, one at a time, and a sentence when it fails."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from commands import Command, run
from conftest import ROOT, both_databases, more, wait_until
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from smartcontent.cli.migrating import migrating
from smartcontent.stores import sql

HEAD = "head_of_this_test"
FIRST = """
import sqlalchemy as sa
from alembic import op
import pathlib, time

revision = "{revision}"
down_revision = "{down}"

LARGE = "CREATE TABLE large AS SELECT randomblob(100000000) AS bytes"
ENDED = "SELECT pg_terminate_backend(pg_backend_pid())"
TWICE = "INSERT INTO alembic_version SELECT * FROM alembic_version"

def upgrade():
    op.create_table("made_by_a_migration", sa.Column("id", sa.Integer()))
{body}
"""


@pytest.fixture
def engine(database_url: str):
    engine = create_engine(database_url)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS made_by_a_migration"))
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": _head()})
    engine.dispose()


def _head() -> str:
    return str(ScriptDirectory(str(ROOT / "smartcontent" / "migrations")).get_current_head())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The product's migrations, to which a test adds its own."""
    return Path(shutil.copytree(ROOT / "smartcontent" / "migrations", tmp_path / "migrations"))


def add(folder: Path, *body: str) -> Path:
    """Add a migration that makes a table and then does what the lines say."""
    lines = "\n".join(f"    {line}" for line in body)
    file = folder / "versions" / "9999_of_this_test.py"
    file.write_text(FIRST.format(revision=HEAD, down=_head(), body=lines))
    return file


def upgrade(settings: dict, folder: Path) -> subprocess.CompletedProcess:
    return run("db", "upgrade", "--directory", str(folder), env=settings)


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


@pytest.mark.parametrize(
    ("database_url", "mistake", "reason"),
    [
        ("sqlite", "op.execute('UPDATE no_such_table SET x = 1')", "no_such_table"),
        ("sqlite", "no line of Python (", "'(' was never closed"),
        ("postgresql", "op.execute(TWICE)", "already exists"),
        more("postgresql", "op.execute('UPDATE no_such_table SET x = 1')", "no_such_table"),
        more("sqlite", "{}['a key that is not there']", "'a key that is not there'"),
        more("sqlite", "import no_such_module", "no_such_module"),
        more("sqlite", "op.execute('PRAGMA max_page_count=1'); op.execute(LARGE)", "disk is full"),
        more(
            "postgresql",
            "op.execute('SELECT pg_terminate_backend(pg_backend_pid())')",
            "terminating",
        ),
    ],
    indirect=["database_url"],
)
def test_migration_that_fails_changes_nothing_and_says_how_to_go_on(
    settings, engine, folder, mistake, reason
):
    before = revision(engine)
    add(folder, mistake)

    done = upgrade(settings, folder)

    said = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert said.startswith("Error: The migration 9999_of_this_test.py failed: ")
    assert reason in said
    assert "Nothing was changed. To go back, start the version that ran before" in said
    assert revision(engine) == before
    assert not inspect(engine).has_table("made_by_a_migration")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_migration_may_take_longer_between_two_statements_than_a_page(settings, engine, folder):
    add(folder, "time.sleep(3.5)", "op.execute('INSERT INTO made_by_a_migration VALUES (1)')")

    assert upgrade(settings, folder).returncode == 0
    assert revision(engine) == HEAD


@both_databases
def test_two_migrations_at_once_both_succeed_and_one_does_the_work(
    settings, engine, folder, tmp_path
):
    began, go_on = tmp_path / "began", tmp_path / "go on"
    add(
        folder,
        f"pathlib.Path({str(began)!r}).touch()",
        f"while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)",
    )
    command = ("db", "upgrade", "--directory", str(folder))
    first = Command(*command, env=settings)
    wait_until(began.exists)
    second = Command(*command, env=settings)
    _wait_for_the_second(second, engine)
    go_on.touch()
    done = [first.end(), second.end()]

    assert [each.returncode for each in done] == [0, 0], done
    assert ["Running upgrade" in each.stderr for each in done] == [True, False]
    assert revision(engine) == HEAD


def test_migration_of_sqlite_waits_for_another_as_long_as_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(sql, "SQLITE_PATIENCE_SECONDS", 0)
    engine = create_engine(f"sqlite:///{tmp_path}/it.db")
    first, began = engine.connect(), threading.Event()
    driver = first.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE")

    def migrate() -> None:
        with migrating(create_engine(engine.url)):
            began.set()

    second = threading.Thread(target=migrate)
    second.start()
    assert not began.wait(0.1)
    driver.execute("COMMIT")
    second.join()
    first.close()
    engine.dispose()

    assert began.is_set()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        more({"username": "nobody"}, 'role "nobody" does not exist'),
    ],
)
def test_what_postgresql_refuses_is_told_and_not_taken_for_silence(settings, changed, refusal):
    url = make_url(settings["DATABASE_URL"]).set(**changed).render_as_string(hide_password=False)

    done = run("db", "upgrade", env=settings | {"DATABASE_URL": url})

    said = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert said == f"Error: The database refuses: {refusal}. Check DATABASE_URL."


def _wait_for_the_second(process: Command, engine: Engine) -> None:
    """Until it waits for the first one's end, as far as that shows from outside, or has ended."""
    if engine.dialect.name == "sqlite":
        wait_until(lambda: process.poll() is not None or _has_open(process, engine.url.database))
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with engine.connect() as connection:
        wait_until(lambda: process.poll() is not None or connection.scalar(waiting))


def _has_open(process: Command, file: str) -> bool:
    try:
        return file in map(os.readlink, Path(f"/proc/{process.pid}/fd").iterdir())
    except FileNotFoundError:  # one that was closed meanwhile
        return False


def test_rebuilding_a_table_of_sqlite_keeps_what_refers_to_its_rows(
    settings, engine, folder, app, content
):
    add(
        folder,
        "with op.batch_alter_table('users', recreate='always') as users:",
        "    users.add_column(sa.Column('nickname', sa.Text()))",
    )

    assert upgrade(settings, folder).returncode == 0

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM drafts")) == 1


def test_database_of_a_newer_program_is_said(settings, engine, folder):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))

    done = upgrade(settings, folder)

    said = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert "from_the_future" in said
    assert "Start the newer program again, or restore the backup" in said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_password_that_the_volume_does_not_know_is_said_with_the_remedy(settings, engine, tmp_path):
    with engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS stranger"))
        connection.execute(text("CREATE ROLE stranger LOGIN PASSWORD 'the old one'"))
        hba = Path(connection.scalar(text("SHOW hba_file")))
    rules = hba.read_text()
    hba.write_text(
        "local all stranger scram-sha-256\nhost all stranger all scram-sha-256\n" + rules
    )
    try:
        _reload(engine)
        url = make_url(settings["DATABASE_URL"]).set(username="stranger", password="a second one")
        stranger = url.render_as_string(hide_password=False)
        done = run("db", "upgrade", env=settings | {"DATABASE_URL": stranger})
    finally:
        hba.write_text(rules)
        _reload(engine)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: The database refuses the password. ")
    assert r"psql -U smartcontent -c '\password'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a second one" not in done.stderr


def _reload(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_reload_conf()"))
