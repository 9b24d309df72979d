"""How the commands print: tables that fit the terminal, moments, JSON."""

import codecs
import json
import re
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import Any, TextIO

import click

from smartcontent.events import on_one_line
from smartcontent.stores.sql import db

# With these a terminal is commanded; lines and tabs are what a text needs.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def say(text: object = "", err: bool = False, nl: bool = True) -> None:
    """Print what may have been written by anybody, a model included: it commands no terminal.

    No transaction waits meanwhile: whoever reads it page by page takes minutes.
    """
    db.session.commit()
    click.echo(_CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", str(text)), err=err, nl=nl)


def print_json(data: Any) -> None:
    say(json_text(data, indent=2))


def json_text(data: Any, indent: int | None = None) -> str:
    """The data as JSON that every terminal can show; without an indent, on one line."""
    written = json.dumps(data, indent=indent, ensure_ascii=not _shows_everything(sys.stdout))
    return on_one_line(written)


def show_what_there_is() -> None:
    """Have a terminal that knows few characters show a question mark for the others."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not _shows_everything(stream):
            stream.reconfigure(errors="replace")


def _shows_everything(stream: TextIO) -> bool:
    return stream.encoding is not None and codecs.lookup(stream.encoding).name.startswith("utf")


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns under their heads; the last one is cut where the line ends."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)][:-1]
    room = shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths)
    for row in (heads, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        say("  ".join([*cells, shortened(row[-1], room)]))


def shortened(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: max(0, length - 1)] + "…"


def moment(at: datetime | None) -> str:
    """A moment as people read it in a terminal: UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else "-"
