"""The current texts of some contents as one ZIP of Markdown, read some at a time."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from smartcontent.contents.as_document import document_of
from smartcontent.exports.file_names import file_name
from smartcontent.exports.packing import File
from smartcontent.models import Content
from smartcontent.scheduling.drafts import in_parts
from smartcontent.stores.sql import db, only_read

AT_ONCE = 20


def steps(user_id: int, ids: Sequence[UUID]) -> Iterator[list[File]]:
    """A file for each that has a text, numbered in their order; some at a time."""
    numbers = {content_id: number for number, content_id in enumerate(ids, 1)}
    for some in in_parts(ids, AT_ONCE):
        only_read()
        own = select(Content).where(Content.user_id == user_id, Content.id.in_(some))
        contents = sorted(db.session.scalars(own).unique(), key=lambda each: numbers[each.id])
        files = [file for each in contents for file in _file(each, numbers[each.id])]
        db.session.commit()
        db.session.expunge_all()  # or all texts would be held until the end
        yield files


def _file(content: Content, number: int) -> Iterator[File]:
    document = document_of(content.current)
    if document:
        yield File(f"{number:05d} {file_name(content.title, '.md')}", content.created_at, document)
