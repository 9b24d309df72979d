"""What a user has asked for within the hour, where no draft tells of it (any more)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from smartcontent.models.moments import UtcDateTime, now
from smartcontent.stores.sql import Base


class Asking(Base):
    """A draft that was deleted, or a series that was begun: the quotas count it still."""

    __tablename__ = "askings"
    __table_args__ = (Index(None, "user_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    is_of_batch: Mapped[bool] = mapped_column(default=False)
