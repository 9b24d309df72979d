"""The status machine: what a draft may be, and what each status may become."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a draft is on its way."""

    PENDING = "pending"
    HELD = "held"
    QUEUED = "queued"
    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """What people read."""
        return {Status.HELD: "On hold", Status.GENERATING: "Writing"}.get(self, self.capitalize())


class Origin(StrEnum):
    """How a draft came about."""

    GENERATED = "generated"
    REFINED = "refined"
    CONTINUED = "continued"
    EDITED = "edited"


# The whole status machine: what each status may become. Pending to pending is an edited brief or
# another due time; generating to pending, another attempt: after a pause, or because its worker
# was lost or told to stop. What waits so is completed by a worker that was not lost after all.
# The last three are final.
MAY_BECOME: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.PENDING: frozenset(
            {
                Status.PENDING,
                Status.HELD,
                Status.QUEUED,
                Status.GENERATING,
                Status.COMPLETED,
                Status.CANCELLED,
                Status.FAILED,
            }
        ),
        Status.HELD: frozenset({Status.HELD, Status.PENDING, Status.CANCELLED}),
        Status.QUEUED: frozenset(
            {
                Status.HELD,
                Status.GENERATING,
                Status.COMPLETED,
                Status.CANCELLED,
                Status.FAILED,
            }
        ),
        Status.GENERATING: frozenset(
            {
                Status.PENDING,
                Status.COMPLETED,
                Status.FAILED,
                Status.CANCELLED,
            }
        ),
        Status.COMPLETED: frozenset(),
        Status.FAILED: frozenset(),
        Status.CANCELLED: frozenset(),
    }
)
FINAL = frozenset(status for status, next_ones in MAY_BECOME.items() if not next_ones)
UNFINISHED = frozenset(Status) - FINAL
# Named once, so that another status is one change here. The brief may still change:
CHANGEABLE = frozenset({Status.PENDING, Status.HELD})
# It will start by itself: for its time to come, or for a worker.
WAITS = frozenset({Status.PENDING, Status.QUEUED})
# No worker has had it yet.
UNSTARTED = CHANGEABLE | WAITS
# A worker has had it, or nobody will.
STARTED = frozenset(Status) - UNSTARTED
# What it ended with is not a whole text.
UNDONE = FINAL - {Status.COMPLETED}


def may_become(status: Status) -> list[Status]:
    """The statuses from which a draft may come to this one."""
    return [before for before, after in MAY_BECOME.items() if status in after]
