"""A ZIP that is given out while it is made: nobody holds all of it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from smartcontent.exports.document import Document
from smartcontent.exports.front_matter import to_markdown

_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # that a ZIP can say


class File(NamedTuple):
    """What is to be written: text as it is, a document as Markdown, all else as JSON."""

    name: str
    at: datetime
    holds: Any

    @property
    def data(self) -> bytes:
        if isinstance(self.holds, Document):
            return to_markdown(self.holds)
        if isinstance(self.holds, str):
            return self.holds.encode()
        return json.dumps(self.holds, ensure_ascii=False, indent=1).encode("utf-8", "replace")


class Packing:
    """Takes files, and gives the bytes that come of them; `end` gives the last ones."""

    def __init__(self) -> None:
        self._out = _Passage()
        self._zip = ZipFile(self._out, "w", ZIP_DEFLATED)  # type: ignore[call-overload]

    def add(self, files: Iterable[File]) -> bytes:
        for file in files:
            self._zip.writestr(_entry(file), file.data)
        return self._out.taken()

    def end(self) -> bytes:
        self._zip.close()
        return self._out.taken()


def _entry(file: File) -> ZipInfo:
    is_told = _FIRST_YEAR <= file.at.year <= _LAST_YEAR
    entry = ZipInfo(file.name, file.at.timetuple()[:6] if is_told else (_FIRST_YEAR, 1, 1, 0, 0, 0))
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class _Passage:
    """A file that is written on, never back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> bytes:
        """What has been written since it was asked for last."""
        data = bytes(self._waiting)
        self._waiting.clear()
        return data
