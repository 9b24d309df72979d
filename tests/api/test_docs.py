"""docs/api.md names what there is, and what it shows works."""

import os
import re
import subprocess
from pathlib import Path
from shutil import which

import pytest
from patience import PATIENCE, wait_until

from .test_access import api_rules

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


def test_every_call_that_is_named_is_there(app):
    there = {
        (method, re.sub("<[^>]*>", "ID", re.sub("<[^>]*:number>", "NUMBER", rule.rule)))
        for rule in api_rules(app)
        for method in rule.methods
    }

    named = re.findall(r"`(GET|POST|PATCH|PUT|DELETE) (/api/v1[^`?]*)", DOCS)

    assert named
    assert set(named) <= there


def test_links_within_the_page_lead_somewhere():
    headings = re.findall("^#+ (.*)$", DOCS, re.MULTILINE)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }

    assert set(re.findall(r"\(#([^)]*)\)", DOCS)) <= anchors
    assert "http://" not in DOCS.replace("http://127.0.0.1", "")


@pytest.mark.skipif(not (which("curl") and which("jq")), reason="needs curl and jq")
def test_examples_run_as_they_stand(web, script):
    examples = re.findall("```sh\n(.*?)```", DOCS, re.DOTALL)
    [following] = [example for example in examples if "/events" in example]
    examples.remove(following)  # it ends after five seconds, whatever has come
    # As they stand, but that the minute is not over before the last of them.
    examples[0] = examples[0].replace('{"content_type"', '{"delay_seconds": 3600, "content_type"')
    assert "delay_seconds" in examples[0]
    environment = {**os.environ, "HOST": web.url, "TOKEN": script.token}

    def run(*written: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(written)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    ran = run(*examples)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    assert not re.search(r'"status":\s*[45]\d\d', ran.stdout), ran.stdout
    assert "HTTP/1.1 202" in ran.stdout
    assert "HTTP/1.1 204" in ran.stdout
    wait_until(lambda: "event: snapshot" in run(following).stdout)
