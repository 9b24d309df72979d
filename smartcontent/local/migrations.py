"""Whether the SQLite database is up to date, told in milliseconds.

`flask db upgrade` imports the whole product to find that nothing is to do; that would double
the time to the first page. Where this is not sure, the answer is no and flask decides.
"""

import contextlib
import re
import sqlite3
from pathlib import Path

_LINE = re.compile(r"^(down_)?revision\b[^=\n]*=(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']+)["']""")


def up_to_date(database: Path, versions: Path) -> bool:
    """Whether the database stands at the one newest revision in the folder."""
    heads = _heads(versions)
    return len(heads) == 1 and database.exists() and _stands_at(database) == heads


def _heads(versions: Path) -> set[str]:
    known: set[str] = set()
    followed: set[str] = set()
    for path in versions.glob("*.py"):
        for down, value in _LINE.findall(path.read_text(encoding="utf-8")):
            (followed if down else known).update(_QUOTED.findall(value))
    return known - followed


def _stands_at(database: Path) -> set[str]:
    try:
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as link:
            return {row[0] for row in link.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.Error:
        return set()
