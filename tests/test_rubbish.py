"""Every key that is read in Redis, with rubbish in it: nothing dies, nobody meets a 500."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from conftest import BRIEF, Valkey, make_user, wait_until
from processes import Browser, Processes
from redis.client import Pipeline

from smartcontent.contents import submitting
from smartcontent.events import parsed, text_so_far
from smartcontent.health.finding import State
from smartcontent.health.processes import check_scheduler, check_web, check_workers
from smartcontent.models import Draft
from smartcontent.progress import readiness
from smartcontent.progress.readiness import Readiness, Stage
from smartcontent.scheduling import schedule_draft
from smartcontent.scheduling.probe import picked_up_at
from smartcontent.stores import stored
from smartcontent.stores.sql import db
from smartcontent.upkeep.duties import Duty, for_ever

NOT_UTF8 = b"\xff\xfe\x00 \xc3"
RUBBISH = {
    "bytes": NOT_UTF8,
    "list": b"[1]",
    "deep": b"[" * 5000,
    "other JSON": b'{"stage": 5, "progress": "half"}',
    "huge": b"9" * 5000,
    "nan": b"nan",
    "inf": b"-inf",
    "empty": b"",
}
MODEL = "llama3.2"
# A key of each kind that one of our processes, or RQ for it, reads.
KEYS = [
    "rq:scheduler:scheduled_jobs",
    "rq:queue:generation",
    "rq:queue:generation:intermediate",
    "rq:queues",
    "rq:workers",
    "rq:workers:generation",
    "rq:wip:generation",
    "rq:finished:generation",
    "rq:failed:generation",
    "rq:scheduled:generation",
    "rq:deferred:generation",
    "rq:canceled:generation",
    "smartcontent:scheduler:heartbeats",
    "smartcontent:breaks",
    "smartcontent:pulls",
    f"smartcontent:readiness:{MODEL}",
    "smartcontent:models",
]


def put_string(valkey: Valkey, key: str, value: bytes) -> None:
    valkey.client.set(key, value)


@contextmanager
def instead_of(valkey: Valkey, key: str) -> Iterator[Pipeline]:
    """What stands under the key is replaced in one step: the processes write there, too."""
    with valkey.client.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        yield pipe
        pipe.execute()


def put_list(valkey: Valkey, key: str, value: bytes) -> None:
    with instead_of(valkey, key) as pipe:
        pipe.rpush(key, value)


def put_set(valkey: Valkey, key: str, value: bytes) -> None:
    with instead_of(valkey, key) as pipe:
        pipe.sadd(key, value)


def put_sorted_set(valkey: Valkey, key: str, value: bytes) -> None:
    with instead_of(valkey, key) as pipe:
        pipe.zadd(key, {value: time.time() + 1, b"-" + value: "-inf", b"+" + value: "+inf"})


def put_hash(valkey: Valkey, key: str, value: bytes) -> None:
    with instead_of(valkey, key) as pipe:
        pipe.hset(key, value, value)


PUTS = [put_string, put_list, put_set, put_sorted_set, put_hash]


@pytest.fixture
def processes(app, settings, tmp_path) -> Iterator[Processes]:
    processes = Processes(settings, tmp_path, GENERATION_DELAY_SECONDS=0.5, RECONCILE_SECONDS=0.2)
    yield processes.start()
    processes.stop()


def completed() -> int:
    count = db.session.scalar(db.select(db.func.count()).where(Draft.status == "completed"))
    db.session.commit()
    return count or 0


PAGES = (
    *("/", "/readyz", "/admin/", "/admin/scheduled", "/admin/users"),
    *("/admin/rq/", "/admin/rq/0/view/jobs", "/admin/rq/0/view/workers"),
    *("/admin/rq/0/data/queues.json", "/admin/rq/0/data/workers.json"),
)


def test_nothing_dies_of_rubbish_and_texts_go_on_being_written(processes, valkey):
    grace = make_user("grace@example.org", is_admin=True, is_founder=True)
    browser = Browser(processes.url).sign_in(grace.email)
    alive = {name: process.pid for name, process in processes.running.items()}

    for put, value in product(PUTS, (NOT_UTF8, b"nan", b'{"stage": 5}', b"9" * 400)):
        for key in KEYS:
            put(valkey, key, value)
        answers = {
            path: browser.session.get(f"{processes.url}{path}").status_code for path in PAGES
        }
        assert 500 not in answers.values(), answers
        for key in KEYS:
            put(valkey, key, value)
        before = completed()
        browser.submit("A teapot")
        wait_until(lambda before=before: completed() > before)

    for name, pid in alive.items():
        process = processes.running[name]
        assert (process.poll(), process.pid) == (None, pid), name
        assert "ended code" not in processes.log(name).read_text()
    wait_until(lambda: check_scheduler().state is not State.DOWN)
    wait_until(lambda: check_workers().state is State.OK)


def test_job_whose_place_is_taken_by_something_else_is_scheduled_all_the_same(app, ada, valkey):
    for put in PUTS:
        put(valkey, "rq:job:draft-000000000001-1-u2", NOT_UTF8)
        valkey.client.delete("rq:scheduler:scheduled_jobs")
        if put is put_string:
            draft = submitting.submit(ada.id, BRIEF, "A teapot").current
            assert draft.job_id == "draft-000000000001-1-u2"
        else:
            schedule_draft(draft)
        assert valkey.client.zcard("rq:scheduler:scheduled_jobs") == 1
        assert valkey.client.hget("rq:job:draft-000000000001-1-u2", "status") == b"scheduled"


@pytest.mark.parametrize(
    ("key", "read"),
    [
        (f"smartcontent:readiness:{MODEL}", lambda: readiness.last_found(MODEL)),
        ("smartcontent:models", lambda: readiness.noted_models() or None),
        ("smartcontent:probe-1", lambda: picked_up_at("probe-1")),
    ],
)
@pytest.mark.parametrize("value", [v for k, v in RUBBISH.items()], ids=list(RUBBISH))
def test_misshapen_value_is_absent_whatever_is_in_it(app, valkey, key, read, value):
    put_string(valkey, key, value)
    assert read() is None

    for put in (put_list, put_hash, put_sorted_set):
        put(valkey, key, NOT_UTF8)
        assert read() is None


def test_text_so_far_is_absent_where_it_is_none(app, valkey):
    put_string(valkey, "smartcontent:text:1:1", NOT_UTF8)
    put_list(valkey, "smartcontent:text:1:2", b"word")

    assert (text_so_far(1, 1), text_so_far(1, 2)) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"progress": float("nan")},
        {"progress": 1e308},
        {"progress": "half"},
        {"stage": "asleep"},
        {"cause": "asleep"},
        {"cause": "unreachable", "values": ["a"]},
        {"cause": "unreachable"},
        {"unknown": 1},
        {"model": [MODEL]},
    ],
)
def test_finding_of_another_shape_is_absent(app, valkey, change):
    right = {"model": MODEL, "stage": "ready", "cause": "there", "progress": None}
    valkey.client.set(f"smartcontent:readiness:{MODEL}", json.dumps(right))
    assert readiness.last_found(MODEL) == Readiness(MODEL, Stage.READY, "there")

    valkey.client.set(f"smartcontent:readiness:{MODEL}", json.dumps(right | change))

    assert readiness.last_found(MODEL) is None


def test_rubbish_on_a_channel_is_left_out_and_the_rest_is_read():
    frames = b'\xff\n\nevent: a\ndata: [1]\n\nevent: b\n\nevent: c\ndata: {"d": 1}\n\n'

    assert list(parsed(frames)) == [("c", {"d": 1})]


def test_what_is_misshapen_is_said_once(app, valkey, caplog):
    stored._said.clear()
    for _ in range(3):
        assert stored.number("smartcontent:count", NOT_UTF8) is None

    assert len([r for r in caplog.records if "smartcontent:count" in r.getMessage()]) == 1


def breaking(times: int, done: Callable[[], None]) -> Callable[[], None]:
    """A turn that breaks so many times, then is done."""
    left = [ZeroDivisionError("by zero")] * times

    def turn() -> None:
        if left:
            raise left.pop()
        done()

    return turn


@pytest.mark.parametrize(
    ("process", "check"),
    [("scheduler", check_scheduler), ("worker", check_workers), ("web", check_web)],
)
def test_what_breaks_is_begun_again_logged_and_told_by_health(
    app, valkey, caplog, monkeypatch, process, check
):
    monkeypatch.setattr("smartcontent.upkeep.duties.PAUSE_SECONDS", 0.0)
    stands = Processes_in(valkey)

    with pytest.raises(SystemExit):
        for_ever(process, "clerk", breaking(3, lambda: exit(0)))

    assert caplog.text.count("ZeroDivisionError: by zero") == 3
    stands.live()
    found = check()
    assert found.state is State.DEGRADED
    assert "clerk ZeroDivisionError" in found.cause
    assert found.remedy == f"look at the log of the {process} process"


class Processes_in:
    """Signs of life of a scheduler and a worker, as those write them."""

    def __init__(self, valkey: Valkey) -> None:
        self._client = valkey.client

    def live(self) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        self._client.zadd("smartcontent:scheduler:heartbeats", {f"x {time.time()}": time.time()})
        self._client.sadd("rq:workers:generation", "rq:worker:x")
        self._client.hset("rq:worker:x", mapping={"birth": moment, "last_heartbeat": moment})
        self._client.expire("rq:worker:x", 80)


# That the test ends the thread, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_thread_outlives_whatever_its_turn_raises(app, valkey, monkeypatch):
    monkeypatch.setattr("smartcontent.upkeep.duties.PAUSE_SECONDS", 0.0)
    turns: list[int] = []
    is_over = threading.Event()

    def turn() -> None:
        turns.append(1)
        time.sleep(0.01)
        raise SystemExit if is_over.is_set() else ValueError(NOT_UTF8)

    duty = Duty("scheduler", "clerk", turn)
    duty.start()

    wait_until(lambda: len(turns) > 3)
    assert duty.is_alive()
    is_over.set()
    duty.join()


def test_health_forgets_what_broke_once_and_not_again(app, valkey):
    valkey.client.zadd("smartcontent:breaks", {"web hub ValueError": time.time() - 61})

    assert check_web().state is State.OK
