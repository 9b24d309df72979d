"""A text is kept with the line ends in which browsers count its characters, whoever brings it."""

import json
from collections.abc import Callable

import pytest
from api.conftest import Script, script_of
from conftest import BRIEF
from flask import current_app
from sqlalchemy import select
from test_archives import archive_of, files_of, packed, taken

from smartcontent.contents import submitting
from smartcontent.models import Content
from smartcontent.stores.sql import db
from smartcontent.writing import job

LINES = "Line one.\r\nLine two.\r\nLine three."
PLAIN = "Line one.\nLine two.\nLine three."


@pytest.fixture
def script(app, ada) -> Script:
    return script_of(app, ada)


@pytest.fixture
def written(ada, ollama) -> Callable[..., Content]:
    """A content of whose text a model says these pieces."""

    def write(*pieces: str) -> Content:
        content = submitting.submit(ada.id, BRIEF, "Tea", delay_seconds=0)
        draft_id = content.current.id
        db.session.commit()
        ollama.says(*pieces)
        with current_app.app_context():  # a session as a worker has it
            job.write_draft(draft_id)
        db.session.expire_all()
        return content

    return write


def marked(as_ada, content: Content) -> str:
    """What is to be rewritten where the last line is marked in the editor."""
    start = PLAIN.index("Line three.")
    span = {"how": "warmer", "start": start, "end": len(PLAIN)}
    assert as_ada.post(f"/contents/{content.id}/refine", span).status_code == 303
    db.session.expire_all()
    return content.version(content.versions()[0].number).task["passage"]["text"]


def test_marked_line_is_the_one_that_is_rewritten_in_a_text_from_a_script(as_ada, script, written):
    content = written("Tea.")
    sent = {"text": LINES, "base": 1}
    headers = {"Idempotency-Key": "1"}
    answers = [
        script.post(f"/contents/{content.id}/drafts", sent, headers=headers) for _ in range(2)
    ]

    assert [(each.status_code, each.json["number"]) for each in answers] == [(201, 2)] * 2
    assert marked(as_ada, content) == "Line three."


@pytest.mark.parametrize(
    "pieces",
    [
        (LINES,),
        ("Line one.\r", "\nLine two.\r\n", "Line three."),
        (json.dumps({"text": LINES}),),
    ],
)
def test_marked_line_is_the_one_that_is_rewritten_in_a_text_of_a_model(as_ada, written, pieces):
    content = written(*pieces)

    assert content.current.text == PLAIN
    assert marked(as_ada, content) == "Line three."


@pytest.mark.parametrize("head", ["", "---\n\n---\n\n", "---\r\n\r\n---\r\n\r\n"])
def test_marked_line_is_the_one_that_is_rewritten_in_a_text_from_an_archive(
    as_bob, ada, bob, written, head
):
    content = written("Tea.")
    files = files_of(archive_of(ada))
    [name] = [each for each in files if each.endswith("/1.md")]
    taken(bob, packed(files | {name: f"{head}{LINES}".encode()}))
    content = db.session.scalars(select(Content).filter_by(user_id=bob.id)).one()

    assert marked(as_bob, content) == "Line three."


def test_marked_line_is_the_one_that_is_rewritten_in_a_text_from_a_file(as_ada, ada):
    head = '---\ntitle: "Tea"\ncontent_type: "ad_copy"\ntopic: "Tea"\n---\n\n'
    taken(ada, f"{head}{LINES}".encode())
    content = db.session.scalars(select(Content)).one()

    assert marked(as_ada, content) == "Line three."


ODD = "Line\u2028one.\x85Line\u2029two.\x0bLine\x0cthree."


def test_text_of_a_model_comes_back_from_an_archive_with_the_signs_it_has(ada, bob, written):
    assert written(ODD).current.text == ODD

    taken(bob, packed(files_of(archive_of(ada))))

    content = db.session.scalars(select(Content).filter_by(user_id=bob.id)).one()
    assert content.current.text == ODD


def test_text_that_a_model_wrapped_has_the_signs_it_wrote(written):
    assert written(json.dumps({"text": ODD})).current.text == ODD
