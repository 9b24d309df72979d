"""Health: every dependency's state, its cause, its remedy and since when."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import rq.suspension
import rq_scheduler
from conftest import both_databases, free_port, wait_until
from patience import PATIENCE
from processes import Processes
from rq.utils import utcformat
from sqlalchemy import text

from smartcontent.app import create_app
from smartcontent.health import checks, redis_server
from smartcontent.health import processes as processes_seen
from smartcontent.health.checks import Dependency, check_all
from smartcontent.health.finding import Finding, State, ok
from smartcontent.health.processes import SCHEDULER_SILENT_SECONDS
from smartcontent.health.redis_server import _ahead, _weakness
from smartcontent.models import now
from smartcontent.ollama import client
from smartcontent.stores import keys, sql
from smartcontent.stores.sql import db

WORKER_KEY = "rq:worker:one"


@contextmanager
def silence() -> Iterator[int]:
    """A port that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@pytest.fixture(autouse=True)
def every_answer_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test sees what is, not what was half a second ago."""
    monkeypatch.setattr(checks, "FRESH_SECONDS", 0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check gives up by itself, as soon as the test likes."""
    monkeypatch.setitem(sql._POSTGRESQL, "connect_timeout", 2)  # the least that there is
    monkeypatch.setattr(client, "QUICK", client.Limits(*[0.5] * 4))
    for module in (redis_server, processes_seen):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.5)


def found(name: str) -> Dependency:
    """The dependency as it is now."""
    return next(each for each in check_all() if each.name == name)


@pytest.fixture
def processes(app, settings, tmp_path) -> Iterator[Processes]:
    processes = Processes(settings, tmp_path)
    yield processes
    processes.stop()


@both_databases
def test_migrated_database_is_ok(app, database_url):
    assert found("database").state is State.OK


@both_databases
def test_schema_of_a_newer_program_is_no_reason_to_stop(app, database_url):
    was = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    _set_revision("from_the_future")

    newer = found("database")
    _set_revision(was)

    assert (newer.state, newer.cause) == (State.DEGRADED, "the schema is newer than this program")


def _set_revision(revision: str) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    db.session.commit()


def test_database_without_tables_names_the_command(settings, tmp_path):
    app = create_app(**settings | {"DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"})

    with app.app_context():
        missing = found("database")

    assert missing.state is State.DOWN
    assert missing.remedy == "run `flask --app wsgi db upgrade`"
    assert not (tmp_path / "none.db").exists()


def test_check_of_the_database_does_not_wait_for_its_writer(app):
    db.session.execute(text("UPDATE users SET is_admin = is_admin"))

    assert found("database").state is State.OK


def test_redis_that_keeps_what_it_is_given_is_ok(app, valkey):
    # It tells its age in whole seconds.
    wait_until(lambda: valkey.client.info("server")["uptime_in_seconds"] >= 2)
    began = now()

    redis = found("redis")

    assert redis.state is State.OK
    assert redis.cause.endswith("append-only file on")
    assert redis.since < began


@pytest.mark.parametrize(
    ("setting", "bad", "good", "remedy"),
    [
        ("appendonly", "no", "yes", "set appendonly to yes"),
        ("maxmemory-policy", "allkeys-lru", "noeviction", "set maxmemory-policy to noeviction"),
    ],
)
def test_redis_that_may_forget_is_degraded(app, valkey, setting, bad, good, remedy):
    valkey.client.config_set(setting, bad)

    redis = found("redis")
    valkey.client.config_set(setting, good)

    assert (redis.state, redis.remedy) == (State.DEGRADED, remedy)


def test_clock_that_differs_is_said(valkey):
    weakness = _weakness(valkey.client.info(), ahead=-3.21)

    assert "3.2 s behind ours" in weakness.cause


@pytest.mark.parametrize(
    ("told", "ahead"),
    [(99.0, -1.0), (100.0, 0.0), (101.5, 0.0), (103.0, 0.0), (103.25, 0.25)],
)
def test_clock_is_not_called_wrong_for_the_time_that_its_answer_took(told, ahead):
    assert _ahead(told, before=100.0, after=103.0) == ahead


def test_scheduler_and_workers_are_seen_with_their_birth(processes, monkeypatch):
    monkeypatch.setattr(processes_seen, "SCHEDULER_SILENT_SECONDS", PATIENCE)
    began = now() - timedelta(seconds=1)  # RQ may leave out fractions
    processes.start("worker", "scheduler")
    for name in ("scheduler", "workers"):
        wait_until(lambda name=name: found(name).state is State.OK)

    scheduler, workers = found("scheduler"), found("workers")

    assert (scheduler.cause, workers.cause) == ("1 running", "1 running")
    assert began < scheduler.since < now()
    assert began < workers.since < now()


def test_killed_scheduler_is_missed_and_dated_by_its_last_heartbeat(processes, valkey):
    processes.start("scheduler")
    wait_until(lambda: found("scheduler").state is State.OK)
    processes.kill("scheduler")
    [(_, beat)] = valkey.client.zrange(keys.HEARTBEATS, 0, -1, withscores=True)

    wait_until(lambda: found("scheduler").state is State.DOWN)

    scheduler = found("scheduler")
    assert scheduler.since.timestamp() == pytest.approx(beat, abs=1e-3)
    assert now() - scheduler.since >= timedelta(seconds=SCHEDULER_SILENT_SECONDS)
    assert scheduler.remedy == "start one with `python scheduler.py`"


def test_stock_scheduler_alone_is_not_enough(app, valkey):
    stock = rq_scheduler.Scheduler(connection=valkey.client)
    stock.register_birth()

    scheduler = found("scheduler")

    assert scheduler.state is State.DEGRADED
    assert "stock rqscheduler" in scheduler.cause


def _register_worker(valkey, silent_seconds: float, expires_in: int) -> None:
    beat = utcformat(now() - timedelta(seconds=silent_seconds))
    valkey.client.hset(WORKER_KEY, mapping={"birth": beat, "last_heartbeat": beat})
    valkey.client.expire(WORKER_KEY, expires_in)
    valkey.client.sadd("rq:workers:generation", WORKER_KEY)


@pytest.mark.parametrize(
    ("silent_seconds", "expires_in", "state"),
    [
        (10, 80, State.OK),  # a slot, idle
        (4, 26, State.OK),  # a slot that writes
        (400, 80, State.OK),  # `rq worker` with RQ's own pace
        (40, 50, State.DOWN),  # a slot that was killed: RQ keeps its key for a minute more
    ],
)
def test_worker_is_alive_by_its_own_pace(app, valkey, silent_seconds, expires_in, state):
    _register_worker(valkey, silent_seconds, expires_in)

    assert found("workers").state is state


def test_worker_whose_key_is_gone_does_not_count(app, valkey):
    valkey.client.sadd("rq:workers:generation", WORKER_KEY)

    workers = found("workers")

    assert (workers.state, workers.cause) == (State.DOWN, "no worker is running")


def test_suspended_workers_are_degraded(app, valkey):
    _register_worker(valkey, 1, 80)
    rq.suspension.suspend(valkey.client)

    assert found("workers").remedy == "let them go on with `rq resume`"


def test_missing_model_is_named_with_the_command_that_brings_it(app, ollama):
    assert found("ollama").state is State.OK

    ollama.models = ["mistral:latest"]

    missing = found("ollama")
    assert (missing.state, missing.remedy) == (State.DOWN, "run `ollama pull llama3.2`")


def test_demo_model_is_named_as_one(settings, app):
    with create_app(**settings | {"SMARTCONTENT_DEMO_MODEL": True}).app_context():
        assert "built-in demo model" in found("ollama").cause


def test_state_lasts_since_this_process_saw_it_first(app, ollama):
    first = found("ollama").since
    assert found("ollama").since == first

    ollama.models = []
    changed = found("ollama").since

    assert changed > first
    assert found("ollama").since == changed


@pytest.mark.usefixtures("quick")
def test_all_answers_come_when_everything_is_silent(settings, app):
    with silence() as port:  # until the answers are there
        silent = create_app(
            **settings
            | {
                "DATABASE_URL": f"postgresql+psycopg://u:p@127.0.0.1:{port}/x",
                "REDIS_URL": f"redis://127.0.0.1:{port}/0",
                "OLLAMA_HOST": f"127.0.0.1:{port}",
            }
        )
        with silent.app_context():
            states = [each.state for each in check_all()]

    assert states == [State.DOWN, State.DOWN, State.DEGRADED, State.DEGRADED, State.DOWN]


def test_check_that_never_ends_is_not_waited_for(settings, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(checks, "CHECKS", {"redis": over.wait})
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", 0.1)

    with create_app(**settings).app_context():
        [silent] = check_all()
    over.set()

    assert (silent.state, silent.cause) == (State.DOWN, "no answer within 0.1 seconds")


def test_all_checks_run_at_once(settings, monkeypatch):
    meeting = threading.Barrier(len(checks.CHECKS))  # nobody leaves before all are there

    def meet() -> Finding:
        meeting.wait(PATIENCE)
        return ok("met")

    monkeypatch.setattr(checks, "CHECKS", dict.fromkeys(checks.CHECKS, meet))
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", PATIENCE)

    with create_app(**settings).app_context():
        assert [each.cause for each in check_all()] == [
            "met"
        ] * 5  # web says nothing when all is well


def test_port_nobody_listens_on_is_down_at_once(settings):
    app = create_app(**settings | {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})

    with app.app_context():
        redis = found("redis")

    assert (redis.state, redis.remedy) == (State.DOWN, "start it or check REDIS_URL")
