"""One act on all that match: on what matched when it was asked for, step by step, and undone."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from gc import get_objects
from io import BytesIO
from zipfile import ZipFile

import pytest
from conftest import BRIEF, both_databases, is_waiting, wait_until
from patience import PATIENCE
from sqlalchemy import event, select, text, update

from smartcontent.contents import ending, submitting, tagging, versions, waiting
from smartcontent.contents.batches import acting
from smartcontent.contents.bulk import acts, export, running
from smartcontent.contents.bulk.acts import begin, finish, take_step, undo
from smartcontent.contents.bulk.deeds import Asked, Deed, do
from smartcontent.contents.bulk.running import BulkRunner
from smartcontent.contents.quotas import OverQuota
from smartcontent.exports.packing import File
from smartcontent.models import Batch, BulkAct, Content, Draft, Status, now
from smartcontent.models.listing import Filters, list_contents
from smartcontent.scheduling.drafts import mark_queued
from smartcontent.stores.sql import db


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(acts, "AT_ONCE", 2)
    monkeypatch.setattr(acts, "IDS_MOST", 2)
    monkeypatch.setattr(acts, "STEP", 2)
    monkeypatch.setattr(running, "PAUSE_SECONDS", 0)


@pytest.fixture
def five(ada) -> list[Content]:
    return [submitting.submit(ada.id, BRIEF, f"Pot {number}") for number in range(5)]


def shown(user, **filters: object) -> list[str]:
    db.session.commit()
    db.session.expire_all()
    found = list_contents(user.id, Filters(**filters, sort="title")).items
    return [content.title for content in found]


def told(act: BulkAct) -> tuple[int, int, dict]:
    return act.done, act.changed, act.left


@both_databases
def test_what_matched_when_it_was_asked_for_counts(ada, bob, five):
    submitting.submit(bob.id, BRIEF, "Pot of Bob's")
    tagging.keep(five[0], {"tags": ["Keep"]})

    act = begin(ada.id, Filters(q="pot -4"), Deed.TRASH)
    submitting.submit(ada.id, BRIEF, "Pot, later")
    finish(act)

    assert (act.total, told(act)) == (4, (4, 4, {}))
    assert shown(ada) == ["Pot 4", "Pot, later"]
    assert shown(bob) == ["Pot of Bob's"]
    assert {draft.status for draft in five[1].drafts} == {Status.CANCELLED}


@both_databases
def test_undo_of_the_trash_brings_back_what_this_act_threw_away(ada, five):
    ending.discard(five[0])
    act = begin(ada.id, Filters(), Deed.TRASH)
    finish(act)
    ending.restore(ada.id, five[1].id)
    ending.discard(db.session.get(Content, five[1].id))  # anew, and meant

    undoing = undo(act)
    finish(undoing)

    assert shown(ada) == ["Pot 2", "Pot 3", "Pot 4"]
    assert told(undoing) == (4, 3, {})
    assert (undo(act), undo(undoing)) == (None, None)


@both_databases
def test_undo_of_tagging_leaves_the_tag_where_it_was_before(ada, five):
    tagging.keep(five[0], {"tags": ["Été"]})
    tagging.keep(five[1], {"tags": [f"t{number}" for number in range(tagging.TAGS_MOST)]})
    act = begin(ada.id, Filters(), Deed.TAG, "e\u0301te\u0301")
    finish(act)
    assert told(act) == (5, 3, {"full": 1})
    assert shown(ada, tag="été") == ["Pot 0", "Pot 2", "Pot 3", "Pot 4"]

    finish(undo(act))

    assert shown(ada, tag="été") == ["Pot 0"]


@both_databases
def test_undo_in_the_middle_stops_the_act_and_undoes_what_was_done(ada, five):
    act = begin(ada.id, Filters(), Deed.TRASH)
    assert take_step(act)
    assert len(shown(ada)) == 3

    finish(undo(act))

    assert not take_step(act)
    assert len(shown(ada)) == 5


@both_databases
def test_who_is_killed_in_a_step_has_taken_it_or_not(ada, five):
    """A kill in mid transaction is a rollback; another process goes on."""
    act = begin(ada.id, Filters(), Deed.TAG, "tea")
    assert take_step(act)

    def killed(session):
        if any(isinstance(each, BulkAct) for each in session.dirty):
            raise SystemExit

    event.listen(db.session, "before_commit", killed)
    with pytest.raises(SystemExit):
        take_step(act)
    event.remove(db.session, "before_commit", killed)
    db.session.rollback()
    assert len(shown(ada, tag="tea")) == 2
    finish(act)

    assert told(act) == (5, 5, {})
    finish(undo(act))
    assert shown(ada, tag="tea") == []


@both_databases
@pytest.mark.parametrize("deed", [Deed.TRASH, Deed.CANCEL])
def test_another_process_that_had_the_step_at_the_same_time_does_nothing(
    ada, five, monkeypatch, deed
):
    act = begin(ada.id, Filters(), deed)
    as_it_is = acts.done_to_drafts

    def meanwhile(asked, ids):
        monkeypatch.setattr(acts, "done_to_drafts", as_it_is)
        take_step(act)
        return as_it_is(asked, ids)

    monkeypatch.setattr(acts, "done_to_drafts", meanwhile)
    finish(act)

    assert told(act) == (5, 5, {})


@both_databases
@pytest.mark.parametrize("is_killed", [True, False])
def test_what_a_step_has_stopped_counts_whoever_notes_it(ada, five, monkeypatch, is_killed):
    act = begin(ada.id, Filters(), Deed.CANCEL)
    as_it_is = acts.done_to_drafts

    def done(asked, ids):
        outcome = as_it_is(asked, ids)
        monkeypatch.setattr(acts, "done_to_drafts", as_it_is)
        if is_killed:
            raise SystemExit
        take_step(act)  # another, that had the step at the same time and was slower so far
        return outcome

    monkeypatch.setattr(acts, "done_to_drafts", done)
    with suppress(SystemExit):
        finish(act)
    finish(act)

    assert told(act) == (5, 5, {})


@both_databases
def test_cancelling_stops_what_is_on_its_way_and_says_what_was_not(ada, five):
    ending.cancel_all(five[0])
    five[1].current.due_at = now()
    db.session.commit()
    assert five[1].current.claim(60)
    act = begin(ada.id, Filters(), Deed.CANCEL)
    finish(act)

    assert told(act) == (5, 4, {"idle": 1})
    db.session.expire_all()
    assert {content.current.status for content in five} == {Status.CANCELLED}
    assert undo(act) is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ["stopped", "marked"])
def test_who_waits_for_a_draft_has_none_that_comes_after_it(app, ada, five, act):
    """In any other order two who change the same ones would wait for each other."""
    for content in five:  # the first one last, so that PostgreSQL comes to it last
        waiting.start_now(content.current)
    waiting.start_now(five[0].current)
    ids, jobs = [each.id for each in five], [each.current.job_id for each in five]
    first, others = Draft.id == five[0].current.id, Draft.id != five[0].current.id
    db.session.commit()

    def change() -> None:
        with app.app_context():
            if act == "stopped":
                do(Asked(ada.id, Deed.CANCEL), ids)
            else:
                mark_queued(jobs)

    with ThreadPoolExecutor(1) as pool:
        db.session.scalars(select(Draft.id).where(first).with_for_update()).one()
        changed = pool.submit(change)
        wait_until(lambda: changed.done() or is_waiting())
        free = select(Draft.id).where(others).with_for_update(skip_locked=True)
        were_free = len(db.session.scalars(free).all())
        db.session.commit()
        changed.result(PATIENCE)

    assert were_free == 4
    db.session.expire_all()
    ended = Status.CANCELLED if act == "stopped" else Status.QUEUED
    assert {content.current.status for content in five} == {ended}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ["thrown away", "restored", "tried again"])
def test_who_waits_for_a_content_has_none_that_comes_after_it(app, ada, five, act):
    batch = Batch(user_id=ada.id, name="Pots", total=5, submitted_at=now())
    db.session.add(batch)
    db.session.flush()
    for number, content in enumerate(sorted(five, key=lambda content: content.id, reverse=True)):
        content.batch_id, content.batch_row = batch.id, number
        content.current.status, content.deleted_at = Status.FAILED, None
        if act == "restored":
            content.deleted_at = now()
        db.session.flush()
    ids, its_id = sorted(each.id for each in five), batch.id
    db.session.commit()

    def change() -> None:
        with app.app_context():
            if act == "tried again":
                acting.retry(db.session.get(Batch, its_id))
            else:
                do(Asked(ada.id, Deed.TRASH if act == "thrown away" else Deed.RESTORE), ids)

    with ThreadPoolExecutor(1) as pool:
        lock = select(Content.id).with_for_update(key_share=True, skip_locked=True)
        db.session.scalars(lock.where(Content.id == ids[0])).one()
        changed = pool.submit(change)
        wait_until(lambda: changed.done() or is_waiting())
        were_free = db.session.scalars(lock.where(Content.id.in_(ids[1:]))).all()
        db.session.commit()
        changed.result(PATIENCE)

    assert sorted(were_free) == ids[1:]


def test_retrying_waits_for_room_and_asks_for_each_once(app, ada, five):
    finish(begin(ada.id, Filters(), Deed.CANCEL))
    app.config["UNFINISHED_PER_USER"] = 3
    act = begin(ada.id, Filters(status="cancelled"), Deed.RETRY)

    finish(act)
    assert (act.done, act.waits, running.take_steps()) == (2, True, 0)
    app.config["UNFINISHED_PER_USER"] = 100
    act.due_at = now()
    db.session.commit()
    while running.take_steps():
        pass

    assert told(act) == (5, 5, {})
    assert [len(content.versions()) for content in five] == [2] * 5


def test_acts_take_turns_and_those_of_who_is_shut_out_none(ada, bob, five):
    for number in range(5):
        submitting.submit(bob.id, BRIEF, f"Bob's {number}")
    adas, bobs = (begin(user.id, Filters(), Deed.TRASH) for user in (ada, bob))

    assert running.take_steps() == 2
    assert (adas.done, bobs.done) == (2, 2)
    bob.is_enabled = False
    db.session.commit()
    while running.take_steps():
        pass

    assert (adas.done, bobs.done) == (5, 2)


@both_databases
def test_nobody_waits_for_the_many_acts_of_another(ada, bob, five):
    bobs_text = submitting.submit(bob.id, BRIEF, "Bob's")
    first, *_ = [begin(ada.id, Filters(), Deed.TRASH) for _ in range(3)]
    bobs = begin(bob.id, Filters(), Deed.TRASH)

    assert running.take_steps() == 2

    assert (first.done, bobs.done) == (2, 1)
    assert bobs_text.deleted_at


def test_act_whose_step_breaks_holds_up_nobody_for_good(ada, bob, five):
    begin(ada.id, Filters(), Deed.TRASH)
    adas = db.session.query(BulkAct).one()
    adas.deed = "unknown"
    db.session.commit()
    submitting.submit(bob.id, BRIEF, "Bob's")
    bobs = begin(bob.id, Filters(), Deed.TRASH)
    another = begin(ada.id, Filters(), Deed.CANCEL)

    assert [running.take_steps(), running.take_steps()] == [2, 1]

    assert (adas.done, adas.waits, bool(bobs.finished_at), another.done) == (0, True, True, 2)


@both_databases
def test_one_user_has_so_many_acts_on_their_way_and_so_many_kept(as_ada, ada, bob, monkeypatch):
    monkeypatch.setattr(acts, "OPEN_MOST", 2)
    monkeypatch.setattr(acts, "KEPT_MOST", 3)
    submitting.submit(ada.id, BRIEF, "Tea")
    submitting.submit(bob.id, BRIEF, "Pot")
    of_bob = finish(begin(bob.id, Filters(), Deed.TRASH))
    first = begin(ada.id, Filters(), Deed.CANCEL)
    begin(ada.id, Filters(), Deed.CANCEL)

    answer = as_ada.post("/contents/bulk", {"do": "trash", "all": "1"})

    assert answer.status_code == 429
    assert "2 of your acts on many texts are on their way" in answer.text
    while running.take_steps():
        pass
    begun = [first.id, *(finish(begin(ada.id, Filters(), Deed.CANCEL)).id for _ in range(4))]
    kept = db.session.scalars(select(BulkAct.id)).all()
    assert (len(kept), set(begun[-3:]) < set(kept), of_bob.id in kept) == (4, True, True)


@both_databases
def test_of_many_acts_at_once_no_more_begin_than_may_be_on_their_way(app, ada, five, monkeypatch):
    monkeypatch.setattr(acts, "OPEN_MOST", 3)
    user_id = ada.id

    def one(_number: int) -> bool:
        with app.app_context(), suppress(OverQuota):
            return bool(begin(user_id, Filters(), Deed.CANCEL))
        return False

    db.session.commit()
    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(one, range(10))) == 3


def test_scheduler_takes_the_steps_and_forgets_what_is_old(app, ada, five, monkeypatch):
    monkeypatch.setattr(running, "LOOK_SECONDS", 0)
    act = begin(ada.id, Filters(), Deed.TRASH)

    for _ in range(3):
        BulkRunner(app).turn()

    db.session.refresh(act)
    assert act.finished_at
    assert list(running.forget()) == []
    act.finished_at = now() - timedelta(days=1, minutes=1)
    db.session.commit()
    assert list(running.forget()) == [1]
    assert db.session.scalar(text("SELECT count(*) FROM bulk_steps")) == 0


def test_nothing_that_matches_is_an_act_that_has_ended(ada):
    act = begin(ada.id, Filters(q="nothing"), Deed.TRASH)

    assert (act.total, act.finished_at is not None, take_step(act)) == (0, True, False)


def test_page_acts_on_all_that_match_and_shows_how_far_it_is(as_ada, ada, five):
    for number in range(20):
        submitting.submit(ada.id, BRIEF, f"Cup {number}")
    assert "All that match" in as_ada.get("/").text

    answer = as_ada.post("/contents/bulk?q=cup", {"all": "1", "do": "trash"})
    page = as_ada.get(answer.headers["Location"]).text

    assert "Moving to the trash: 0 of 20 done." in page
    assert '<progress value="0" max="20"' in page
    act = db.session.query(BulkAct).one()
    finish(act)
    drawn_anew = as_ada.get("/contents/bulk?q=cup").text
    assert "20 in the trash." in drawn_anew
    assert f'action="/contents/bulk/{act.id}/undo?q=cup"' in drawn_anew
    assert len(shown(ada)) == 5
    as_ada.post(re.search(r'action="(/contents/bulk/[^"]*/undo)', page)[1])
    assert len(shown(ada, q="cup")) == 20


def test_page_that_is_no_list_s_shows_no_act_of_somebody_else_s(as_bob, ada, five):
    act = begin(ada.id, Filters(), Deed.TRASH)

    assert "Moving" not in as_bob.get("/").text
    for what in ("undo", "stop"):
        assert as_bob.post(f"/contents/bulk/{act.id}/{what}").status_code == 404


def test_stopped_act_leaves_the_rest(as_ada, ada, five):
    act = begin(ada.id, Filters(), Deed.CANCEL)
    take_step(act)

    page = as_ada.post(f"/contents/bulk/{act.id}/stop", follow_redirects=True).text

    assert "2 stopped. 3 not reached: it was stopped." in page
    db.session.refresh(act)
    assert not take_step(act)
    assert db.session.query(Draft).filter_by(status=Status.PENDING).count() == 3


def test_more_than_one_act_may_have_is_refused_with_a_sentence(as_ada, ada, five, monkeypatch):
    monkeypatch.setattr(acts, "MATCH_MOST", 4)

    answer = as_ada.post("/contents/bulk", {"all": "1", "do": "trash"})

    assert answer.status_code == 422
    assert "More than 4 match: narrow it down" in answer.text


@both_databases
def test_texts_of_all_that_match_are_one_zip_of_markdown(as_ada, ada, bob, five):
    others = submitting.submit(bob.id, BRIEF, "Pot of Bob's")
    for content in (five[0], five[1], others):
        ending.cancel_all(content)
        versions.save_edit(content, content.title, f"Text of {content.title}")
    db.session.commit()

    answer = as_ada.post("/contents/bulk?q=pot", {"all": "1", "do": "export"})
    ticked = {"ids": [str(five[1].id), str(others.id)], "do": "export"}

    assert answer.mimetype == "application/zip"
    packed = ZipFile(BytesIO(answer.data))
    assert sorted(name[6:] for name in packed.namelist()) == ["Pot 0.md", "Pot 1.md"]
    [name] = ZipFile(BytesIO(as_ada.post("/contents/bulk", ticked).data)).namelist()
    assert name == "00001 Pot 1.md"
    assert b"Text of Pot 1" in packed.read(packed.namelist()[-1]) + packed.read(
        packed.namelist()[0]
    )
    assert as_ada.post("/contents/bulk", {"do": "export"}).status_code == 422


@pytest.fixture
def long(ada, five) -> list[Content]:
    """Some with texts of more than half of what a step may have."""
    length = export.CHARACTERS_LONGEST * 3 // 5
    ended = {"status": Status.COMPLETED, "text": "x" * length}
    db.session.execute(update(Draft).where(Draft.user_id == ada.id).values(**ended))
    db.session.commit()
    return five


@both_databases
def test_long_texts_are_read_few_at_a_time(ada, long):
    ids = [content.id for content in reversed(long)]

    names = [[file.name for file in step] for step in export.steps(ada.id, ids)]

    assert names == [
        ["00001 Pot 4.md", "00002 Pot 3.md"],
        ["00003 Pot 2.md", "00004 Pot 1.md"],
        ["00005 Pot 0.md"],
    ]


@pytest.mark.parametrize("page", ["/contents/bulk", "/account/data/archive.zip"])
def test_no_text_is_held_while_the_client_takes_what_came_of_it(
    app, as_ada, long, monkeypatch, page
):
    answered, held = app.wsgi_app, []
    as_ada.token()

    def watched(*asked: object) -> Iterator[bytes]:
        with closing(answered(*asked)) as answer:
            for piece in answer:
                held.append([each for each in get_objects() if type(each) is File])
                yield piece

    monkeypatch.setattr(app, "wsgi_app", watched)
    if page == "/contents/bulk":
        as_ada.post(page, {"all": "1", "do": "export"})
    else:
        as_ada.get(page)

    assert len(held) > 3
    assert not any(held)
