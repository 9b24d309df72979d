"""The trash is emptied: what has been in it for long enough goes for good, and nothing else."""

from datetime import timedelta

import pytest
from conftest import BRIEF, both_databases
from sqlalchemy import event, text

from smartcontent.contents import emptying, ending, housekeeping, submitting, tagging, versions
from smartcontent.contents.housekeeping import Housekeeping
from smartcontent.models import Content, Draft, Tag, now
from smartcontent.stores.sql import db


def thrown_away(user, title: str, days: float) -> Content:
    """A content that went to the trash so many days ago."""
    content = submitting.submit(user.id, BRIEF, title)
    ending.discard(content, now() - timedelta(days=days))
    return content


def titles() -> list[str]:
    db.session.expire_all()
    return [content.title for content in db.session.query(Content).order_by(Content.title)]


@both_databases
def test_what_is_old_in_the_trash_goes_with_all_that_belongs_to_it(ada, bob, content, monkeypatch):
    monkeypatch.setattr(emptying, "AT_ONCE", 2)
    for user in (ada, bob):
        for number in range(3):
            old = thrown_away(user, f"{user.id} old {number}", days=30.01)
    tagging.keep(old, {"tags": ["only here"]})
    thrown_away(ada, "Young", days=29.9)

    assert list(emptying.empty()) == [2, 2, 2]

    assert titles() == ["A teapot", "Young"]
    assert (db.session.query(Draft).count(), db.session.query(Tag).count()) == (2, 0)
    assert db.session.scalar(text("SELECT count(*) FROM findables")) == 2
    assert list(emptying.empty()) == []


def test_contents_with_many_versions_go_few_at_a_time(ada, monkeypatch):
    monkeypatch.setattr(emptying, "VERSIONS_AT_ONCE", 6)
    for age, number in enumerate((1, 8, 3, 3, 3), 31):
        content = submitting.submit(ada.id, BRIEF, "Old", variants=[{}] * number)
        ending.discard(content, now() - timedelta(days=age))

    assert list(emptying.empty()) == [2, 1, 1, 1]


def test_for_ever_is_for_ever(app, ada):
    app.config["TRASH_DAYS"] = 0
    thrown_away(ada, "Old", days=10_000)

    assert (list(emptying.empty()), titles()) == ([], ["Old"])


@both_databases
def test_what_is_restored_at_the_last_moment_stays(ada, monkeypatch):
    old = thrown_away(ada, "Old", days=31)
    thrown_away(ada, "Older", days=32)
    as_it_was = emptying._over

    def restored_meanwhile(*asked):
        ids = as_it_was(*asked)
        ending.restore(ada.id, old.id)
        return ids

    monkeypatch.setattr(emptying, "_over", restored_meanwhile)

    assert list(emptying.empty()) == [1]
    assert titles() == ["Old"]


@both_databases
def test_another_draft_asked_for_at_the_last_moment_is_stopped_first(ada, valkey):
    old = thrown_away(ada, "Old", days=31)
    versions.retry(old)
    assert valkey.client.keys(f"rq:job:*{old.current.id:012}*")

    assert list(emptying.empty()) == [1]

    assert not valkey.client.keys(f"rq:job:*{old.current.id:012}*")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_another_scheduler_has_in_hand_is_left_to_it(ada, database_url):
    old = thrown_away(ada, "Old", days=31)
    db.session.commit()
    with db.engine.begin() as another:
        another.execute(text("SELECT 1 FROM contents WHERE id = :id FOR UPDATE"), {"id": old.id})
        assert list(emptying.empty()) == []
    assert list(emptying.empty()) == [1]


def test_who_is_killed_in_a_step_has_lost_that_step_alone(ada, monkeypatch):
    """A kill in mid transaction is a rollback."""
    monkeypatch.setattr(emptying, "AT_ONCE", 1)
    for number in range(3):
        thrown_away(ada, f"Old {number}", days=31 + number)
    steps = emptying.empty()
    assert next(steps) == 1

    def killed(*_):
        raise SystemExit

    event.listen(db.session, "before_commit", killed)
    with pytest.raises(SystemExit):
        emptying._erase([db.session.query(Content.id).first()[0]], now())
    event.remove(db.session, "before_commit", killed)
    db.session.rollback()

    assert len(titles()) == 2
    assert list(emptying.empty()) == [1, 1]


def test_scheduler_empties_the_trash(app, ada, content, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(housekeeping, "LOOK_SECONDS", 0)
    thrown_away(ada, "Old", days=31)

    for _ in range(2):
        Housekeeping(app).turn()

    told = [record.message for record in caplog.records if "trash" in record.message]
    assert told == ["erased from the trash contents=1"]
    assert titles() == ["A teapot"]


def test_trash_says_when_each_goes(app, ada, as_ada):
    content = thrown_away(ada, "Young", days=1)
    goes = content.deleted_at + timedelta(days=30)

    page = as_ada.get("/trash").text
    app.config["TRASH_DAYS"] = 1
    late = as_ada.get("/trash").text
    app.config["TRASH_DAYS"] = 0
    never = as_ada.get("/trash").text

    assert "After 30 days in here it goes for good." in page
    assert f'goes on <time datetime="{goes:%Y-%m-%dT%H:%M:%S}' in page
    assert ("After 1 day in here" in late, "· goes soon" in late) == (True, True)
    assert "goes" not in never
