"""What came of a batch: its texts as files, or beside the columns of the table it was made from."""

from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, undefer

from smartcontent.exports.document import Document, NotInThisFormat
from smartcontent.exports.file_names import file_name
from smartcontent.exports.front_matter import to_markdown
from smartcontent.models import FINAL, Batch, Content, Draft, Status
from smartcontent.models.draft import FAILURE
from smartcontent.models.moments import iso
from smartcontent.stores.sql import db
from smartcontent.tables.writing import Value, csv_of, xlsx_of

TEXTS_LONGEST = 20_000_000  # characters of all texts of a batch: they are in memory at once
ROWS_AT_ONCE = 50
_READ = (Draft.text, Draft.status, Draft.words, Draft.model, Draft.finished_at, *FAILURE)
_ADDED = ("Status", "Text", "Words", "Model", "Finished", "Problem")


class Result(NamedTuple):
    """One row with what came of it; the text is empty until it is written."""

    number: int
    cells: Sequence[str]
    document: Document
    status: str
    words: int | None
    error: str
    finished_at: datetime | None


class Results(NamedTuple):
    """All rows of a batch that are not in the trash."""

    headings: Sequence[str]
    rows: Sequence[Result]


class Format(NamedTuple):
    """A kind of file; a large batch takes seconds to write."""

    media_type: str
    suffix: str
    write: Callable[[Results], bytes]


def results_of(batch: Batch) -> Results:
    """What there is at this moment, by rows.

    Raises:
        NotInThisFormat: it is more than a file is made of.
    """
    _check_size(batch)
    query = (
        select(Content)
        .join(Content.current)
        .where(Content.batch_id == batch.id, Content.deleted_at.is_(None))
        .order_by(Content.batch_row)
        .options(contains_eager(Content.current).load_only(*_READ), undefer(Content.batch_cells))
        # Some at a time: SQLite lets others go on in between.
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    contents = db.session.scalars(query)
    return Results(batch.headings, [_result(content, content.current) for content in contents])


def _check_size(batch: Batch) -> None:
    texts = select(func.sum(func.length(Draft.text))).join(Content.current)
    here = (Content.batch_id == batch.id, Content.deleted_at.is_(None))
    characters = db.session.scalar(texts.select_from(Content).where(*here)) or 0
    if characters > TEXTS_LONGEST:
        raise NotInThisFormat(
            f"The texts of this batch have {characters:,} characters, and a file is made of "
            f"{TEXTS_LONGEST:,} at most: take them one by one."
        )


def _result(content: Content, draft: Draft) -> Result:
    brief = content.brief.typed
    text = draft.text if draft.status in FINAL else ""
    document = Document(
        title=content.title, text=text, model=draft.model or "", created_at=content.created_at,
        finished_at=draft.finished_at, **brief,
    )  # fmt: skip
    error = (draft.error or "") if draft.status == Status.FAILED else ""
    cells, number = content.batch_cells or (), content.batch_row or 0
    return Result(number, cells, document, draft.status, draft.words, error, draft.finished_at)


def zip_of(results: Results) -> bytes:
    """A file of Markdown for each text, named by its row and title."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for row in results.rows:
            if row.document.text:
                name = f"{row.number:04d} {file_name(row.document.title, '.md')}"
                archive.writestr(name, to_markdown(row.document))
    return out.getvalue()


def _csv(results: Results) -> bytes:
    return csv_of(*_table(results))


def _xlsx(results: Results) -> bytes:
    return xlsx_of(*_table(results))


def _table(results: Results) -> tuple[list[str], list[list[Value]]]:
    headings = list(results.headings)
    for name in _ADDED:
        headings.append(name if name not in headings else f"{name} (written)")
    return headings, [[*row.cells, *_added(row)] for row in results.rows]


def _added(row: Result) -> list[Value]:
    words = "" if row.words is None else row.words
    finished = iso(row.finished_at) or ""
    label = Status(row.status).label
    return [label, row.document.text, words, row.document.model, finished, row.error]


FORMATS = {
    "zip": Format("application/zip", ".zip", zip_of),
    "csv": Format("text/csv; charset=utf-8", ".csv", _csv),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", _xlsx
    ),
}


def name_of(batch: Batch, wanted: str) -> str:
    """The name of the file: the batch's, without the suffix of the file it came from."""
    stem, _, suffix = batch.name.rpartition(".")
    is_file = stem and suffix.casefold() in {"csv", "xlsx", "tsv", "txt"}
    return file_name(stem if is_file else batch.name, FORMATS[wanted].suffix)
