"""JSON in the database: letters as they are."""

import json

from conftest import BRIEF
from sqlalchemy import text

from smartcontent.contents import submitting
from smartcontent.models import Content
from smartcontent.stores.sql import db, engine_options


def test_letters_are_stored_as_they_are_and_what_was_escaped_before_is_read(app, ada):
    content = submitting.submit(ada.id, BRIEF, "Tea")
    content.keywords = ["青い", "\U0001f375 \0"]
    db.session.commit()
    stored = db.session.scalar(text("SELECT CAST(keywords AS TEXT) FROM contents"))
    assert stored == '["青い", "\U0001f375 \\u0000"]'

    escaped = json.dumps(["青い"])
    db.session.execute(text(f"UPDATE contents SET keywords = '{escaped}'"))
    db.session.expire_all()
    assert db.session.get(Content, content.id).keywords == ["青い"]


def test_half_a_surrogate_pair_stays_escaped_for_no_database_takes_it():
    written = engine_options("sqlite://")["json_serializer"]({"青": "\ud83c"})

    assert written.isascii()
    assert json.loads(written) == {"青": "\ud83c"}
