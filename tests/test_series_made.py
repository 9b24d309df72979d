"""Series: each time makes one content, at its time, whatever breaks in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import BRIEF, both_databases
from flask import Flask
from sqlalchemy import func, select, text, update

from smartcontent.contents import ending, quotas, submitting
from smartcontent.contents.series import acting, making
from smartcontent.contents.series.acting import Plan
from smartcontent.models import Content, Draft, Series, User, now
from smartcontent.scheduling import reconciler
from smartcontent.stores import keys
from smartcontent.stores.sql import db

VALUES = {"content_type": "email_newsletter", "topic": "What is new", "keywords": ("tea",)}
HOUR = timedelta(hours=1)


def begun(user: User, cron: str = "", zone: str = "UTC", **values) -> Series:
    """By itself each hour, half an hour away from now on both sides."""
    hourly = f"{(now() - HOUR / 2).minute} * * * *"
    return acting.begin(user.id, Plan({**VALUES, **values}, cron or hourly, zone))


def last(series: Series) -> datetime:
    due = series.rule.last_due(now())
    assert due is not None
    return due


def set_next(series: Series, due: datetime) -> None:
    """The time comes for which nothing is made yet."""
    db.session.execute(update(Series).where(Series.id == series.id).values(next_due=due))
    db.session.commit()


def contents() -> list[Content]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Content).order_by(Content.series_due_at)))


@both_databases
def test_content_is_made_a_minute_before_and_is_due_at_exactly_its_time(app, ada, valkey):
    series = begun(ada, model="llama3.2:3b", title="Monday's mail")
    due = now().replace(microsecond=0) + timedelta(seconds=50)
    set_next(series, due)

    making.make_all_due()

    (content,) = contents()
    assert (content.series_id, content.series_due_at, content.series_missed) == (series.id, due, 0)
    assert (content.title, content.topic, content.keywords) == (
        "Monday's mail",
        "What is new",
        ["tea"],
    )
    assert content.settings == {"model": "llama3.2:3b"}
    assert content.current.due_at == due
    assert valkey.client.zscore(keys.SCHEDULED, content.current.job_id) == due.timestamp()
    assert series.next_due == series.rule.next_due(due, 1)[0]


@both_databases
def test_series_begins_with_its_own_next_time_whatever_others_have_taken_in(app, ada, bob):
    theirs = submitting.submit(bob.id, BRIEF, "Tea")
    theirs.series_due_at = now() + timedelta(days=9_999)  # of an archive; its series is not here
    db.session.commit()

    assert begun(ada, "0 * * * *").next_due <= now() + HOUR


def test_nothing_is_made_earlier_nor_of_a_paused_series_nor_for_a_closed_account(app, ada, bob):
    set_next(begun(ada), now() + timedelta(seconds=90))
    set_next(begun(bob), now())
    bob.is_enabled = False
    acting.pause(begun(ada))

    making.make_all_due()

    assert contents() == []


@both_databases
def test_time_that_is_none_of_the_rule_any_more_is_set_right_when_the_maker_starts(app, ada):
    """As after an update of time zones: the next one was reckoned with the old offset."""
    series, skipping = begun(ada, "0 7 * * *", "Europe/Berlin"), begun(ada, "0 7 * * *")
    right, later = series.next_due, skipping.rule.next_due(now(), 3)[2]
    set_next(series, right + HOUR)
    set_next(skipping, later - HOUR)

    making.set_right()

    db.session.expire_all()
    assert (series.next_due, skipping.next_due) == (right, later)
    assert contents() == []


@both_databases
def test_times_that_were_missed_are_made_once_and_counted(app, ada):
    series = begun(ada, f"{(now() - timedelta(minutes=5)).minute} * * * *")
    last = series.rule.last_due(now())
    set_next(series, last - 4 * HOUR)

    making.make_all_due()
    making.make_all_due()

    (content,) = contents()
    assert (content.series_due_at, content.series_missed) == (last, 4)
    assert content.created_at <= content.current.due_at <= now()
    assert series.next_due == last + HOUR


def test_a_missed_time_is_not_made_where_the_next_one_is_due_at_once(app, ada):
    soon = now() + timedelta(seconds=40)
    series = begun(ada, f"{soon.minute} * * * *")
    due = series.rule.last_due(soon)
    if due <= now():  # the minute has begun
        due += HOUR
    set_next(series, due - 3 * HOUR)

    making.make_all_due()

    expected = due if due <= now() + making.AHEAD else due - HOUR
    assert [content.series_due_at for content in contents()] == [expected]


@both_databases
def test_many_makers_at_once_make_one_content(app: Flask, ada):
    series_ids = [begun(ada).id for _ in range(3)]
    for series_id in series_ids:
        set_next(db.session.get(Series, series_id), now())

    def make(_: int) -> int:
        with app.app_context():
            return making.make_all_due()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(make, range(6))) >= 3

    assert sorted(content.series_id for content in contents()) == sorted(series_ids)


@both_databases
def test_what_is_made_for_a_time_is_never_made_again(app, ada):
    """As after the row of a series was put back by hand, or by an old copy."""
    series = begun(ada)
    due = last(series)
    set_next(series, due)
    making.make_all_due()
    set_next(series, due)

    making.make_all_due()

    assert len(contents()) == 1
    assert series.next_due == series.rule.next_due(now(), 1)[0]


def killed(*_args: object, **_known: object) -> None:
    raise SystemExit("killed")


@both_databases
@pytest.mark.parametrize("step", ["quotas.check", "submitting.tell"])
def test_maker_that_is_killed_between_two_steps_loses_nothing(app, ada, valkey, monkeypatch, step):
    monkeypatch.setattr(reconciler, "LOOK_AHEAD", HOUR)
    set_next(begun(ada), now() + timedelta(seconds=50))
    room, name = step.split(".")
    with monkeypatch.context() as patch:
        patch.setattr(getattr(making, room), name, killed)
        with pytest.raises(SystemExit):
            making.make_all_due()
    db.session.remove()  # its connection is gone with it

    making.make_all_due()
    reconciler.reconcile()

    (content,) = contents()
    jobs = [name.decode() for name in valkey.client.zrange(keys.SCHEDULED, 0, -1)]
    assert jobs == [content.current.job_id]


def test_series_without_room_waits_for_it_and_holds_up_nobody(app, ada, bob):
    app.config["UNFINISHED_PER_USER"] = 1
    first, second = begun(ada), begun(ada)
    due = last(first)
    for series in (first, second, begun(bob)):
        set_next(series, due)

    making.make_all_due()
    made = {content.user_id: content for content in contents()}

    assert made.keys() == {ada.id, bob.id}
    waits = second if made[ada.id].series_id == first.id else first
    assert (waits.refused_at is not None, waits.next_due) == (True, due)
    ending.cancel(made[ada.id].current)
    making.make_all_due()
    assert len(contents()) == 2  # it is not tried every moment
    db.session.execute(update(Series).values(refused_at=now() - making.TRY_AGAIN))
    db.session.commit()
    making.make_all_due()
    assert len(contents()) == 3
    assert waits.refused_at is None


def test_series_are_not_too_fast_and_leave_people_their_minute(app, ada):
    for _ in range(3):
        series = begun(ada)
        set_next(series, last(series))
    app.config["SUBMISSIONS_PER_MINUTE"] = 2

    making.make_all_due()

    assert len(contents()) == 3
    with pytest.raises(quotas.OverQuota):
        quotas.check(ada.id)


def test_zone_that_is_gone_pauses_its_series_and_holds_up_nobody(app, ada):
    broken, other = begun(ada), begun(ada)
    for series in (broken, other):
        set_next(series, last(series))
    db.session.execute(text("UPDATE series SET timezone = 'Mars/Base' WHERE id = :id"),
                       {"id": broken.id.hex})  # fmt: skip
    db.session.commit()

    making.make_all_due()

    assert [content.series_id for content in contents()] == [other.id]
    assert broken.is_paused


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (datetime(2027, 3, 27, 12, tzinfo=UTC), ["28. 03:00 CEST", "29. 02:30 CEST"]),
        (datetime(2027, 10, 30, 12, tzinfo=UTC), ["31. 02:30 CEST", "01. 02:30 CET"]),
    ],
)
def test_half_past_two_in_berlin_is_made_once_on_the_days_when_clocks_change(
    app, ada, monkeypatch, day, expected
):
    series = begun(ada, "30 2 * * *", "Europe/Berlin")
    set_next(series, series.rule.next_due(day, 1)[0])

    for minute in range(40 * 60):
        moment = day + timedelta(minutes=minute)
        if series.next_due <= moment + making.AHEAD:
            monkeypatch.setattr(making, "now", lambda moment=moment: moment)
            making.make(series.id)

    made = [content.series_due_at.astimezone(ZoneInfo("Europe/Berlin")) for content in contents()]
    assert [f"{due:%d. %H:%M %Z}" for due in made] == expected


@both_databases
def test_a_series_that_is_deleted_leaves_what_it_made(app, ada):
    series = begun(ada)
    set_next(series, now())
    making.make_all_due()

    acting.end(Series.find_to_change(ada.id, series.id))

    (content,) = contents()
    assert content.series_id is None
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 1
