"""The first sheet of an XLSX file, its cells as they are seen in a spreadsheet."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from smartcontent.tables.table import Table, TableError, table_of
from smartcontent.tables.unpacking import unpacked

_MOST_SHEETS = 20  # that are looked at
Value = int | float | str | bool | time | date | datetime | timedelta


def table_in(data: bytes) -> Table:
    """The table in the first sheet that people see and that has anything in it.

    Raises:
        TableError: It cannot be read, or holds no table.
    """
    file, without_result = unpacked(data)
    with _failing_with_a_sentence():
        with CalamineWorkbook.from_filelike(file) as workbook:
            filled = _filled_sheets(workbook)
            first, further = next(filled, None), next(filled, None)
        rows = first.to_python(skip_empty_area=False) if first else []
    shown_rows = ([shown(cell) for cell in row] for row in rows)
    return table_of(shown_rows, _notes(first and first.name, bool(further), without_result))


@contextmanager
def _failing_with_a_sentence() -> Iterator[None]:
    """A date that Python or calamine cannot count to is the file's fault, and no error of ours.

    calamine panics then, which is a BaseException like the end of a process, and has no name that
    could be imported.
    """
    try:
        yield
    except BaseException as error:
        is_panic = type(error).__module__ == "pyo3_runtime"
        if not is_panic and not isinstance(error, CalamineError | OverflowError):
            raise
        raise TableError(
            "The file cannot be read: open it in your spreadsheet program and save it again as "
            "XLSX or CSV."
        ) from None


def _filled_sheets(workbook: CalamineWorkbook) -> Iterator[CalamineSheet]:
    """The sheets that people see and that have anything in them, each read when it is its turn."""
    for number, about in enumerate(workbook.sheets_metadata[:_MOST_SHEETS]):
        if about.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_index(number)
            if sheet.height:
                yield sheet


def _notes(first: str | None, has_more: bool, without_result: int) -> Iterator[str]:
    if has_more:
        yield f"Only the first sheet, “{first}”, was read; the file has more."
    if without_result:
        yield (
            f"Formulas whose results are not in the file ({without_result:,}) are read as empty: "
            "open it in your spreadsheet program, save it and send it again."
        )


def shown(value: Value) -> str:
    """A cell's value as text: dates as 2026-11-30, whole numbers without ".0"."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"  # as many digits as spreadsheets show
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    return value.isoformat("minutes") if isinstance(value, time) else str(value)


def _moment(value: datetime) -> str:
    if value.time() == time():
        return value.date().isoformat()
    return value.isoformat(" ", "seconds" if value.second else "minutes")
