"""iCalendar as RFC 5545 has it: lines folded by octets, values escaped, times in UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from smartcontent.texts.calendar import Event, calendar, escaped, folded

MOMENT = datetime(2027, 3, 28, 7, tzinfo=ZoneInfo("Europe/Berlin"))


def unfolded(document: str) -> list[str]:
    assert document.endswith("\r\n")
    return document.replace("\r\n ", "").split("\r\n")[:-1]


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300).map(
        lambda text: f"X:{text}"
    )
)
def test_folded_lines_are_short_and_the_same_line_again(line):
    document = folded(line)

    assert all(len(piece.encode()) <= 75 for piece in document.split("\r\n"))
    assert unfolded(document) == [line]


def test_values_are_escaped_and_keep_their_lines():
    assert escaped("a,b;c\\d\r\ne\u2028f\x00") == "a\\,b\\;c\\\\d\\ne\\nf"


def test_calendar_has_its_events_with_times_in_utc():
    event = Event("1@here", MOMENT, "Tea, twice", "Pending", "https://here/1", 3)

    lines = unfolded(calendar("Mine", [event], datetime(2027, 1, 1, tzinfo=UTC)))

    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert {"VERSION:2.0", "DTSTART:20270328T050000Z", "DTSTAMP:20270101T000000Z",
            "UID:1@here", "SUMMARY:Tea\\, twice", "SEQUENCE:3"} <= set(lines)  # fmt: skip
    assert any(line.startswith("PRODID:") for line in lines)
