"""ZIPs whose list of files says what no program writes there."""

import struct
from io import BytesIO
from zipfile import ZipFile

UNPACKED, PACKED = 24, 20  # where the list of files says how large each is


def claims(size: int, archive: bytes, said_at: int = UNPACKED) -> bytes:
    """The archive, of which each file is said to be so large."""
    data, at = bytearray(archive), 0
    while (at := data.find(b"PK\1\2", at)) >= 0:
        data[at + said_at : at + said_at + 4] = struct.pack("<I", size)
        at += 4
    return bytes(data)


def of_names(files: int, length: int) -> bytes:
    """A list of so many files with names of so many bytes, and none of these files."""
    head = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, *[0] * 7, length, *[0] * 6)
    names = [b"%08d".ljust(length, b"x") % number for number in range(files)]
    listed = b"".join(head + name[:length] for name in names)
    return listed + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, files, files, len(listed), 0, 0)


def with_extra_fields(archive: bytes, records: int) -> bytes:
    """The archive with so many empty records beside the name of each file."""
    out = BytesIO(archive)
    with ZipFile(out, "a") as changed:
        for entry in changed.infolist():
            entry.extra = b"\2\0\0\0" * records
        changed.comment = b" "  # so that the list is written anew
    return out.getvalue()
