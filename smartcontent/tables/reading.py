"""Whatever file people send as their table: told by its bytes, never by its name."""

from smartcontent.tables import workbook
from smartcontent.tables.delimited import rows_of
from smartcontent.tables.encodings import decoded
from smartcontent.tables.table import LARGEST, Table, TableError, table_of

_BEGINNINGS = {
    b"\xd0\xcf\x11\xe0": "The file is of an older Excel, or has a password: save it as "
    "XLSX or CSV, without a password.",
    b"%PDF": "The file is a PDF: send the table itself, as CSV or XLSX.",
    b"{\\rtf": "The file is a text document: send a table, as CSV or XLSX.",
    b"<": "The file is a web page or XML, whatever its name says: save it as CSV or XLSX.",
}
_MARK = b"\xef\xbb\xbf"


def read_table(data: bytes, encoding: str = "") -> Table:
    """The table in a CSV or XLSX file.

    Args:
        data: What the file holds.
        encoding: What a CSV file is said to be saved in, of ENCODINGS; without it, it is guessed.

    Raises:
        TableError: It has none that can be used; the error's text says why, and what to do.
    """
    if len(data) > LARGEST:
        raise TableError(
            f"The file has {len(data) / 1024 / 1024:.1f} MB: at most {LARGEST // 1024 // 1024} MB "
            "are read. Split it in parts."
        )
    beginning = data.removeprefix(_MARK).lstrip()
    for begins, sentence in _BEGINNINGS.items():
        if beginning.startswith(begins):
            raise TableError(sentence)
    if data.startswith(b"PK"):
        return workbook.table_in(data)
    return table_of(rows_of(decoded(data, encoding)))
