"""What the reconciler had to mend, for administrators to see."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base


class RepairKind(StrEnum):
    """What was done."""

    SCHEDULED = "scheduled"  # Redis had no job for a draft that waits
    RELEASED = "released"  # the draft of a silent worker was given to another
    FAILED = "failed"  # the last worker allowed died, too
    REMOVED = "removed"  # a job in Redis that no draft waits for
    UNREADABLE = "unreadable"  # what somebody else wrote in Redis where we keep ours


SENTENCES = {
    RepairKind.SCHEDULED: "draft {draft}: scheduled again, Redis had no job for it",
    RepairKind.RELEASED: "draft {draft}: the worker of attempt {attempt} is silent, another's turn",
    RepairKind.FAILED: "draft {draft}: the worker of attempt {attempt} is silent like those before "
    "it, failed",
    RepairKind.REMOVED: "job {job}: removed from Redis, no draft waits for it",
    RepairKind.UNREADABLE: "{key}: what was not written by us was removed from Redis",
}


class Repair(Base):
    """One thing the reconciler mended."""

    __tablename__ = "repairs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The finished sentence that earlier versions kept.
    detail: Mapped[str] = mapped_column(Text, default="")

    def __str__(self) -> str:
        if self.about is None:
            return self.detail
        return SENTENCES[RepairKind(self.kind)].format_map(self.about)
