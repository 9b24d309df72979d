"""The current texts of some contents as one ZIP of Markdown, read some at a time."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Row, func, select

from smartcontent.contents.as_document import document_of
from smartcontent.exports.file_names import file_name
from smartcontent.exports.packing import File
from smartcontent.models import Content, Draft
from smartcontent.portions import portions
from smartcontent.scheduling.drafts import in_parts
from smartcontent.stores.sql import db, only_read

AT_ONCE = 20
CHARACTERS_LONGEST = 1_000_000  # of one step, without its last text


def steps(user_id: int, ids: Sequence[UUID]) -> Iterator[list[File]]:
    """A file for each that has a text, numbered in their order; some at a time."""
    numbers = {content_id: number for number, content_id in enumerate(ids, 1)}
    for some in in_parts(ids, AT_ONCE):
        for few in portions(_sizes(user_id, some), lambda row: row.size, CHARACTERS_LONGEST):
            yield _step(user_id, {row.id: numbers[row.id] for row in few})


def _sizes(user_id: int, ids: Sequence[UUID]) -> Sequence[Row[tuple[UUID, int]]]:
    only_read()
    size = select(Content.id, func.length(Draft.text).label("size")).join(Content.current)
    own = size.where(Content.user_id == user_id, Content.id.in_(ids))
    rows = db.session.execute(own).all()
    db.session.commit()
    return sorted(rows, key=lambda row: ids.index(row.id))


def _step(user_id: int, numbers: Mapping[UUID, int]) -> list[File]:
    only_read()
    own = select(Content).where(Content.user_id == user_id, Content.id.in_(numbers))
    contents = sorted(db.session.scalars(own).unique(), key=lambda each: numbers[each.id])
    files = [file for each in contents for file in _file(each, numbers[each.id])]
    db.session.commit()
    db.session.expunge_all()  # or all texts would be held until the end
    return files


def _file(content: Content, number: int) -> Iterator[File]:
    document = document_of(content.current)
    if document:
        yield File(f"{number:05d} {file_name(content.title, '.md')}", content.created_at, document)
