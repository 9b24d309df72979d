"""One site on each kind of database; every test leaves its site whole, or a new one is made."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from conftest import upgrade

from faults.site import Site


class Sites:
    """The sites in use; one that a test broke is replaced."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._sites: dict[str, Site] = {}
        self._made = 0

    def get(self, kind: str) -> Site:
        if kind not in self._sites:
            self._made += 1
            folder = self._folder / f"{kind}-{self._made}"
            folder.mkdir()
            self._sites[kind] = Site(self._database(kind, folder), folder)
        return self._sites[kind]

    def discard(self, kind: str) -> None:
        self._sites.pop(kind).close()

    def close(self) -> None:
        for kind in list(self._sites):
            self.discard(kind)

    def _database(self, kind: str, folder: Path) -> str:
        if kind == "sqlite":
            template = self._request.getfixturevalue("databases")["sqlite"]
            return f"sqlite:///{shutil.copy(template, folder / 'smartcontent.db')}"
        name = f"faults_{uuid4().hex[:12]}"
        url = self._request.getfixturevalue("postgresql")
        with closing(psycopg.connect(url.replace("+psycopg", ""), autocommit=True)) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        own = url.replace("/postgres?", f"/{name}?")
        upgrade(own, folder)
        return own


@pytest.fixture(scope="package")
def sites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sites]:
    sites = Sites(request, tmp_path_factory.mktemp("faults"))
    yield sites
    sites.close()


@pytest.fixture
def site(request: pytest.FixtureRequest, sites: Sites) -> Iterator[Site]:
    """The product at work, on SQLite unless a test asks otherwise; checked when it is over."""
    kind = getattr(request, "param", "sqlite")
    site = sites.get(kind)
    site.begin()
    is_whole = False
    try:
        yield site
        site.restore()
        site.ollama.forget_scripts()
        site.begin()
        site.settle()
        is_whole = True
    finally:
        if not is_whole:
            sites.discard(kind)
