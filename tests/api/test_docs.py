"""docs/api.md covers the API, and what it shows works."""

import os
import re
import subprocess
from pathlib import Path
from shutil import which

import pytest
from patience import PATIENCE

from smartcontent.briefs.catalogue import CONTENT_TYPES, LANGUAGES, TONES
from smartcontent.web.api.query import PARAMETERS

from .test_access import api_rules

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


def as_documented(path: str) -> str:
    return re.sub("<[^>]*>", "ID", re.sub("<[^>]*:number>", "NUMBER", path))


def test_every_call_is_documented(app):
    for rule in api_rules(app):
        path = as_documented(rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert f"## {method} {path}\n" in DOCS


def test_nothing_is_documented_that_is_not_there(app):
    documented = set(re.findall("^## ([A-Z]+ /.*)$", DOCS, re.MULTILINE))
    there = {
        f"{method} {as_documented(rule.rule)}" for rule in api_rules(app) for method in rule.methods
    }
    assert documented <= there


def test_every_choice_and_parameter_is_named():
    names = [*CONTENT_TYPES, *LANGUAGES, *TONES, *(item.name for item in PARAMETERS)]

    assert [name for name in names if f"`{name}`" not in DOCS] == []


def test_links_within_the_page_lead_somewhere():
    headings = re.findall("^#+ (.*)$", DOCS, re.MULTILINE)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }

    assert set(re.findall(r"\(#([^)]*)\)", DOCS)) <= anchors
    assert "http://" not in DOCS.replace("http://127.0.0.1", "")


@pytest.mark.skipif(not (which("curl") and which("jq")), reason="needs curl and jq")
def test_examples_run_as_they_stand(web, script):
    examples = "\n".join(re.findall("```sh\n(.*?)```", DOCS, re.DOTALL))
    environment = {**os.environ, "HOST": web.url, "TOKEN": script.token}

    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", examples],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    assert not re.search(r'"status":\s*[45]\d\d', ran.stdout), ran.stdout
    assert "HTTP/1.1 202" in ran.stdout
    assert "HTTP/1.1 204" in ran.stdout
    assert "event: snapshot" in ran.stdout
