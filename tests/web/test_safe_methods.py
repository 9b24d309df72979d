"""What only reads changes nothing, whatever it carries."""

import pytest
from conftest import PASSWORD

from smartcontent.stores.sql import db

FORMS = ["/sign-in", "/sign-up", "/contents/{}/brief", "/contents/{}/text"]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", FORMS)
def test_body_of_what_only_reads_is_not_taken(as_ada, due_draft, path, method):
    due_draft.status, due_draft.text = "completed", "Tea."
    db.session.commit()
    content = due_draft.content
    form = {
        **{"csrf_token": as_ada.token(), "email": "new@example.org"},
        **{"password": PASSWORD, "password_again": PASSWORD},
        **{"title": "Changed", "text": "Changed", "topic": "Changed", "content_type": "ad_copy"},
        **{"tone": "warm", "length": "short", "language": "en"},
    }

    as_ada.client.open(path.format(content.id), method=method, data=form, content_type=FORM)

    db.session.refresh(content)
    assert (content.title, content.topic[:5], content.version_count()) == ("A teapot", "A tea", 1)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nobody_signs_in_by_what_only_reads(visitor, ada, method):
    form = {"email": ada.email, "password": PASSWORD, "csrf_token": visitor.token()}

    visitor.client.open("/sign-in", method=method, data=form, content_type=FORM)

    assert visitor.get("/").status_code == 302


def test_stranger_s_page_does_not_take_a_long_body_apart(visitor, founder):
    answer = visitor.client.get("/sign-in", data="a&" * 125_000, content_type=FORM)

    assert answer.status_code == 413
