"""A draft in a worker's hands just before its time: never early, and still its owner's."""

import sqlite3
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from threading import Event, Thread

import pytest
from conftest import BRIEF, free_port
from patience import PATIENCE
from rq import worker_registration
from sqlalchemy import event, update
from sqlalchemy.engine.interfaces import CacheStats

from smartcontent.config import from_environment
from smartcontent.contents import ending, submitting, waiting
from smartcontent.models import Draft, Status, now
from smartcontent.ollama import NoThread, Ollama
from smartcontent.scheduling import Job, Scheduler, reconcile, reconciler
from smartcontent.scheduling.reconciler import OVERDUE
from smartcontent.stores import keys
from smartcontent.stores.redis import connect
from smartcontent.stores.sql import db
from smartcontent.writing import armed, attempt, job, lease, room_to_think, slots, warm_up
from smartcontent.writing.armed import Hands, hands
from smartcontent.writing.slots import SlotWorker


@pytest.fixture
def soon(ada) -> Draft:
    return submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0.9).current


@pytest.fixture
def later(ada, monkeypatch) -> Draft:
    """A draft that is taken in hand a minute before its time, however slow the machine is."""
    monkeypatch.setattr(job, "LONGEST_SECONDS", 90)
    return submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=60, variants=2).current


@pytest.fixture
def in_hand(app, monkeypatch):
    """Has something done when a worker is ready and waits; then the time comes, if it is kept."""

    def when_ready(act) -> None:
        acts = [act]

        def wait(_: Hands, draft: Draft) -> bool:
            due_at = draft.due_at
            while acts:
                with app.app_context():
                    acts.pop()(db.session.get(Draft, draft.id))
                    is_same = Draft.due_at == due_at
                    db.session.execute(update(Draft).where(is_same).values(due_at=now()))
                    db.session.commit()
            return True

        monkeypatch.setattr(Hands, "wait", wait)

    return when_ready


@pytest.fixture
def slot(app, valkey, monkeypatch):
    """A worker's slot, which works until its queue is empty."""
    monkeypatch.setattr(hands, "gives_back", True)
    monkeypatch.setattr(SlotWorker, "after_job", staticmethod(hands.put_back))

    def work() -> None:
        connection = connect(valkey.url, timeout_seconds=PATIENCE)
        db.session.commit()
        SlotWorker([keys.QUEUE], connection=connection, job_class=Job, serializer="json").work(
            burst=True
        )
        db.session.expire_all()

    return work


def take(draft: Draft, valkey) -> None:
    """Have its job stand in the queue, as the scheduler moves it."""
    valkey.client.zrem(keys.SCHEDULED, draft.job_id)
    valkey.client.rpush(keys.QUEUED, draft.job_id)


def breaks(*_: object) -> None:
    raise KeyError("what is not on record")


def started(draft: Draft) -> Draft:
    job.write_draft(draft.id)
    db.session.expire_all()
    return draft


def test_draft_in_hand_is_sent_at_its_time_and_never_before(soon, ollama):
    due = time.monotonic() + (soon.due_at - now()).total_seconds()

    started(soon)

    [sent] = [request for request in ollama.requests if request.is_text]
    assert sent.at >= due
    assert soon.started_at >= soon.due_at
    assert soon.status == Status.COMPLETED


def test_nobody_claims_a_draft_before_its_time(later):
    assert not later.claim(lease_seconds=60)


def test_claim_leaves_it_to_others_to_put_the_log_into_the_file(later):
    db.session.execute(update(Draft).values(due_at=now()))
    db.session.commit()
    file = Path(db.engine.url.database)
    with closing(sqlite3.connect(file)) as other:
        other.executescript("PRAGMA wal_autocheckpoint=0; CREATE TABLE filling (what)")
        other.execute("INSERT INTO filling VALUES (zeroblob(8000000))")
        other.commit()
        size = file.stat().st_size

        assert later.claim(lease_seconds=60)
        assert file.stat().st_size == size

        assert later.write(later.attempt, first_word_at=now())
        assert file.stat().st_size > size


@pytest.mark.parametrize("of_variant", [False, True])
def test_brief_that_is_changed_while_a_worker_is_ready_is_what_is_written(
    later, ollama, in_hand, of_variant
):
    content, mine = later.content, later.content.drafts[of_variant]

    def change(draft: Draft) -> None:
        assert waiting.change_brief(draft.content, replace(BRIEF, topic="A kettle"), "A kettle", {})

    in_hand(change)
    started(mine)

    [sent] = ollama.chats
    assert "A kettle" in sent["messages"][-1]["content"]
    assert (mine.status, mine.brief["topic"]) == (Status.COMPLETED, "A kettle")
    assert content.topic == "A kettle"


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (waiting.hold, Status.HELD),
        (ending.cancel, Status.CANCELLED),
        (lambda draft: waiting.put_off(draft, now() + timedelta(hours=1)), Status.PENDING),
        (lambda draft: waiting.undo(draft.content), Status.CANCELLED),
    ],
)
def test_what_its_owner_does_while_a_worker_is_ready_counts(later, ollama, in_hand, act, status):
    in_hand(lambda draft: act(draft) or pytest.fail("it had started"))

    started(later)

    assert (later.status, later.attempt, ollama.chats) == (status, 0, [])
    assert ollama.wait_idle()


def test_draft_started_at_once_while_a_worker_is_ready_is_written_once(later, ollama, in_hand):
    in_hand(waiting.start_now)

    started(later)
    started(later)

    assert (later.status, len(ollama.chats)) == (Status.COMPLETED, 1)


def test_slot_with_a_draft_in_hand_lets_none_wait_that_is_due(later, ada, valkey, ollama, slot):
    due = submitting.submit(ada.id, replace(BRIEF, topic="A cup"), "A cup", delay_seconds=0).current
    take(later, valkey)
    take(due, valkey)

    slot()

    assert (due.status, later.status, len(ollama.chats)) == (
        Status.COMPLETED, Status.PENDING, 1,
    )  # fmt: skip
    assert valkey.client.zscore(keys.SCHEDULED, later.job_id) == later.due_at.timestamp()
    assert waiting.start_now(later)
    Scheduler(connect(valkey.url, timeout_seconds=PATIENCE)).enqueue_jobs()
    slot()
    assert later.status == Status.COMPLETED


def test_draft_put_off_while_a_worker_has_it_in_hand_starts_at_its_new_time(
    later, valkey, ollama, slot, in_hand
):
    in_hand(lambda draft: waiting.put_off(draft, now() + timedelta(minutes=5)))
    take(later, valkey)

    slot()

    assert (later.status, ollama.chats) == (Status.PENDING, [])
    assert valkey.client.zscore(keys.SCHEDULED, later.job_id) == later.due_at.timestamp()
    assert valkey.client.hget(f"rq:job:{later.job_id}", "status") == b"scheduled"
    assert valkey.client.ttl(f"rq:job:{later.job_id}") == -1


def test_draft_that_redis_takes_for_due_is_not_scheduled_again_at_once(
    later, ada, valkey, ollama, slot
):
    """Where Redis's clock is ahead, it would go round and round until it is due."""
    ahead = submitting.submit(ada.id, BRIEF, "A cup", delay_seconds=3600).current
    take(ahead, valkey)

    slot()

    assert (ahead.status, hands._to_put_back, ollama.chats) == (Status.PENDING, [], [])
    assert valkey.client.zscore(keys.SCHEDULED, ahead.job_id) is None


def test_draft_in_hand_is_kept_where_those_behind_are_due_later(soon, ada, valkey, ollama, slot):
    other = submitting.submit(ada.id, BRIEF, "A cup", delay_seconds=0.95).current
    take(soon, valkey)
    take(other, valkey)

    slot()

    assert soon.started_at < other.started_at
    assert (soon.status, other.status, len(ollama.chats)) == (
        Status.COMPLETED, Status.COMPLETED, 2,
    )  # fmt: skip


def test_worker_told_to_end_with_a_draft_in_hand_puts_it_back(later, valkey, ollama, slot):
    take(later, valkey)
    attempt.stopping.set()

    try:
        slot()
    finally:
        attempt.stopping.clear()

    assert (later.status, later.attempt, ollama.chats) == (Status.PENDING, 0, [])
    assert valkey.client.zscore(keys.SCHEDULED, later.job_id)


def test_draft_in_the_hand_of_a_worker_that_is_killed_starts_elsewhere_within_the_lease(
    ada, valkey, monkeypatch
):
    draft = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0.9).current
    valkey.client.zrem(keys.SCHEDULED, draft.job_id)  # all that is left of it in Redis
    monkeypatch.setattr(reconciler, "now", lambda: draft.due_at)

    assert reconcile() == []
    monkeypatch.setattr(reconciler, "now", lambda: draft.due_at + OVERDUE)

    assert [repair.kind for repair in reconcile()] == ["scheduled"]
    usual = from_environment({})
    assert OVERDUE.total_seconds() + usual["RECONCILE_SECONDS"] < usual["LEASE_SECONDS"]


def test_a_slot_says_but_once_in_a_while_that_it_is_alive(ada, valkey, slot, monkeypatch):
    """RQ would have it said three times between two drafts, and the second is due meanwhile."""
    content = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0, variants=3)
    for draft in content.drafts:
        take(draft, valkey)
    said = []
    monkeypatch.setattr(slots, "BEAT_SECONDS", 3600)
    monkeypatch.setattr(SlotWorker, "beat_at", RawValue("d", -3600.0))
    monkeypatch.setattr(worker_registration, "register", lambda *of, **how: said.append(of))

    slot()

    assert {draft.status for draft in content.drafts} == {Status.COMPLETED}
    assert len(said) == 2  # as it began, and once since


def test_slot_told_to_end_ends_though_redis_is_away(valkey, monkeypatch):
    """It would go round until its parent killed it."""
    codes = []
    monkeypatch.setattr(slots.os, "_exit", codes.append)
    monkeypatch.setattr(attempt, "stopping", Event())
    attempt.stopping.set()
    away = connect(f"redis://127.0.0.1:{free_port()}", timeout_seconds=1)

    slots.Slots(valkey.url, Job, 1, prepare=lambda: None)._work_while_connected(away)

    assert codes == [0]


def test_worker_has_loaded_what_its_jobs_call(app, monkeypatch):
    """Else each slot would do so with its first draft in hand."""
    monkeypatch.setattr("smartcontent.writing.job", job)  # so it is put back
    monkeypatch.delitem(sys.modules, job.__name__)

    warm_up.warm_up()

    assert job.__name__ in sys.modules


def test_what_a_model_can_do_is_asked_anew_when_no_draft_is_in_hand(ada, ollama, monkeypatch):
    monkeypatch.setattr(room_to_think, "ASK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(room_to_think, "_said", {})
    first, second = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0, variants=2).drafts

    job.write_draft(first.id)
    job.write_draft(second.id)

    paths = [request.path for request in ollama.requests]
    asked = [path for path in paths if path in ("/api/show", "/api/chat")]
    assert asked == ["/api/show", "/api/chat", "/api/show", "/api/chat", "/api/show"]


def test_first_draft_of_a_worker_finds_made_what_it_needs(soon, ollama):
    """A statement takes up to ten milliseconds, a question to Ollama more: it would begin late."""
    db.session.expunge_all()
    db.engine.clear_compiled_cache()
    room_to_think._said.clear()
    warm_up.warm_up()
    questions, modules, asked = len(ollama.requests), set(sys.modules), []

    def note(_connection, _cursor, statement, _parameters, context, _many):
        asked.append((statement, context.cache_hit is CacheStats.CACHE_MISS))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        job.write_draft(soon.id)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    claim = next(n for n, (statement, _) in enumerate(asked) if statement.startswith("UPDATE"))
    assert claim > 2
    assert [statement for statement, is_new in asked[: claim + 1] if is_new] == []
    assert [request.path for request in ollama.requests[questions:]][:1] == ["/api/chat"]
    assert set(sys.modules) == modules


def test_what_breaks_before_anything_is_sent_is_an_end_and_said(soon, ollama, monkeypatch):
    monkeypatch.setattr(armed, "surroundings", breaks)

    started(soon)

    assert (soon.status, soon.error_cause, ollama.texts) == (Status.FAILED, "not_made_ready", [])
    assert soon.started_at >= soon.due_at
    assert "ask for another draft of the brief" in soon.error


def test_draft_waits_on_while_a_worker_has_no_thread_for_it(content, ollama, monkeypatch):
    """Its process may have no more, nor its container: that passes."""
    db.session.execute(update(Draft).values(due_at=now()))
    db.session.commit()
    usual = Thread.start

    def start(thread: Thread) -> None:
        if thread.name == "ollama-reader":
            raise RuntimeError("can't start new thread")
        usual(thread)

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", start)
        with pytest.raises(NoThread):
            job.write_draft(content.current.id)
    db.session.expire_all()
    assert (content.current.status, content.current.error) == (Status.PENDING, None)

    assert started(content.current).status == Status.COMPLETED


def test_text_is_kept_where_no_thread_is_left_to_ask_for_its_model(due_draft, ollama, monkeypatch):
    def digest(*_: object) -> str:
        raise NoThread

    monkeypatch.setattr(Ollama, "digest", digest)

    assert started(due_draft).status == Status.COMPLETED
    assert due_draft.model_digest is None


def nobody_writes() -> bool:
    """Whether another may write to SQLite at once.

    Raises:
        sqlite3.OperationalError: somebody has the one lock for it.
    """
    with closing(sqlite3.connect(db.engine.url.database, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        return True


def test_draft_in_hand_that_cannot_be_made_ready_keeps_nobody_from_writing(later, monkeypatch):
    monkeypatch.setattr(armed, "surroundings", breaks)
    monkeypatch.setattr(hands, "gives_back", True)
    monkeypatch.setattr(armed, "_due_in_queue", lambda: nobody_writes)

    job.write_draft(later.id)  # which is given back, for the look says that another is due

    assert hands._to_put_back.pop() == later.id


def test_text_that_came_too_late_keeps_nobody_from_writing(soon, monkeypatch):
    usual, looks = job.complete, []

    def complete(*what) -> bool:
        assert ending.cancel(soon)
        return usual(*what)

    monkeypatch.setattr(job, "complete", complete)
    monkeypatch.setattr(job, "announce_of", lambda _: looks.append(nobody_writes()))

    assert started(soon).status == Status.CANCELLED
    assert looks == [True]


@pytest.mark.parametrize("broken", [(armed, "surroundings"), (Draft, "announce")])
def test_slot_has_nothing_open_after_a_job_however_it_ended(soon, monkeypatch, broken):
    """Its parent would take it for stuck, and kill it with the next draft in hand."""
    monkeypatch.setattr(*broken, breaks)

    with suppress(KeyError):
        job.write_draft(soon.id)

    assert lease.lease_ends.value == 0.0
