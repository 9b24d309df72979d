"""What the reconciler had to mend, for administrators to see."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base


class RepairKind(StrEnum):
    """What was done."""

    SCHEDULED = "scheduled"  # Redis had no job for a draft that waits
    RELEASED = "released"  # the draft of a silent worker was given to another
    FAILED = "failed"  # the last worker allowed died, too
    REMOVED = "removed"  # a job in Redis that no draft waits for


class Repair(Base):
    """One thing the reconciler mended."""

    __tablename__ = "repairs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text)

    def __str__(self) -> str:
        return self.detail
