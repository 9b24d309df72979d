"""flask queue verify-delay: a probe that goes the way of every draft."""

from importlib import import_module

import pytest
from conftest import free_port
from patience import PATIENCE
from processes import Processes

from smartcontent.models import now
from smartcontent.scheduling import reconcile
from smartcontent.scheduling.probe import picked_up_at, send_probe
from smartcontent.stores.redis import redis


@pytest.fixture
def processes(app, settings, tmp_path):
    processes = Processes(settings, tmp_path)
    yield processes
    processes.stop()


@pytest.mark.oldest_redis
def test_probe_says_how_late_it_was_picked_up(flask, processes, monkeypatch):
    queue = import_module("smartcontent.cli.queue")
    monkeypatch.setattr(queue, "PROBE_PATIENCE_SECONDS", PATIENCE)
    monkeypatch.setattr(queue, "PROBE_LATE_MILLISECONDS", PATIENCE * 1000)
    processes.start("scheduler", "worker")

    told = flask("queue", "verify-delay", "--seconds", "0.5")

    assert told.exit_code == 0, told.output
    assert "ms late." in told.output


def test_reconciler_leaves_a_probe_alone(app):
    probe = send_probe(now())

    assert reconcile() == []
    assert picked_up_at(probe) is None


def test_probe_without_redis_says_what_to_do(flask, app):
    app.config["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    redis.init_app(app)

    answer = flask("queue", "verify-delay")

    assert answer.exit_code == 1
    assert "Redis does not answer" in answer.output
