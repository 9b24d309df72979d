"""The calendar: a month by the reader's clocks, times moved, and a secret address for others."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from conftest import BRIEF, both_databases
from sqlalchemy import event

from smartcontent.contents import ending, submitting, waiting
from smartcontent.contents.archives.reading import VERSION_LARGEST
from smartcontent.contents.refining import ask_for_variants
from smartcontent.contents.series import acting, making
from smartcontent.contents.series.acting import Plan
from smartcontent.models import Content, Series, Status, User, now
from smartcontent.stores.sql import db
from smartcontent.web import calendar

BERLIN = ZoneInfo("Europe/Berlin")
VALUES = {"content_type": "email_newsletter", "topic": "What is new"}


def due_at(user: User, moment: datetime, title: str = "A teapot, in blue") -> Content:
    return submitting.submit(user.id, BRIEF, title, due_at=moment)


def tomorrow(hour: int, zone: tzinfo = BERLIN) -> datetime:
    day = now().astimezone(zone) + timedelta(days=1)
    return day.replace(hour=hour, minute=30, second=0, microsecond=0)


def month(visitor, moment: datetime, zone: str = "Europe/Berlin") -> str:
    day = moment.astimezone(ZoneInfo(zone)).date()
    return visitor.get(f"/calendar/?zone={zone}&day={day}").text


def cells(page: str) -> dict[str, list[str]]:
    """What stands on each day of the month's table."""
    found = re.findall(r'<td data-day="([-\d]+)".*?</td>', page, re.DOTALL)
    parts = re.split(r'<td data-day="[-\d]+"', page)[1:]
    shown = [re.findall(r"(\d\d:\d\d) <bdi>([^<]*)", part.partition("</td>")[0]) for part in parts]
    return {day: [" ".join(each) for each in of_day]
            for day, of_day in zip(found, shown, strict=True) if of_day}  # fmt: skip


@both_databases
def test_month_shows_what_is_due_and_what_series_will_make_by_the_reader_s_clocks(app, ada, as_ada):
    late = tomorrow(23)
    due_at(ada, late)
    due_at(ada, tomorrow(22)).current.move("cancelled")
    ending.discard(due_at(ada, tomorrow(21)))
    series = acting.begin(ada.id, Plan(VALUES, "0 7 * * *", "Europe/Berlin", "Mail"))

    shown = cells(month(as_ada, late))

    day = str(late.date())
    assert shown[day] == ["07:00 Mail", "23:30 A teapot, in blue"]
    before = series.next_due.astimezone(BERLIN).date() - timedelta(days=1)
    assert "07:00 Mail" not in shown.get(str(before), ())
    in_tokyo = cells(month(as_ada, late, "Asia/Tokyo"))
    assert "A teapot, in blue" in str(in_tokyo[str(late.date() + timedelta(days=1))])


def test_what_comes_every_hour_stands_once_on_each_day(app, ada, as_ada):
    acting.begin(ada.id, Plan(VALUES, "0 * * * *", "UTC", "Mail"))
    moment = tomorrow(0, UTC) + timedelta(days=1)  # tomorrow may begin meanwhile

    page = month(as_ada, moment, "UTC")

    assert cells(page)[str(moment.date())] == ["00:00 Mail"]
    assert "then again and again" in page


def test_a_day_costs_the_same_however_much_is_due_on_it(app, ada, as_ada):
    app.config["SUBMISSIONS_PER_MINUTE"] = 1_000
    asked = []
    noon = tomorrow(12)
    for number in range(60):
        due_at(ada, noon, f"Text {number}")
    event.listen(db.engine, "before_cursor_execute", lambda *sent: asked.append(sent[2:4]))

    page = month(as_ada, noon)

    assert cells(page)[str(noon.date())] == [f"12:30 Text {number}" for number in range(4)]
    assert page.count('class="badge') == 60
    of_days = [(asked, sent) for asked, sent in asked if "drafts.due_at <" in asked]
    assert 28 < len(of_days) <= 43
    assert all("LIMIT" in statement for statement, _ in of_days)
    statement, sent = of_days[0]
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", sent).all()
    assert "ix_drafts_user_id_due_at (user_id=? AND due_at>? AND due_at<?)" in str(plan)
    assert "SCAN" not in str(plan)


def move(visitor, content: Content, **to: str):
    data = {"zone": "Europe/Berlin", **to}
    return visitor.post(f"/calendar/move/{content.id}", data, follow_redirects=True).text


def test_time_is_moved_by_the_clock_of_the_zone_or_to_another_day(app, ada, as_ada):
    content = due_at(ada, tomorrow(9))
    later = tomorrow(18) + timedelta(days=1)

    page = move(as_ada, content, at=f"{later:%Y-%m-%dT%H:%M}")
    assert "It has another time." in page
    assert cells(page)[str(later.date())] == ["18:30 A teapot, in blue"]

    page = move(as_ada, content, day=str(later.date() + timedelta(days=3)))
    assert cells(page)[str(later.date() + timedelta(days=3))] == ["18:30 A teapot, in blue"]


@pytest.mark.parametrize(
    ("zone", "typed", "sentence"),
    [
        ("Europe/Berlin", "2001-01-01T09:00", "This time is past"),
        ("Asia/Tokyo", "0001-01-01T00:00", "This time is past"),
        ("Europe/Berlin", "2199-01-01T09:00", "too far off"),
        ("America/New_York", "9999-12-31T23:59", "too far off"),
        ("Europe/Berlin", "2027-02-29T09:00", "Choose a date and a time"),
        ("Europe/Berlin", "", "Choose a date and a time"),
    ],
)
def test_time_that_cannot_be_is_refused_beside_its_field_with_what_was_typed(
    app, ada, as_ada, zone, typed, sentence
):
    nine = tomorrow(9)
    content = due_at(ada, nine)
    form = {"zone": zone, "day": str(nine.astimezone(ZoneInfo(zone)).date()), "at": typed}

    answer = as_ada.post(f"/calendar/move/{content.id}", form)

    assert answer.status_code == 422
    assert re.search(f'id="at-error" class="error" role="alert">[^<]*{sentence}', answer.text)
    assert re.search(rf'name="at"[^>]* value="{typed}" aria-invalid="true"', answer.text)
    db.session.refresh(content.current)
    assert content.current.due_at == nine


def test_text_dropped_on_a_day_that_is_past_stays_and_why_is_said(app, ada, as_ada):
    nine = tomorrow(9)
    content = due_at(ada, nine)

    assert "This time is past" in move(as_ada, content, day="2001-01-01")
    db.session.refresh(content.current)
    assert content.current.due_at == nine


def test_what_has_started_or_is_held_or_is_another_s_is_not_moved(app, ada, as_ada, as_bob):
    content = due_at(ada, tomorrow(9))
    refused = as_bob.post(f"/calendar/move/{content.id}", {"at": "2027-01-01T09:00"})
    assert refused.status_code == 404
    waiting.hold(content.current)
    assert "It is on hold" in move(as_ada, content, day=str(tomorrow(9).date()))


@pytest.mark.parametrize(
    "query", ["zone=Mars/Base", "day=soon", "day=0001-01-01", "day=9999-12-31"]
)
def test_address_that_makes_no_sense_is_refused(as_ada, query):
    answer = as_ada.get(f"/calendar/?{query}")

    assert answer.status_code == 400
    beside = 'value="Mars/Base" autocomplete="off" spellcheck="false" aria-invalid="true"'
    assert "day=" in query or beside in answer.text


def new_feed(visitor) -> str:
    page = visitor.post("/calendar/feed").text
    return re.search(r'<code id="feed"[^>]*>([^<]*)</code>', page)[1]


def events(visitor, address: str) -> list[dict[str, str]]:
    answer = visitor.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    text = answer.get_data(as_text=True).replace("\r\n ", "")
    return [
        dict(line.split(":", 1) for line in part.split("\r\n") if ":" in line)
        for part in text.split("BEGIN:VEVENT")[1:]
    ]


def test_other_calendars_read_titles_and_times_and_no_texts(app, ada, as_ada, visitor):
    nine = tomorrow(9)
    content = due_at(ada, nine)
    address = new_feed(as_ada)

    (event_,) = events(visitor, address)

    assert event_["SUMMARY"] == "A teapot\\, in blue"
    assert event_["DTSTART"] == f"{nine.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    assert event_["UID"].startswith(str(content.id))
    assert event_["URL"] == f"http://localhost/contents/{content.id}"
    assert BRIEF.topic not in visitor.get(address).text
    assert address.rpartition("/")[2].removesuffix(".ics") not in str(
        vars(db.session.get(User, ada.id))
    )


def test_other_calendars_take_a_newer_draft_for_a_newer_event(app, ada, as_ada, visitor):
    content = due_at(ada, tomorrow(9))
    content.current.revision, content.current.status = 9, Status.COMPLETED
    db.session.commit()
    address = new_feed(as_ada)
    (before,) = events(visitor, address)
    ask_for_variants(content, 1, delay_seconds=2 * 24 * 3600)

    (after,) = events(visitor, address)

    assert before["UID"] == after["UID"]
    assert before["DTSTART"] < after["DTSTART"]
    assert int(before["SEQUENCE"]) < int(after["SEQUENCE"])

    ending.cancel(content.versions()[0])
    (again,) = events(visitor, address)
    assert again["DTSTART"] == before["DTSTART"]
    assert int(after["SEQUENCE"]) < int(again["SEQUENCE"])


@both_databases
def test_version_of_any_number_is_told(ada, as_ada, visitor):
    content = due_at(ada, tomorrow(9))
    content.current.number = VERSION_LARGEST
    db.session.commit()

    (event_,) = events(visitor, new_feed(as_ada))

    assert int(event_["SEQUENCE"]) == calendar.SEQUENCE_LARGEST


def test_of_very_much_the_latest_is_told(app, ada, as_ada, visitor, monkeypatch):
    monkeypatch.setattr(calendar, "FEED_MOST", 2)
    for minutes in (30, 20, 10):
        draft = due_at(ada, tomorrow(9), f"{minutes} ago").current
        draft.due_at = now() - timedelta(minutes=minutes)
    db.session.commit()

    told = events(visitor, new_feed(as_ada))

    assert [each["SUMMARY"] for each in told] == ["20 ago", "10 ago"]


def test_what_a_series_makes_takes_the_place_of_what_was_planned(app, ada, as_ada, visitor):
    series = acting.begin(ada.id, Plan(VALUES, "0 7 1 1 *", "UTC", "Mail"))
    address = new_feed(as_ada)
    due = now().replace(microsecond=0) + timedelta(seconds=50)
    db.session.get(Series, series.id).next_due = due
    db.session.commit()
    planned = {each["UID"]: each["DESCRIPTION"] for each in events(visitor, address)}

    making.make_all_due()

    made = {each["UID"]: each["DESCRIPTION"] for each in events(visitor, address)}
    uid = f"{series.id}-{due:%Y%m%dT%H%M%SZ}@smartcontent"
    assert made[uid] == "Pending"
    assert planned.keys() >= made.keys() - {uid}


def test_secret_address_ends_when_it_is_revoked_renewed_or_its_account_closed(
    app, ada, as_ada, visitor
):
    first, second = new_feed(as_ada), new_feed(as_ada)
    assert [visitor.get(first).status_code, visitor.get(second).status_code] == [404, 200]
    as_ada.post("/calendar/feed/revoke")
    assert visitor.get(second).status_code == 404
    third = new_feed(as_ada)
    db.session.get(User, ada.id).is_enabled = False
    db.session.commit()

    assert visitor.get(third).status_code == 404
    assert {visitor.get(f"/calendar/feed/{n}.ics").status_code for n in range(40)} == {404, 429}
