"""Due times through Redis: exact, in order, moved once, and mended when Redis forgets."""

import itertools
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from conftest import BRIEF, NO_QUOTAS, both_databases, wait_until
from patience import PATIENCE
from sqlalchemy import event

from smartcontent.contents import ending, submitting, waiting
from smartcontent.models import Draft, Repair, RepairKind, Status, now
from smartcontent.models.draft import DATABASE_PATIENCE_SECONDS
from smartcontent.models.job_ids import job_id
from smartcontent.scheduling import (
    Job,
    Scheduler,
    drafts,
    mark_queued,
    reconcile,
    reconciler,
    schedule_draft,
    schedule_drafts,
)
from smartcontent.scheduling.clerk import Clerk
from smartcontent.scheduling.drafts import unschedule_draft
from smartcontent.scheduling.job import JOB_RESULT_KEPT_SECONDS, WRITE_DRAFT
from smartcontent.scheduling.reconciler import LOOK_AHEAD
from smartcontent.scheduling.scheduler import ARMED_SECONDS
from smartcontent.stores import keys
from smartcontent.stores.redis import connect
from smartcontent.stores.sql import db
from smartcontent.upkeep.duties import HANGS_SECONDS
from smartcontent.writing import job

pytestmark = pytest.mark.oldest_redis

LIST = keys.QUEUED
SET = keys.SCHEDULED


@pytest.fixture
def scheduler(app, valkey):
    return Scheduler(connect(valkey.url, timeout_seconds=PATIENCE), mark_queued)


def queued(valkey) -> list[str]:
    return [job_id.decode() for job_id in valkey.client.lrange(LIST, 0, -1)]


def submit_due(ada, seconds: float = 0) -> Draft:
    return submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=seconds).current


def test_due_time_keeps_its_fraction(content, valkey):
    score = valkey.client.zscore(SET, content.current.job_id)

    assert score == content.current.due_at.timestamp()


def test_nothing_moves_before_a_worker_may_take_it_in_hand(ada, scheduler, valkey):
    draft = submit_due(ada, 0.5)

    while not queued(valkey):
        scheduler.enqueue_jobs()

    assert now() >= draft.due_at - timedelta(seconds=ARMED_SECONDS)


def test_wait_is_the_time_until_the_next_job(ada, scheduler):
    draft = submit_due(ada, 60)
    left = (draft.due_at - now()).total_seconds()

    wait = scheduler.enqueue_jobs()

    assert 0 < wait <= left


def test_drafts_due_at_one_instant_keep_the_order_of_submission(ada, scheduler, valkey):
    drafts = [submit_due(ada) for _ in range(12)]
    instant = now()
    for draft in reversed(drafts):
        draft.due_at = instant
        schedule_draft(draft)

    scheduler.enqueue_jobs()

    assert queued(valkey) == [draft.job_id for draft in drafts]


def test_batch_of_one_user_holds_up_another_s_brief_by_one_job(ada, bob, scheduler, valkey):
    batch = [submit_due(ada).job_id for _ in range(50)]
    scheduler.enqueue_jobs()

    single = submit_due(bob).job_id
    scheduler.enqueue_jobs()

    assert queued(valkey) == [batch[0], single, *batch[1:]]


def test_what_people_ask_for_one_by_one_goes_before_their_batches(ada, bob, scheduler, valkey):
    batch = [submit_due(ada) for _ in range(4)]
    for draft in batch:
        draft.batch_id = uuid4()
    db.session.commit()
    valkey.client.delete(SET)  # where they are under the names of single ones
    schedule_drafts(batch)
    scheduler.enqueue_jobs()

    refined, other = submit_due(ada).job_id, submit_due(bob).job_id
    scheduler.enqueue_jobs()

    of_batch = [draft.job_id for draft in batch]
    assert queued(valkey) == [refined, other, *of_batch]
    assert reconcile() == []


def test_users_take_turns_and_each_keeps_the_own_order(ada, bob, founder, scheduler, valkey):
    of = {user: [submit_due(user).job_id for _ in range(n)] for user, n in
          ((ada, 4), (bob, 3), (founder, 1))}  # fmt: skip

    scheduler.enqueue_jobs()

    a, b, c = of.values()
    assert queued(valkey) == [a[0], b[0], c[0], a[1], b[1], a[2], b[2], a[3]]


def test_order_holds_over_more_jobs_than_one_call_moves(ada, scheduler, valkey):
    instant = now()
    ids = [job_id(number, 1, ada.id) for number in range(1, 1202)]
    for name in reversed(ids):
        scheduler.enqueue_at(
            instant, WRITE_DRAFT, 0, job_id=name, timeout=60, job_description="a draft"
        )

    scheduler.enqueue_jobs()

    assert queued(valkey) == ids


@both_databases
def test_moved_draft_is_marked_queued(ada, scheduler):
    draft = submit_due(ada)

    scheduler.enqueue_jobs()

    db.session.refresh(draft)
    assert draft.status == Status.QUEUED


@both_databases
def test_draft_that_waits_for_its_next_attempt_is_not_marked_for_the_last_one(ada, ollama):
    draft = submit_due(ada)
    for failures in (1, 2, 3):
        moved = draft.job_id
        ollama.fails(503)

        job.write_draft(draft.id)
        mark_queued([moved])

        db.session.refresh(draft)
        assert (draft.status, draft.failures) == (Status.PENDING, failures)
        draft.due_at = now()
        db.session.commit()


@both_databases
def test_draft_that_was_put_off_as_it_was_moved_is_not_marked(ada):
    draft = submit_due(ada, 60)

    waiting.put_off(draft, now() + timedelta(minutes=5))
    mark_queued([draft.job_id])

    db.session.refresh(draft)
    assert draft.status == Status.PENDING


def test_many_schedulers_move_each_job_once(app, ada, valkey):
    app.config.update(NO_QUOTAS)
    for _ in range(100):
        submit_due(ada)
    moved: list[str] = []

    def move(_: int) -> None:
        Scheduler(connect(valkey.url, timeout_seconds=PATIENCE), moved.extend).enqueue_jobs()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(move, range(6)))

    assert len(moved) == len(set(moved)) == len(queued(valkey)) == 100


@pytest.mark.parametrize("payload", [None, b"random bytes", {"data": b"\x80\x04K*."}])
def test_poisoned_entry_does_not_stop_the_next_job(ada, scheduler, valkey, payload):
    valkey.client.zadd(SET, {"poison": 1})
    if isinstance(payload, bytes):
        valkey.client.set("rq:job:poison", payload)
    elif payload:
        valkey.client.hset("rq:job:poison", mapping=payload)
    draft = submit_due(ada)

    scheduler.enqueue_jobs()

    assert queued(valkey) == [draft.job_id]
    assert valkey.client.zcard(SET) == 0


def test_forged_function_name_is_refused(valkey):
    forged = Job.create("os.system", args=["true"], connection=valkey.client, id="forged")
    forged.save()

    with pytest.raises(ValueError, match="not a job function"):
        Job.fetch("forged", connection=valkey.client).perform()


def test_callbacks_and_webhooks_of_a_forged_job_are_dropped(content, valkey):
    key = f"rq:job:{content.current.job_id}"
    valkey.client.hset(
        key, mapping={"failure_callback_name": "os.abort", "webhooks": '[{"url": "http://x"}]'}
    )

    job = Job.fetch(content.current.job_id, connection=valkey.client)

    assert (job.failure_callback, job.webhooks) == (None, [])


def test_nothing_in_redis_is_pickled(ada, scheduler, valkey):
    submit_due(ada)
    submit_due(ada, 60)
    scheduler.enqueue_jobs()

    hashes = [valkey.client.hgetall(key) for key in valkey.client.keys("rq:job:*")]

    assert len(hashes) == 2
    assert not any(
        b"\x80\x04" in value or b"\x80\x05" in value for h in hashes for value in h.values()
    )


@both_databases
@pytest.mark.usefixtures("far_sight")
def test_pending_draft_that_redis_forgot_is_scheduled_again_before_it_is_due(ada, valkey):
    draft = submit_due(ada, 600)
    valkey.client.flushall()

    repairs = reconcile()

    assert len(repairs) == 1
    assert valkey.client.zscore(SET, draft.job_id) == draft.due_at.timestamp()


@both_databases
def test_queued_draft_that_redis_forgot_is_scheduled_again(ada, scheduler, valkey):
    draft = submit_due(ada)
    scheduler.enqueue_jobs()
    valkey.client.flushall()
    long_due = now() - timedelta(seconds=10)
    db.session.query(Draft).update({"due_at": long_due})
    db.session.commit()

    reconcile()

    db.session.refresh(draft)
    assert draft.status == Status.QUEUED
    assert valkey.client.zscore(SET, draft.job_id) is not None


def test_what_redis_holds_is_left_alone(ada, scheduler, valkey):
    submit_due(ada, 10)
    submit_due(ada)
    scheduler.enqueue_jobs()

    assert reconcile() == []


def test_draft_that_comes_into_view_during_a_pass_is_left_alone(app, ada, monkeypatch):
    app.config.update(NO_QUOTAS)
    drafts = [submit_due(ada, LOOK_AHEAD.total_seconds() + n / 100) for n in range(60)]
    clock = itertools.count()  # each look at it is 10 ms after the one before

    def moment() -> datetime:
        return drafts[0].created_at + timedelta(milliseconds=10 * next(clock))

    monkeypatch.setattr(reconciler, "now", moment)

    repairs = []
    while moment() < drafts[-1].due_at - LOOK_AHEAD:
        repairs += reconcile()

    assert repairs == []


@both_databases
def test_draft_of_a_silent_worker_is_given_to_another(ada):
    draft = submit_due(ada)
    assert draft.claim(lease_seconds=-1)

    reconcile()

    db.session.refresh(draft)
    assert (draft.status, draft.failures) == (Status.PENDING, 1)
    assert draft.claim(lease_seconds=10)
    assert draft.attempt == 2


def test_lease_is_a_whole_one_however_long_its_claim_has_waited_to_write(ada):
    draft = submit_due(ada)
    could_write: list[datetime] = []
    begun = lambda _: could_write.append(now())  # noqa: E731
    db.session.commit()

    event.listen(db.engine, "begin", begun)
    draft.claim(lease_seconds=10)
    event.remove(db.engine, "begin", begun)

    assert draft.lease_until >= could_write[-1] + timedelta(seconds=10)


def test_draft_whose_workers_all_died_fails_with_a_sentence(app, ada):
    app.config["GENERATION_ATTEMPTS"] = 1
    draft = submit_due(ada)
    draft.claim(lease_seconds=-DATABASE_PATIENCE_SECONDS - 1)

    reconcile()

    db.session.refresh(draft)
    assert draft.status == Status.FAILED
    assert "worker" in draft.error


@both_databases
def test_finished_text_of_a_last_attempt_is_waited_for_as_long_as_for_its_database(app, ada):
    app.config["GENERATION_ATTEMPTS"] = 1
    draft = submit_due(ada)
    draft.claim(lease_seconds=-DATABASE_PATIENCE_SECONDS + 30)

    assert reconcile() == []

    assert draft.complete(1, draft.revision, text="Tea.")


@both_databases
@pytest.mark.parametrize("is_queued", [False, True])
def test_finished_text_of_a_draft_that_was_released_as_lost_is_its_text(ada, valkey, is_queued):
    draft = submit_due(ada)
    draft.claim(lease_seconds=-1)
    claimed = draft.revision
    reconcile()
    if is_queued:
        mark_queued([draft.job_id])

    assert draft.complete(1, claimed, text="Tea.")

    db.session.refresh(draft)
    assert (draft.status, draft.text, draft.attempt) == (Status.COMPLETED, "Tea.", 1)
    reconcile()
    assert valkey.client.zcard(SET) == 0


def held_and_released(draft):
    assert draft.move(Status.HELD, due_at=None)
    assert waiting.release(draft)


@both_databases
@pytest.mark.parametrize("act", [ending.cancel, waiting.start_now, held_and_released])
def test_what_a_person_does_with_a_released_draft_counts_more_than_its_late_text(ada, act):
    draft = submit_due(ada)
    draft.claim(lease_seconds=-1)
    claimed = draft.revision
    reconcile()
    db.session.refresh(draft)
    act(draft)
    status = draft.status

    assert not draft.complete(1, claimed, text="late")

    db.session.refresh(draft)
    assert (draft.status, draft.text) == (status, "")


def test_worker_that_lost_its_lease_cannot_write(ada):
    draft = submit_due(ada)
    draft.claim(lease_seconds=-1)
    claimed = draft.revision
    reconcile()
    db.session.refresh(draft)
    draft.claim(lease_seconds=10)

    late = [
        draft.complete(1, claimed, text="late"),
        draft.write(1, text="late"),
        draft.move(Status.PENDING, *Draft.held_by(1), text="late"),
    ]

    db.session.refresh(draft)
    assert late == [False, False, False]
    assert (draft.status, draft.attempt, draft.text) == (Status.GENERATING, 2, "")


@both_databases
@pytest.mark.usefixtures("far_sight")
def test_repairs_are_on_record(ada, valkey):
    draft = submit_due(ada, 600)
    valkey.client.flushall()

    reconcile()

    repair = db.session.query(Repair).one()
    assert (repair.kind, str(draft.id) in str(repair)) == (RepairKind.SCHEDULED, True)


@pytest.fixture
def far_sight(monkeypatch) -> None:
    """The reconciler looks after drafts that no slow machine lets become due."""
    monkeypatch.setattr(reconciler, "LOOK_AHEAD", timedelta(hours=1))


@pytest.fixture
def long_queue(ada, valkey, scheduler, monkeypatch, far_sight) -> list[Draft]:
    """More drafts that wait and are sound than a pass looks at."""
    monkeypatch.setattr(reconciler, "BATCH", 3)
    waiting = [submit_due(ada) for _ in range(7)]
    scheduler.enqueue_jobs()
    return waiting


@both_databases
def test_long_queue_keeps_no_lost_draft_of_another_from_being_found(long_queue, bob, valkey):
    stuck, lost = submit_due(bob), submit_due(bob, 600)
    stuck.claim(lease_seconds=-1)
    unschedule_draft(lost.job_id)

    for dry_run in (True, False):
        found = [(repair.kind, repair.about["draft"]) for repair in reconcile(dry_run)]
        assert sorted(found) == [(RepairKind.RELEASED, stuck.id), (RepairKind.SCHEDULED, lost.id)]
    assert reconcile() == []


def test_clerk_comes_to_the_end_of_a_long_queue_and_begins_anew(app, long_queue, ada, valkey):
    app.config["RECONCILE_SECONDS"] = 0
    clerk = Clerk(app)
    for _ in range(2):
        lost = submit_due(ada, 600)
        unschedule_draft(lost.job_id)
        db.session.commit()

        for _ in range(3):
            clerk.turn()

        assert valkey.client.zscore(SET, lost.job_id)


def test_clerk_that_reconciles_seldom_is_not_taken_for_hanging(app, monkeypatch):
    app.config["RECONCILE_SECONDS"] = 3600
    clerk, waited = Clerk(app), []
    monkeypatch.setattr(Clerk, "_moved", lambda _, seconds: waited.append(seconds) or [])

    for _ in range(2):
        clerk.turn()

    assert max(waited) < HANGS_SECONDS / 2


@pytest.fixture
def short_statements(app) -> Iterator[None]:
    """An SQLite that takes 100 values in a statement; how many one takes is its builder's."""
    with db.engine.connect() as connection:
        sqlite = connection.connection.driver_connection
        usual = sqlite.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 100)
    yield
    sqlite.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, usual)


def test_very_many_that_become_due_at_once_are_marked(ada, short_statements, monkeypatch):
    monkeypatch.setattr(drafts, "MARKED_AT_ONCE", 20)
    draft = submit_due(ada)

    mark_queued([*(f"draft-{n:012}-1-u1" for n in range(1000, 1200)), draft.job_id])

    db.session.refresh(draft)
    assert draft.status == Status.QUEUED


def test_very_many_jobs_of_nobody_are_removed(valkey, short_statements, monkeypatch):
    monkeypatch.setattr(reconciler, "BATCH", 20)
    valkey.client.rpush(LIST, *(f"draft-{n:012}-1-u1" for n in range(200)))

    assert len(reconcile()) == 200
    assert valkey.client.llen(LIST) == 0


@both_databases
def test_leftover_of_a_cancelled_draft_is_removed(ada, valkey):
    draft = submit_due(ada, 10)
    draft.move(Status.CANCELLED)  # and Redis did not hear of it

    repairs = reconcile()

    assert [repair.kind for repair in repairs] == [RepairKind.REMOVED]
    assert valkey.client.keys("*draft*") == []
    assert valkey.client.zcard(SET) == 0


def test_job_of_no_draft_is_removed_from_set_and_queue(app, valkey):
    valkey.client.zadd(SET, {"draft-000000000099-1-u1": 1})
    valkey.client.rpush(LIST, b"\xff poison", "draft-000000000098-1-u1")

    reconcile()

    assert (valkey.client.zcard(SET), valkey.client.llen(LIST)) == (0, 0)


def test_job_of_a_draft_that_is_being_written_is_left_alone(ada, scheduler, valkey):
    draft = submit_due(ada)
    scheduler.enqueue_jobs()
    assert draft.claim(lease_seconds=3600)

    assert reconcile() == []
    assert valkey.client.exists(f"rq:job:{draft.job_id}")


def test_orphan_that_was_scheduled_again_meanwhile_stays(ada, scheduler, valkey):
    draft = submit_due(ada, 10)

    assert not scheduler.forget(draft.job_id, due=draft.due_at.timestamp() - 1)
    assert valkey.client.zcard(SET) == 1


@pytest.mark.usefixtures("far_sight")
def test_clerk_marks_all_that_became_due_and_reconciles_in_one_turn(app, ada, valkey):
    """One turn a draft kept it from reconciling while drafts went on becoming due."""
    lost = submit_due(ada, 600)
    unschedule_draft(lost.job_id)
    clerk = Clerk(app)
    scheduler = Scheduler(connect(valkey.url, timeout_seconds=PATIENCE), clerk.due)
    for _ in range(20):
        submit_due(ada)
        scheduler.enqueue_jobs()
    db.session.commit()  # SQLite has one writer: the test must not be it meanwhile

    clerk.turn()

    assert db.session.query(Draft).filter_by(status=Status.QUEUED).count() == 20
    assert [str(repair) for repair in db.session.query(Repair)] == [
        f"draft {lost.id}: scheduled again, Redis had no job for it"
    ]


@pytest.mark.usefixtures("far_sight")
def test_dry_run_repairs_nothing(ada, valkey):
    submit_due(ada, 600)
    valkey.client.flushall()

    assert len(reconcile(dry_run=True)) == 1
    assert valkey.client.zcard(SET) == 0


def test_submitting_goes_on_while_redis_is_away(app, ada, ollama):
    app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    from smartcontent.stores.redis import redis

    redis.init_app(app)

    draft = submit_due(ada, 60)

    assert draft.status == Status.PENDING


def test_wake_up_ends_the_scheduler_s_sleep(app, ada, valkey):
    scheduler = Scheduler(connect(valkey.url, timeout_seconds=PATIENCE))
    with scheduler.connection.pubsub() as wake_ups:
        wake_ups.subscribe("smartcontent:scheduler:wake")
        wait_until(lambda: wake_ups.get_message(timeout=1) is not None)

        submit_due(ada)

        assert wake_ups.get_message(timeout=PATIENCE)["type"] == "message"


def test_worker_killed_at_the_end_of_a_job_that_redis_lost_leaves_nothing_for_ever(valkey):
    job = Job(id="draft-000000000001-1-u1", connection=valkey.client)

    job.heartbeat(now(), ttl=60)

    assert 0 < valkey.client.ttl(job.key) <= JOB_RESULT_KEPT_SECONDS


def test_job_of_the_version_before_is_run_under_the_name_it_waits_with(ada, valkey, ollama):
    ollama.says("Tea is warm.")
    draft = submit_due(ada)
    job = Job.fetch(draft.job_id, connection=valkey.client)
    assert job.args == [draft.id]  # RQ unpacks it now; named anew, it would forget the rest
    job.func_name = "smartcontent.jobs.write_draft"
    job.save()

    Job.fetch(draft.job_id, connection=valkey.client).perform()

    db.session.refresh(draft)
    assert (draft.status, draft.text) == (Status.COMPLETED, "Tea is warm.")
