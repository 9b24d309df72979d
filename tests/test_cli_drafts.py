"""flask contents …: more drafts, which is current, what is different, what is made from them."""

from uuid import UUID

import pytest

from smartcontent.contents import versions
from smartcontent.models import Content, now
from smartcontent.stores.sql import db
from smartcontent.writing import job


@pytest.fixture
def written(content) -> Content:
    """A content whose draft is completed."""
    draft = content.current
    draft.status, draft.text, draft.finished_at = "completed", "Tea is warm.", now()
    draft.model, draft.prompt, draft.options = "llama3.2", [], {}
    db.session.commit()
    return content


def test_text_is_rewritten_compared_and_made_the_current_one(flask, written, ollama):
    content_id = str(written.id)
    asked = flask("contents", "refine", content_id, "shorter")
    assert (asked.exit_code, asked.stdout) == (0, "2\n")
    ollama.says("Tea is hot.")
    job.write_draft(written.versions()[0].id)
    db.session.commit()

    compared = flask("contents", "diff", content_id, "1", "2")
    chosen = flask("contents", "current", content_id, "2")

    assert (compared.exit_code, compared.stdout) == (0, "Tea is [-warm.-]{+hot.+}\n")
    assert chosen.exit_code == 0
    db.session.expire_all()
    assert written.current.text == "Tea is hot."


def test_more_are_asked_for_and_others_made(flask, written):
    content_id = str(written.id)

    assert flask("contents", "variants", content_id, "--number", "2").stdout == "2\n3\n"
    assert flask("contents", "refine", content_id, "translate", "--language", "de").stdout == "4\n"
    by_model = ("--model", "mistral", "--model", "gemma3")
    assert flask("contents", "variants", content_id, *by_model).stdout == "5\n6\n"
    assert written.version(6).wishes["model"] == "gemma3"
    assert flask("contents", "variants", content_id, "--temperature", "0.2").stdout == "7\n"
    assert written.version(7).wishes["temperature"] == 0.2
    made = flask("contents", "repurpose", content_id, "--type", "ad_copy", "--language", "de")

    other = db.session.get(Content, UUID(made.stdout.strip()))
    assert (other.content_type, other.language, other.source_id) == ("ad_copy", "de", written.id)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("refine", "translate"), "--language belongs"),
        (("refine", "custom"), "--instruction belongs"),
        (("refine", "shorter", "--from", "9"), "has no text yet"),
        (("continue",), "nothing to continue"),
        (("current", "9"), "no such draft"),
        (("diff", "1", "9"), "There is no draft 9"),
        (("repurpose",), "Say what to make"),
        (("variants", "--number", "2", "--model", "mistral"), "Choose one of"),
        (("variants", "--temperature", "3"), "number from 0 to 2"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(flask, written, command, said):
    verb, *more = command

    result = flask("contents", verb, str(written.id), *more)

    assert (result.exit_code, said in result.stderr) == (1, True), result.output


def test_text_written_by_hand_cannot_be_reproduced(flask, written):
    versions.save_edit(written, written.title, "By hand.")

    result = flask("contents", "reproduce", str(written.id))

    assert "written by hand" in result.stderr
