"""A finished text with what is known of it, as it leaves the product."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Document:
    """One text and its brief; what is not known is empty."""

    title: str
    text: str  # Markdown
    content_type: str = ""
    topic: str = ""
    audience: str = ""
    tone: str = ""
    length: str = ""
    language: str = ""
    keywords: tuple[str, ...] = ()
    instructions: str = ""
    model: str = ""
    created_at: datetime | None = None
    finished_at: datetime | None = None


class NotInThisFormat(ValueError):
    """A text cannot be had in this format; the error's text says why, and what to do instead."""
