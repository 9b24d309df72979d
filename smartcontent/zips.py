"""ZIPs that people send, opened where that costs no more than their bytes do."""

import re
from collections.abc import Iterator
from io import SEEK_END
from typing import IO
from zipfile import BadZipFile, ZipFile

# What begins each file in the list of them, its name's length, and the upper byte of its extra
# field's length.
_LISTED = re.compile(rb"PK\x01\x02(?=.{24}(..).(.))", re.DOTALL)
_LISTED_LENGTH = 32  # bytes
_LONG = b"\4"  # a kilobyte; programs write some dozens of bytes
# Packed bytes may look like files in the list. Of 64 KB each zipfile takes a hundredth of a second.
_LONG_MOST = 4


class TooManyFiles(Exception):
    """A ZIP lists more files than it may."""


def opened(file: IO[bytes], files_most: int) -> ZipFile:
    """The ZIP with so many files at most: the list of them is in memory, however long it is.

    Raises:
        TooManyFiles: it lists more.
        BadZipFile: it is none, damaged, or made to cost much. What cannot be made sense of has
            zipfile raise other errors, too.
    """
    number, names, long = 0, 0, 0
    for lengths in _lengths(file):
        number += len(lengths)
        names += sum(int.from_bytes(of_name, "little") for of_name, _ in lengths)
        # For each record in such a field zipfile copies all that is behind it.
        long += sum(of_extra >= _LONG for _, of_extra in lengths)
        if long > _LONG_MOST:
            raise BadZipFile("fields that no program writes")
    if number > files_most:
        raise TooManyFiles
    length = file.seek(0, SEEK_END)
    if 2 * names > length:  # each stands before its file's bytes, too
        raise BadZipFile("names of files that are not there")  # which take four times as much here
    packed = ZipFile(file)
    if sum(entry.compress_size for entry in packed.infolist()) > length:
        raise BadZipFile("files that lie over each other")  # the same bytes, unpacked for each
    return packed


def _lengths(file: IO[bytes]) -> Iterator[list[tuple[bytes, bytes]]]:
    end = b""
    file.seek(0)
    while piece := file.read(1024 * 1024):
        piece = end + piece
        yield _LISTED.findall(piece)
        end = piece[1 - _LISTED_LENGTH :]
    file.seek(0)
