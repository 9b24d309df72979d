"""The files of an archive, unpacked one by one and within bounds; none is ever put on disk.

A few kilobytes may unpack to gigabytes, a list of files may be longer than the memory, a name may
lead anywhere: so what is read is bounded by what it says of itself, and names are only looked up.
"""

import json
import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import SEEK_END
from typing import IO, Any, NoReturn
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from smartcontent.contents.archives import CONTENTS, HEAD
from smartcontent.texts.storable import all_storable, has_more_values
from smartcontent.zips import TooManyFiles, opened

FILES_MOST = 350_000
FILE_LONGEST = 8 * 1024 * 1024  # bytes
CONTENT_LONGEST = 64 * 1024 * 1024  # bytes of the files of one content, in memory together
UNPACKED_LONGEST = 2 * 1024**3  # bytes of all files together
# Texts become an eighth as small: what is larger than this, and becomes far smaller, is made to be.
LIKELY_LONGEST = 64 * 1024 * 1024
LIKELY_RATIO = 50
# Of one file. All that a content may have, its history above all, comes to 23,000; that with all
# voices, templates, series and views has more.
VALUES_MOST = 30_000
HEAD_VALUES_MOST = 100_000
_PACKINGS = {ZIP_STORED, ZIP_DEFLATED}
_OUTSIDE = re.compile(r"/|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)
_DAMAGED = (
    BadZipFile, LargeZipFile, EOFError, NotImplementedError, OSError, OverflowError, RuntimeError,
    UnicodeDecodeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


class ArchiveError(ValueError):
    """It cannot be taken in; the text is for people."""


class Unpacked:
    """The files of an archive of so many bytes by their names, as they were when it was written."""

    def __init__(self, packed: ZipFile, length: int) -> None:
        self._packed, self._length = packed, length
        self._files = {entry.filename: entry for entry in packed.infolist()}
        self._sizes = Counter[str]()
        for name, entry in self._files.items():
            self._sizes[name.rpartition("/")[0]] += entry.file_size
        self._above = ""

    def find_head(self) -> None:
        """Find where it begins, for somebody may have packed it again with its folder.

        Raises:
            ArchiveError: it has no beginning, two, or is too much.
        """
        heads = [name for name in self._files if name.rpartition("/")[2] == HEAD]
        if len(heads) != 1:
            raise ArchiveError(
                f"It is no archive of Smart Content, for it has no {HEAD}: send the ZIP as it was "
                "downloaded."
            )
        self._above = heads[0].removesuffix(HEAD)
        for name, entry in self._files.items():
            _check(name, entry)
        for folder, size in self._sizes.items():
            if size > CONTENT_LONGEST:
                raise ArchiveError(
                    f"{folder[:80]!r} in it unpacks to more than {CONTENT_LONGEST // 1024**2} MB: "
                    "delete some versions of that text where it was made."
                )
        most = min(UNPACKED_LONGEST, max(LIKELY_LONGEST, LIKELY_RATIO * self._length))
        if self._sizes.total() > most:
            raise ArchiveError(
                f"It unpacks to more than {most // 1024**2:,} MB: it is no archive that Smart "
                "Content has made."
            )

    def folders(self) -> Iterator[str]:
        """The folders of the contents, in the order in which they were written."""
        first = self._above + CONTENTS
        for name in self._files:
            if name.startswith(first) and name.endswith("/content.json"):
                yield name.removeprefix(self._above).removesuffix("content.json")

    def size_of(self, folder: str) -> int:
        """How many bytes the files of a folder unpack to."""
        return self._sizes[(self._above + folder).removesuffix("/")]

    def json(self, name: str) -> dict[str, Any]:
        """What such a file says.

        Raises:
            ArchiveError: it is not there, or not JSON, or no object.
        """
        data = self.read(name)
        if has_more_values(data, HEAD_VALUES_MOST if name == HEAD else VALUES_MOST):
            raise ArchiveError(f"{name} says more than Smart Content writes there.")
        try:
            said = json.loads(data.decode(), parse_constant=_refuse)
            cleaned = all_storable(said)
        except (ValueError, RecursionError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise ArchiveError(f"{name} is not JSON as Smart Content writes it.") from error
        if not isinstance(cleaned, dict):
            raise ArchiveError(f"{name} is not JSON as Smart Content writes it.")
        return cleaned

    def read(self, name: str) -> bytes:
        """All of a file, which is as long as it says, or damaged.

        Raises:
            ArchiveError: it is not there, or damaged.
        """
        entry = self._files.get(self._above + name)
        if entry is None:
            raise ArchiveError(f"{name} is missing in it: send the ZIP as it was downloaded.")
        try:
            with self._packed.open(entry) as file:
                # Asked for all of it, Python unpacks whatever there is, and looks at what the
                # list of files says afterwards.
                return file.read(entry.file_size)
        except _DAMAGED as error:
            raise ArchiveError(f"{name} is damaged: download the archive again.") from error

    def has(self, name: str) -> bool:
        return self._above + name in self._files


@contextmanager
def unpacked(file: IO[bytes], beside: Callable[..., Any]) -> Iterator[Unpacked]:
    """The files of such a ZIP; `beside` does what takes long where it holds nobody up.

    Raises:
        ArchiveError: it is none, or none of ours, or too much.
    """
    packed = beside(_opened, file)
    try:
        files = beside(Unpacked, packed, file.seek(0, SEEK_END))
        beside(files.find_head)
        yield files
    finally:
        packed.close()


def _opened(file: IO[bytes]) -> ZipFile:
    try:
        return opened(file, FILES_MOST)
    except TooManyFiles:
        raise ArchiveError(
            f"It has more than {FILES_MOST:,} files: take in fewer texts at once."
        ) from None
    except _DAMAGED as error:
        raise ArchiveError(
            "The file is no ZIP, or a damaged one: download the archive again, and send it as it "
            "is."
        ) from error


def _check(name: str, entry: ZipInfo) -> None:
    """Refuse what Smart Content never writes.

    Raises:
        ArchiveError: it is such a file.
    """
    if _OUTSIDE.match(name):
        raise ArchiveError(f"It has a file that leads out of it ({name[:80]!r}): nothing is read.")
    if entry.flag_bits & 1 or entry.compress_type not in _PACKINGS:
        raise ArchiveError("It is packed with a password or in an unusual way: pack it as ZIP.")
    if entry.file_size > FILE_LONGEST:
        raise ArchiveError(
            f"{name[:80]!r} in it unpacks to {entry.file_size // 1024**2:,} MB: no file of an "
            f"archive has more than {FILE_LONGEST // 1024**2} MB."
        )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
