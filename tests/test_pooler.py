"""The whole product on PostgreSQL through a real pgbouncer in transaction mode."""

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest
from conftest import free_port, make_user, upgrade, wait_until
from patience import PATIENCE
from processes import Browser, Processes
from sqlalchemy import text

from smartcontent.app import create_app
from smartcontent.health.database import check_database
from smartcontent.health.finding import State
from smartcontent.models import Draft
from smartcontent.stores.sql import db

DOCUMENT = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
SAMPLE = re.search(r"```ini\n(\[databases\].*?)```", DOCUMENT, re.DOTALL)[1]
# Debian keeps it where only root's PATH looks.
PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
NO_PGBOUNCER = "NO TEST OF A POOLER HAS RUN: install pgbouncer, then run the tests again"
# A web process, a scheduler and a worker want more than this at once.
POOL_SIZE = 2

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason=NO_PGBOUNCER)


@contextlib.contextmanager
def pgbouncer(socket_folder: str, database: str) -> Iterator[str]:
    """A pgbouncer set up as documented, in front of one database; its URL."""
    port = free_port()
    # Not below pytest's own folder, which is root's where root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="smartcontent-pgbouncer-"))
    settings = SAMPLE
    for old, new in {
        "smartcontent = host=127.0.0.1": f"{database} = host={socket_folder} user=postgres",
        "listen_port = 6432": f"listen_port = {port}",
        "auth_type = scram-sha-256": "auth_type = any",
        "auth_file = /etc/pgbouncer/userlist.txt": "unix_socket_dir =",
        "default_pool_size = 20": f"default_pool_size = {POOL_SIZE}",
    }.items():
        assert old in settings
        settings = settings.replace(old, new)
    (folder / "pgbouncer.ini").write_text(settings)
    # It refuses to be root, as the server does, whose socket it must reach.
    user = Path(socket_folder).owner()
    shutil.chown(folder, user)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PGBOUNCER, "-u", user, str(folder / "pgbouncer.ini")], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: answers(process, port, database, folder / "log"))
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/{database}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def answers(process: subprocess.Popen, port: int, database: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/{database}"):
            return True
    except psycopg.OperationalError:
        return False


@pytest.fixture(scope="module")
def pooled(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of its own behind a pooler, migrated through it."""
    name = f"pooled_{uuid4().hex[:12]}"
    with closing(psycopg.connect(postgresql.replace("+psycopg", ""), autocommit=True)) as server:
        server.execute(f"CREATE DATABASE {name}")
    [socket_folder] = parse_qs(urlsplit(postgresql).query)["host"]
    with pgbouncer(socket_folder, name) as url:
        upgrade(url, tmp_path_factory.mktemp("home"))
        yield url


@pytest.fixture
def database_url(pooled: str) -> str:
    return pooled


def test_texts_are_written_through_a_pooler(settings, app, ollama, tmp_path):
    user = make_user(f"{uuid4().hex}@example.org", is_admin=True, is_founder=True)
    processes = Processes(
        settings, tmp_path, GENERATION_DELAY_SECONDS=0, SMARTCONTENT_WORKERS=2, WARM_UP_SECONDS=0
    ).start()
    try:
        browser = Browser(processes.url).sign_in(user.email)
        # More than the five times after which psycopg would prepare a statement at the server.
        for number in range(8):
            browser.submit(f"Teapot {number}")
        wait_until(lambda: statuses() == {"completed"})
        readyz = f"{processes.url}/readyz"
        wait_until(lambda: browser.session.get(readyz).json()["status"] == "ok")
    finally:
        processes.stop()

    for name in processes.running:
        assert "Traceback" not in processes.log(name).read_text()


def statuses() -> set[str]:
    found = set(db.session.scalars(db.select(Draft.status)))
    db.session.commit()
    return found


def test_migrations_have_run_through_it_and_the_check_agrees(app):
    assert check_database().state is State.OK


def test_timeout_of_a_transaction_is_its_own_and_none_is_left_behind(app, pooled):
    setting = "current_setting('idle_in_transaction_session_timeout')"
    timeout = text(f"SELECT CAST({setting} AS INTERVAL)")

    ours = db.session.scalar(timeout)
    db.session.commit()
    with closing(psycopg.connect(pooled.replace("+psycopg", ""), autocommit=True)) as another:
        of_others = {another.execute(timeout.text).fetchone()[0] for _ in range(POOL_SIZE * 2)}

    assert ours == timedelta(seconds=PATIENCE)  # as all these tests have it
    assert of_others == {timedelta(0)}


def test_statements_mean_the_same_on_whichever_connection_of_the_pool_they_run(settings, app):
    other = create_app(**settings)
    numbers, words = text("SELECT CAST(:value AS INTEGER)"), text("SELECT CAST(:value AS TEXT)")
    questions = [(app, numbers, 7), (other, words, "seven")]
    # Each in a transaction while the other has one, so that the two connections change hands.
    for _ in range(12):
        questions.reverse()
        with contextlib.ExitStack() as transactions:
            for asking, statement, value in questions:
                with asking.app_context():
                    connection = transactions.enter_context(db.engine.begin())
                assert connection.scalar(statement, {"value": value}) == value
    with other.app_context():
        db.engine.dispose()
