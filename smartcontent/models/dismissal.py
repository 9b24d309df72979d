"""Findings of the quality card that somebody does not want to see again, content by content."""

from sqlalchemy import Column, ForeignKey, String, Table

from smartcontent.stores.sql import Base
from smartcontent.texts.quality.finding import KEY_LENGTH

dismissals = Table(
    "dismissals",
    Base.metadata,
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("finding", String(KEY_LENGTH), primary_key=True),
)
