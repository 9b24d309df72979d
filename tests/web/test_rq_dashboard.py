"""rq-dashboard under /admin/rq: its views work, and none of its known holes is left open."""

import os
import pickle
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote
from zlib import compress

import pytest
from conftest import Visitor, wait_until
from rq import Worker
from rq.registry import FailedJobRegistry
from rq.results import Result

from smartcontent.models import Draft
from smartcontent.scheduling import Job, Scheduler
from smartcontent.stores import keys
from smartcontent.stores.keys import QUEUE
from smartcontent.stores.redis import RedisLink, redis

RQ = "/admin/rq"
HTML = "<img src=x onerror=alert(1)>"
PAGES = [
    f"{RQ}/",
    f"{RQ}/0/view/workers",
    f"{RQ}/0/view/jobs",
    f"{RQ}/0/data/queues.json",
    f"{RQ}/0/data/workers.json",
    *(
        f"{RQ}/0/{kind}/jobs/{QUEUE}/{registry}/8/{order}/1{end}"
        for kind, end in (("view", ""), ("data", ".json"))
        for registry in ("queued", "started", "failed", "deferred", "finished", "scheduled",
                         "canceled")
        for order in ("asc", "dsc")
    ),
]  # fmt: skip


@pytest.fixture
def as_founder(app, founder) -> Visitor:
    return Visitor.signed_in(app, founder)


@pytest.fixture
def queued(due_draft: Draft, valkey) -> Job:
    """The job of a draft that is due, in the queue."""
    Scheduler(valkey.client).enqueue_jobs()
    return Job.fetch(due_draft.job_id, valkey.client)


@pytest.fixture
def failed(queued: Job, valkey) -> Job:
    """A job that broke in its worker."""
    fail(queued, valkey, "Traceback: it broke")
    return queued


def fail(job: Job, valkey, reason: str) -> None:
    valkey.client.lrem(keys.QUEUED, 0, job.id)
    job.set_status("failed")
    with valkey.client.pipeline() as pipe:
        FailedJobRegistry(QUEUE, valkey.client).add(job, pipeline=pipe)
        Result.create_failure(job, ttl=60, exc_string=reason, pipeline=pipe)
        pipe.execute()


def job_pages(job_id: str) -> list[str]:
    return [f"{RQ}/0/view/job/{job_id}", f"{RQ}/0/data/job/{job_id}.json"]


def everything_in(valkey) -> dict[bytes, bytes]:
    return {key: valkey.client.dump(key) for key in valkey.client.scan_iter()}


def test_pages_answer_with_what_is_there(as_founder, queued, valkey):
    for path in [*PAGES, *job_pages(queued.id)]:
        assert as_founder.get(path).status_code == 200, path

    [queue] = as_founder.get(f"{RQ}/0/data/queues.json").json["queues"]
    assert (queue["name"], queue["count"]) == (QUEUE, 1)
    [job] = as_founder.get(f"{RQ}/0/data/jobs/{QUEUE}/queued/8/asc/1.json").json["jobs"]
    assert job["id"] == queued.id
    assert as_founder.get(job_pages(queued.id)[1]).json["status"] == "queued"
    assert f'value="{QUEUE}"' in as_founder.get(f"{RQ}/0/view/jobs").text


def test_failed_job_is_listed_with_the_reason(as_founder, failed):
    [job] = as_founder.get(f"{RQ}/0/data/jobs/{QUEUE}/failed/8/asc/1.json").json["jobs"]

    assert job["exc_info"] == "Traceback: it broke"


def test_navigation_of_the_administrators_pages_leads_to_it(as_founder):
    assert f'href="{RQ}/"' in as_founder.get("/admin/").text


def test_reading_every_page_twice_changes_nothing(as_founder, failed, valkey):
    valkey.client.rpush(keys.QUEUED, "gone", failed.id)
    before = everything_in(valkey)

    for path in [*PAGES, *job_pages(failed.id)] * 2:
        assert as_founder.get(path).status_code == 200, path

    assert everything_in(valkey) == before


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_what_changes_something_answers_post_alone(as_founder, failed, valkey, method):
    before = everything_in(valkey)

    for path in (f"requeue/{QUEUE}", f"job/{failed.id}/requeue", f"job/{failed.id}/delete",
                 f"queue/{QUEUE}/failed/empty", f"queue/{QUEUE}/compact"):  # fmt: skip
        assert getattr(as_founder.client, method)(f"{RQ}/{path}").status_code == 405, path

    assert everything_in(valkey) == before


def test_failed_jobs_go_back_into_the_queue_one_by_one_or_all(as_founder, failed, valkey):
    assert as_founder.post(f"{RQ}/job/{failed.id}/requeue").json == {"status": "OK"}
    assert valkey.client.lrange(keys.QUEUED, 0, -1) == [failed.id.encode()]

    fail(failed, valkey, "again")

    assert as_founder.post(f"{RQ}/requeue/{QUEUE}").json == {"status": "OK", "count": 1}
    assert valkey.client.lrange(keys.QUEUED, 0, -1) == [failed.id.encode()]


def test_job_that_has_not_failed_is_not_requeued(as_founder, queued):
    assert as_founder.post(f"{RQ}/job/{queued.id}/requeue").status_code == 409


def test_token_may_come_in_the_header_as_its_script_sends_it(as_founder, failed):
    path = f"{RQ}/job/{failed.id}/requeue"

    assert as_founder.client.post(path).status_code == 400
    answer = as_founder.client.post(path, headers={"X-CSRFToken": as_founder.token()})
    assert answer.status_code == 200


def test_compacting_drops_dead_entries_and_an_empty_queue_is_no_error(as_founder, queued, valkey):
    valkey.client.rpush(keys.QUEUED, "gone")

    assert as_founder.post(f"{RQ}/queue/{QUEUE}/compact").status_code == 200
    assert valkey.client.lrange(keys.QUEUED, 0, -1) == [queued.id.encode()]

    valkey.client.delete(keys.QUEUED)
    assert as_founder.post(f"{RQ}/queue/{QUEUE}/compact").status_code == 200


def test_nothing_is_deleted_unless_the_setting_allows_it(as_founder, queued, valkey):
    as_founder.post(f"{RQ}/job/{queued.id}/delete")
    as_founder.post(f"{RQ}/queue/{QUEUE}/queued/empty")

    assert valkey.client.lrange(keys.QUEUED, 0, -1) == [queued.id.encode()]
    assert 'id="delete-job-btn"' not in as_founder.get(f"{RQ}/0/view/job/{queued.id}").text


def test_job_is_deleted_where_the_setting_allows_it(app, as_founder, failed, valkey):
    app.config["RQ_DASHBOARD_DISABLE_DELETE"] = False

    assert as_founder.post(f"{RQ}/job/{failed.id}/delete").json == {"status": "OK"}

    assert not Job.exists(failed.id, valkey.client)
    assert FailedJobRegistry(QUEUE, valkey.client).count == 0


@pytest.mark.parametrize(
    "path",
    [
        "0/view/job/unknown",
        "0/data/job/unknown.json",
        "0/view/job/a%20b",
        "0/view/jobs/unknown/queued/8/asc/1",
        "0/data/jobs/unknown/queued/8/asc/1.json",
        f"0/view/jobs/{QUEUE}/unknown/8/asc/1",
        f"0/data/jobs/{QUEUE}/unknown/8/asc/1.json",
        f"0/data/jobs/{QUEUE}/queued/0/asc/1.json",
        f"0/data/jobs/{QUEUE}/queued/201/asc/1.json",
        f"0/data/jobs/{QUEUE}/queued/x/asc/1.json",
        f"0/data/jobs/{QUEUE}/queued/8/up/1.json",
        f"0/data/jobs/{QUEUE}/queued/8/asc/0.json",
        f"0/data/jobs/{QUEUE}/queued/8/asc/99999999.json",
        "1/view/queues",
        "0/view/worker/unknown",
    ],
)
def test_what_is_unknown_is_not_found(as_founder, queued, path):
    assert as_founder.get(f"{RQ}/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["job/unknown/requeue", "job/unknown/delete", "requeue/unknown", "queue/unknown/compact",
     "queue/unknown/failed/empty", f"queue/{QUEUE}/unknown/empty"],
)  # fmt: skip
def test_what_is_unknown_cannot_be_changed(as_founder, path):
    assert as_founder.post(f"{RQ}/{path}").status_code == 404


def test_job_with_dependencies_is_shown_with_them(as_founder, queued, valkey):
    valkey.client.sadd(queued.dependencies_key, queued.id, "gone")

    shown = as_founder.get(job_pages(queued.id)[1]).json

    found = dict(zip(shown["depends_on"], shown["depends_on_status"], strict=True))
    assert found == {queued.id: "active", "gone": "expired"}


class Bomb:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self):
        return os.mkdir, (str(self._path),)


def test_bomb_goes_off_when_unpickled(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "crater")))

    assert (tmp_path / "crater").exists()


def bombed_job(job: Job, valkey, bomb: bytes) -> None:
    """Put the bomb wherever a job holds something serialized."""
    valkey.client.hset(job.key, mapping={"data": compress(bomb), "meta": bomb, "result": bomb})
    valkey.client.xadd(
        Result.get_key(job.id),
        {"type": Result.Type.SUCCESSFUL.value, "return_value": b64encode(bomb)},
    )


def test_pickles_in_a_job_are_shown_as_unreadable_and_never_run(
    app, as_founder, failed, valkey, tmp_path
):
    app.config["RQ_DASHBOARD_DISABLE_DELETE"] = False
    crater = tmp_path / "crater"
    bombed_job(failed, valkey, pickle.dumps(Bomb(crater)))
    work_on(failed, valkey)

    for path in [*PAGES, *job_pages(failed.id)]:
        assert as_founder.get(path).status_code == 200, path
    shown = as_founder.get(job_pages(failed.id)[1]).json
    assert "cannot be read" in shown["result"]
    assert "cannot be read" in shown["metadata"]
    [worker] = as_founder.get(f"{RQ}/0/data/workers.json").json["workers"]
    assert "cannot be read" in worker["current_job"]["call_string"]
    for path in (f"requeue/{QUEUE}", f"job/{failed.id}/requeue", f"queue/{QUEUE}/compact",
                 f"job/{failed.id}/delete", f"queue/{QUEUE}/queued/empty"):  # fmt: skip
        as_founder.post(f"{RQ}/{path}")

    assert not crater.exists()


def work_on(job: Job, valkey) -> None:
    """Register a worker, busy with the job."""
    worker = Worker([QUEUE], name="busy", connection=valkey.client, job_class=Job)
    worker.register_birth()
    worker.prepare_execution(job)


@pytest.mark.parametrize(
    "garbage",
    [{"status": "nonsense"}, {"created_at": "yesterday"}, {"timeout": "soon"},
     {"description": b"\xff\xfe"}, {"dependency_ids": b"{"}, {"origin": b"\xff"}],
)  # fmt: skip
def test_job_that_cannot_be_read_hides_no_other(as_founder, queued, valkey, garbage):
    valkey.client.hset("rq:job:garbage", mapping={"data": "x", **garbage})
    valkey.client.set("rq:job:text", "no hash")
    valkey.client.lpush(keys.QUEUED, "garbage", "text", "a b", b"\xc3\xa9")

    listed = as_founder.get(f"{RQ}/0/data/jobs/{QUEUE}/queued/8/asc/1.json").json["jobs"]

    assert [job["id"] for job in listed] == [queued.id]
    assert as_founder.get(job_pages("garbage")[0]).status_code == 404
    assert as_founder.get(job_pages("text")[1]).status_code == 404


def test_markup_in_a_job_is_never_markup_in_a_page(as_founder, failed, valkey):
    valkey.client.hset(failed.key, "description", HTML)
    valkey.client.sadd("rq:queues", f"rq:queue:{HTML}")

    for path in [*PAGES, *job_pages(failed.id)]:
        answer = as_founder.get(path)
        assert HTML not in answer.text or answer.mimetype == "application/json", path


@pytest.mark.parametrize("name", ["x');alert(1);('", "x</script>", "x\\", HTML, "x" * 201])
def test_queue_whose_name_would_end_the_quotes_of_a_script_has_no_page(as_founder, valkey, name):
    valkey.client.sadd("rq:queues", f"rq:queue:{name}", "rq:queue:high-priority")

    for kind in ("view", "data"):
        end = ".json" if kind == "data" else ""
        path = f"{RQ}/0/{kind}/jobs/{{}}/queued/8/asc/1{end}"
        assert as_founder.get(path.format(quote(name, safe=""))).status_code == 404
        assert as_founder.get(path.format("high-priority")).status_code == 200


def test_policy_is_loosened_for_its_own_script_and_nowhere_else(as_founder, queued):
    policy = as_founder.get(f"{RQ}/").headers["Content-Security-Policy"]

    assert "'unsafe-eval'" in policy
    assert "'sha256-" in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "default-src 'none'" in policy
    for path in ("/admin/", "/", f"{RQ}/0/data/queues.json", f"{RQ}/0/view/job/unknown"):
        assert "unsafe" not in as_founder.get(path).headers["Content-Security-Policy"], path


def test_two_hundred_polls_share_the_connection_of_the_process(as_founder, queued, valkey):
    as_founder.get(PAGES[0])
    before = valkey.client.info("stats")["total_connections_received"]

    for path in (f"{RQ}/0/data/queues.json", f"{RQ}/0/data/workers.json") * 100:
        assert as_founder.get(path).status_code == 200

    assert valkey.client.info("stats")["total_connections_received"] - before <= 2


def test_looking_at_workers_leaves_the_patience_of_pages_as_it_was(as_founder, queued, valkey):
    work_on(queued, valkey)

    assert len(as_founder.get(f"{RQ}/0/data/workers.json").json["workers"]) == 1

    with redis() as client:
        kept = client.connection_pool.connection_kwargs["socket_timeout"]
    assert kept == RedisLink.PATIENCE_SECONDS


def test_no_page_names_the_address_or_the_password_of_redis(as_founder, valkey):
    assert str(valkey.port) not in as_founder.get(f"{RQ}/").text


@pytest.mark.parametrize("valkey", ["own_valkey"], indirect=True)
def test_redis_that_is_away_is_a_sentence_and_its_return_is_seen(as_founder, queued, valkey):
    valkey.kill()

    answers = {path: as_founder.get(path) for path in [*PAGES, *job_pages(queued.id)]}
    posted = as_founder.post(f"{RQ}/requeue/{QUEUE}")

    for path, answer in [*answers.items(), ("requeue", posted)]:
        assert answer.status_code == 503, path
        assert "Redis does not answer" in answer.text, path
        assert "Traceback" not in answer.text
    valkey.start()
    wait_until(lambda: as_founder.get(PAGES[0]).status_code == 200)


def test_running_job_that_was_deleted_leaves_its_worker_visible(as_founder, queued, valkey):
    work_on(queued, valkey)
    valkey.client.delete(queued.key)

    [worker] = as_founder.get(f"{RQ}/0/data/workers.json").json["workers"]

    assert (worker["name"], worker["current_job"]) == ("busy", "idle")
