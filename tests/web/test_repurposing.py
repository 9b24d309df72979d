"""Other texts made from a finished one, on the pages."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from test_contents import BRIEF_FORM

from smartcontent.contents import emptying, ending, versions
from smartcontent.models import Content, now
from smartcontent.stores.sql import db


@pytest.fixture
def page(content) -> str:
    """The address of a finished text."""
    draft = content.current
    draft.status, draft.text, draft.finished_at = "completed", "The pot holds 0.8 litres.", now()
    db.session.commit()
    return f"/contents/{content.id}"


def empty_from_the_trash(content) -> None:
    ending.discard(content, now() - timedelta(days=90))
    assert sum(emptying.empty()) == 1
    db.session.expire_all()


def made(content) -> Content:
    db.session.expire_all()
    return db.session.scalars(select(Content).where(Content.source_id == content.id)).one()


def test_text_lists_what_was_made_from_it_and_that_says_when_it_is_older(as_ada, page, content):
    as_ada.post(f"{page}/repurpose", {"content_types": "ad_copy", "language": "de"})

    other = f"/contents/{made(content).id}"
    assert "A teapot (Ad copy, German)" in as_ada.get(page).text.partition("Made from this")[2]
    assert f'Made from <a href="{page}">' in as_ada.get(other).text

    versions.save_edit(content, content.title, "The pot holds 0.9 litres.")

    assert "· from an older text" in as_ada.get(page).text
    shown = as_ada.get(other).text
    assert "Made from an older text of" in shown
    difference = f"{page}/compare?from=1&amp;to=2"
    assert f'href="{difference}"' in shown
    assert "0.8" in as_ada.get(difference.replace("&amp;", "&")).text
    ending.discard(content)
    assert "Made from a text that is not there any more" in as_ada.get(other).text


def test_its_brief_used_again_keeps_the_text_it_was_made_from(as_ada, page, content):
    as_ada.post(f"{page}/repurpose", {"content_types": "ad_copy"})
    first = made(content)
    form = BRIEF_FORM | {"again": str(first.id)}
    address = f"/?again={first.id}"
    assert f'name="again" value="{first.id}" checked>' in as_ada.get(address).text
    assert "0.8 litres" in as_ada.post("/contents/preview", form).text
    for other in ("series", "templates"):
        assert "does not take along" in as_ada.get(f"/{other}/new?again={first.id}").text

    as_ada.post("/contents", form)
    as_ada.post("/contents", BRIEF_FORM | {"topic": "Unticked"})

    found = {c.topic: c for c in db.session.scalars(select(Content)) if c not in (first, content)}
    again = found.pop(BRIEF_FORM["topic"])
    assert again.material == "The pot holds 0.8 litres."
    assert (again.source_id, again.source_number) == (content.id, 1)
    assert not found["Unticked"].material
    empty_from_the_trash(content)
    assert "but for the copy kept with this brief" in as_ada.get(address).text
    empty_from_the_trash(first)
    answer = as_ada.post("/contents", form)
    assert answer.status_code == 422
    assert "The text that this was made from is gone" in answer.text
    assert 'name="again"' not in answer.text


def test_pressed_twice_it_is_made_once(as_ada, page, content):
    for _ in range(2):
        as_ada.post(f"{page}/repurpose", {"content_types": "ad_copy", "key": "once"})

    assert made(content).content_type == "ad_copy"


@pytest.mark.parametrize(
    "form", [{}, {"content_types": "poem"}, {"content_types": "ad_copy", "language": "xx"}]
)
def test_what_cannot_be_made_is_said(as_ada, page, form):
    answer = as_ada.post(f"{page}/repurpose", form)

    assert answer.status_code == 422
    assert bool(form) or '<small id="content_types-error" class="error">Tick' in answer.text


def test_nothing_is_made_from_what_is_not_written(as_ada, content):
    answer = as_ada.post(f"/contents/{content.id}/repurpose", {"content_types": "ad_copy"})

    assert answer.status_code == 409
