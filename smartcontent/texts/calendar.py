"""A calendar as files and feeds have it: iCalendar, RFC 5545."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

MEDIA_TYPE = "text/calendar; charset=utf-8"
LINE_MOST = 75  # octets, without the line's end
_ESCAPED = re.compile(r"[\\;,]")
_LINE_END = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


class Event(NamedTuple):
    """One time in a calendar."""

    uid: str
    begins: datetime
    summary: str
    description: str
    url: str
    sequence: int = 0


def calendar(name: str, events: Iterable[Event], moment: datetime) -> str:
    """A calendar of these events, as it is at a moment."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Smart Content//EN"),
        *("CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-CALNAME:{escaped(name)}"),
        *(line for event in events for line in _event(event, moment)),
        "END:VCALENDAR",
    ]
    return "".join(folded(line) for line in lines)


def _event(event: Event, moment: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_utc(moment)}"
    yield f"DTSTART:{_utc(event.begins)}"
    yield "DURATION:PT15M"  # one of no length is not seen in a week's view
    yield f"SEQUENCE:{event.sequence}"
    yield f"SUMMARY:{escaped(event.summary)}"
    yield f"DESCRIPTION:{escaped(event.description)}"
    yield f"URL:{event.url}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """A text as the value of a property."""
    text = _ESCAPED.sub(r"\\\g<0>", _CONTROL.sub("", text))
    return _LINE_END.sub(r"\\n", text)


def folded(line: str) -> str:
    """A line with its end, in pieces that are short enough; no character is cut."""
    if len(line.encode()) <= LINE_MOST:
        return line + "\r\n"
    pieces, length = [""], 0
    for sign in line:
        octets = len(sign.encode())
        if length + octets > LINE_MOST:
            pieces.append(" ")
            length = 1
        pieces[-1] += sign
        length += octets
    return "\r\n".join(pieces) + "\r\n"
