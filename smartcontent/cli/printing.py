"""How the commands print: tables that fit the terminal, moments, JSON."""

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click


def print_json(data: Any) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns under their heads; the last one is cut where the line ends."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)][:-1]
    room = shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths)
    for row in (heads, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, shortened(row[-1], room)]))


def shortened(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: max(0, length - 1)] + "…"


def moment(at: datetime | None) -> str:
    """A moment as people read it in a terminal: UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else "-"
