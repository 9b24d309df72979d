"""A draft's life from due time to end, and what was before, as the segments of a drawn line."""

from dataclasses import dataclass
from datetime import datetime

from smartcontent.durations import measured
from smartcontent.models import Draft
from smartcontent.web.drawings import in_a_row

# A pick-up of milliseconds beside a text of seconds would be too thin to see.
NARROWEST = 4.0


@dataclass(frozen=True)
class Segment:
    """From one event to the next: how long it took, and where it is drawn (0 to 100)."""

    kind: str
    label: str
    seconds: float
    x: float
    width: float

    @property
    def is_before(self) -> bool:
        """Whether it was over when the draft was due."""
        return self.kind == "read-ahead"

    @property
    def duration(self) -> str:
        """The time it took, in a unit people can compare."""
        if self.seconds < 1:
            return f"{self.seconds * 1000:.0f} ms"
        return measured(self.seconds)


def timeline(draft: Draft) -> list[Segment]:
    """Due to picked up, to the first word, to the end; what has not happened is left out.

    Before them, where it was read before its time, how long that took.
    """
    steps = [
        ("picked-up", "picked up", draft.due_at, draft.started_at),
        ("first-word", "first word", draft.started_at, draft.first_word_at),
        ("written", "finished", draft.first_word_at, draft.finished_at),
    ]
    known = [
        (kind, label, _seconds(start, end)) for kind, label, start, end in steps if start and end
    ]
    if draft.read_ahead_ms is not None and known:
        known = [("read-ahead", "brief read before", draft.read_ahead_ms / 1000), *known]
    lengths = [seconds for _, _, seconds in known]
    spans = in_a_row(lengths, sum(lengths), NARROWEST)
    return [Segment(*each, *span) for each, span in zip(known, spans, strict=True)]


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
