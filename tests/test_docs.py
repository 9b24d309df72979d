"""The documents are true: every setting is in the README, every path they name exists."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

from smartcontent.config import SETTINGS

README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_the_readme_with_its_default_and_meaning(setting):
    row = next(line for line in README.splitlines() if line.startswith(f"| `{setting.name}` |"))

    assert setting.meaning in row
    assert not setting.default or f"`{setting.default}`" in row


def test_readme_names_no_setting_that_does_not_exist():
    rows = re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)

    assert sorted(rows) == sorted(setting.name for setting in SETTINGS)


@pytest.mark.parametrize(
    "document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=str
)
def test_every_link_leads_somewhere(document: Path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_architecture_names_every_module():
    text = (ROOT / "docs" / "architecture.md").read_text()
    modules = [
        path.name
        for path in (ROOT / "smartcontent").iterdir()
        if path.name not in {"__init__.py", "__pycache__", "static", "templates"}
    ]

    assert [name for name in modules if name not in text] == []
