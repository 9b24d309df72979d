"""Rules of recurrence: right across both changes of clocks, and in plain words."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartcontent.recurrence.rules import RuleError, rule_of

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(*moment: int, fold: int = 0) -> datetime:
    return datetime(*moment, tzinfo=BERLIN, fold=fold)


def next_in_berlin(cron: str, after: datetime, count: int = 3) -> list[str]:
    due = rule_of(cron, "Europe/Berlin").next_due(after, count)
    return [f"{each.astimezone(BERLIN):%d. %H:%M %Z}" for each in due]


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 7 * * 1", (2027, 3, 20), ["22. 07:00 CET", "29. 07:00 CEST", "05. 07:00 CEST"]),
        ("0 7 * * 1", (2027, 10, 24), ["25. 07:00 CEST", "01. 07:00 CET", "08. 07:00 CET"]),
        ("30 2 * * *", (2027, 3, 27), ["27. 02:30 CET", "28. 03:00 CEST", "29. 02:30 CEST"]),
        ("30 2 * * *", (2027, 10, 30), ["30. 02:30 CEST", "31. 02:30 CEST", "01. 02:30 CET"]),
        ("*/60 2 * * *", (2027, 10, 31), ["31. 02:00 CEST", "01. 02:00 CET", "02. 02:00 CET"]),
        ("0 */2 * * *", (2027, 10, 31, 1), ["31. 02:00 CEST", "31. 04:00 CET", "31. 06:00 CET"]),
        ("0 */2 * * *", (2027, 3, 28, 1), ["28. 03:00 CEST", "28. 04:00 CEST", "28. 06:00 CEST"]),
        ("0 7 L * *", (2027, 2, 1), ["28. 07:00 CET", "31. 07:00 CEST", "30. 07:00 CEST"]),
    ],
)  # fmt: skip
def test_due_times_keep_to_the_clock_on_the_wall(cron, after, expected):
    assert next_in_berlin(cron, berlin(*after)) == expected


def test_in_the_hour_that_comes_twice_nothing_that_is_past_is_due():
    rule = rule_of("30 2 * * *", "Europe/Berlin")
    second = berlin(2027, 10, 31, 2, 15, fold=1)

    assert rule.next_due(second, count=1) == [datetime(2027, 11, 1, 1, 30, tzinfo=UTC)]
    assert rule.last_due(second) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert rule.last_due(berlin(2027, 10, 31, 2, 15)) == datetime(2027, 10, 30, 0, 30, tzinfo=UTC)


@settings(max_examples=25)
@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(0, 59),
    st.sampled_from(["*", "2", "1-4", "*/2", "0,2,23", "*/5"]),
    st.sampled_from(["*", "1-5", "0"]),
    st.integers(0, 2 * 365 * 24 * 3600),
)  # fmt: skip
def test_due_times_rise_each_once_and_are_found_from_both_sides(zone, minute, hours, days, offset):
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=offset)
    rule = rule_of(f"{minute} {hours} * * {days}", zone)
    due = rule.next_due(begin, 40)
    walls = [each.astimezone(rule.zone).replace(tzinfo=None) for each in due]

    assert all(earlier < later for earlier, later in pairwise([begin, *due]))
    assert hours == "*" or len(set(walls)) == len(walls)
    assert rule.due_between(begin, due[9]) == due[:10]
    assert [rule.last_due(each) for each in due] == due
    assert [rule.last_due(each - timedelta(microseconds=1)) for each in due[1:]] == due[:-1]


def test_an_hourly_rule_comes_with_every_hour_that_passes():
    rule = rule_of("30 * * * *", "Europe/Berlin")

    assert len(rule.due_between(berlin(2027, 10, 31), berlin(2027, 11, 1))) == 25
    assert len(rule.due_between(berlin(2027, 3, 28), berlin(2027, 3, 29))) == 23


def test_what_was_missed_is_counted_within_bounds():
    rule = rule_of("0 * * * *", "UTC")

    assert len(rule.due_between(berlin(2020, 1, 1), berlin(2027, 1, 1))) == 100


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 7 * * *", "every day at 07:00"),
        ("5 0 * * *", "every day at 00:05"),
        ("0 7 * * 0-6", "every day at 07:00"),
        ("0 7 * * 1-5", "every weekday at 07:00"),
        ("0 7 * * MON", "every Monday at 07:00"),
        ("0 7 * * 7", "every Sunday at 07:00"),
        ("0 7 * * 0,6", "every Saturday and Sunday at 07:00"),
        ("0 7 * * 5,1,3", "every Monday, Wednesday and Friday at 07:00"),
        ("30 17 1 * *", "on the 1st of every month at 17:30"),
        ("0 7 12 * *", "on the 12th of every month at 07:00"),
        ("0 7 23 * *", "on the 23rd of every month at 07:00"),
        ("0 7 L * *", "on the last day of every month at 07:00"),
        ("0 7 * * 1#1", "at 07:00 on the first Monday of the month"),
        ("0 7,19 * * *", "at 07:00 and 19:00 every day"),
        ("0 */2 * * *", "at minute 0 past every second hour"),
        ("0 7 29 2 *", "at 07:00 on February 29"),
    ],
)
def test_a_rule_is_said_as_people_say_it(cron, words):
    assert rule_of(cron, "Europe/Berlin").in_words() == words


def test_a_day_of_month_or_of_week_is_not_told_as_one_of_them():
    assert rule_of("0 7 1-31 * 1", "UTC").in_words() != "every Monday at 07:00"


@pytest.mark.parametrize(
    ("cron", "sentence"),
    [
        ("* * * * *", "more often than once an hour"),
        ("0,30 7 * * *", "more often than once an hour"),
        ("*/15 * * * *", "more often than once an hour"),
        ("0 7 30 2 *", "never comes: there is no day 30 in month 2"),
        ("0 7 31 2,4 *", "never comes: there is no day 31 in month 2,4"),
        ("0 7 32 2 *", "“32” is no day of the month"),
        ("60 7 * * *", "“60” is no minute"),
        ("0 24 * * *", "“24” is no hour"),
        ("0 7 * 13 *", "“13” is no month"),
        ("0 7 * * MONDAY", "“MONDAY” is no day of the week"),
        ("0 7 * *", "has five fields .* this one has 4"),
        ("0 0 7 * * 1", "has five fields .* this one has 6"),
        ("@daily", "has five fields"),
        ("", "has five fields"),
        ("0 " * 500, "at most 100 fit"),
        ("9" * 50 + " 7 * * *", "is no minute"),
    ],
)
def test_a_rule_that_is_none_is_refused_in_a_sentence(cron, sentence):
    with pytest.raises(RuleError, match=sentence):
        rule_of(cron, "Europe/Berlin")


@pytest.mark.parametrize(
    "zone", ["Mars/Base", "", "../etc/passwd", "/etc/passwd", "America", "\0", "a/" * 1_000 + "b"]
)
def test_a_zone_that_is_none_is_refused_in_a_sentence(zone):
    with pytest.raises(RuleError, match="time zone"):
        rule_of("0 7 * * *", zone)
