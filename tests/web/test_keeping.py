"""Favourites, tags, filters and one act on many, as people do it on the pages."""

import re
from uuid import uuid4

import pytest
from conftest import BRIEF

from smartcontent.contents import submitting, tagging
from smartcontent.models import Content, Status
from smartcontent.stores.sql import db


@pytest.fixture
def contents(ada) -> list[Content]:
    return [submitting.submit(ada.id, BRIEF, title) for title in ("Tin pot", "Tea pot", "Cup")]


def shown(page) -> list[str]:
    return re.findall(r'<h3 id="title-[^>]*><a[^>]*>([^<]*)</a>', page.text)


def test_favourite_is_a_button_that_says_whether_it_is_pressed(as_ada, content):
    assert 'aria-pressed="false"' in as_ada.get("/").text

    as_ada.post(f"/contents/{content.id}/favourite", {"favourite": "1"})

    assert 'aria-pressed="true"' in as_ada.get("/").text
    assert shown(as_ada.get("/?favourite=1")) == ["A teapot"]
    as_ada.post(f"/contents/{content.id}/favourite", {"favourite": "0"})
    assert shown(as_ada.get("/?favourite=1")) == []


def test_tag_on_a_card_leaves_the_brief_as_it_was_filled(as_ada, content):
    tagging.keep(content, {"tags": ["spring"]})
    page = as_ada.get("/?example=ad_copy").text
    card = re.search(r'data-fragment="([^"]+/card[^"]*)"', page)[1].replace("&amp;", "&")

    for drawn in (page, as_ada.get(card).text):
        assert 'href="/?tag=spring&amp;example=ad_copy"' in drawn


def test_tags_are_added_found_suggested_and_taken_off(as_ada, content):
    address = f"/contents/{content.id}"

    as_ada.post(f"{address}/tags", {"add": "Spring, <b>shop</b>", "from": "show"})

    page = as_ada.get(address).text
    assert "<bdi>&lt;b&gt;shop&lt;/b&gt;</bdi>" in page
    assert '<option value="Spring"></option>' in page
    assert 'href="/?tag=Spring"' in as_ada.get("/").text
    assert shown(as_ada.get("/?tag=spring")) == ["A teapot"]
    as_ada.post(f"{address}/tags", {"remove": "Spring", "from": "show"})
    assert shown(as_ada.get("/?tag=spring")) == []
    assert "Spring" not in as_ada.get(address).text


@pytest.mark.parametrize("typed", ["x" * 10_000, "a\x1bb", "\u202e", ",".join(map(str, range(30)))])
def test_tag_that_cannot_be_is_refused_with_the_reason(as_ada, content, typed):
    answer = as_ada.post(f"/contents/{content.id}/tags", {"add": typed})

    assert answer.status_code == 422
    assert re.search('<small id="add-error" class="error">[^<]*Tags', answer.text)
    assert f'value="{typed}" aria-invalid="true"' in answer.text
    assert as_ada.get(f"/contents/{content.id}").text.count('class="tag"') == 0


def test_list_is_filtered_ordered_and_goes_on_with_both(as_ada, ada, contents):
    for number in range(22):
        submitting.submit(ada.id, BRIEF, f"Bowl {number:02}")
    query = "sort=title&since=2026-01-01"

    first = as_ada.get(f"/?{query}")
    more = re.search(r'rel="next" href="([^"]*)"', first.text)[1].replace("&amp;", "&")

    assert shown(first) == [f"Bowl {number:02}" for number in range(20)]
    assert shown(as_ada.get(more)) == ["Bowl 20", "Bowl 21", "Cup", "Tea pot", "Tin pot"]
    assert 'value="2026-01-01"' in first.text


def test_what_is_ticked_is_thrown_away_and_taken_back_at_once(as_ada, contents):
    ids = [str(content.id) for content in contents[:2]]

    page = as_ada.post("/contents/bulk", {"ids": ids, "do": "trash"}, follow_redirects=True)

    assert "2 in the trash." in page.text
    assert shown(page) == ["Cup"]
    undo = re.search(r'action="(/contents/bulk/[^"]*/undo)', page.text)[1]
    page = as_ada.post(undo, follow_redirects=True)
    assert "2 out of the trash." in page.text
    assert as_ada.post(undo).status_code == 409
    assert shown(page) == ["Cup", "Tea pot", "Tin pot"]


def test_what_is_in_the_trash_is_ticked_and_restored(as_ada, contents):
    ids = [str(content.id) for content in contents]
    as_ada.post("/contents/bulk", {"ids": ids, "do": "trash"})
    trash = as_ada.get("/?trash=1")
    assert shown(trash) == ["Cup", "Tea pot", "Tin pot"]
    assert 'value="restore"' in trash.text
    assert 'value="trash">' not in trash.text

    as_ada.post("/contents/bulk", {"ids": ids[:1], "do": "restore"})

    assert shown(as_ada.get("/")) == ["Tin pot"]


def test_act_on_many_says_what_was_left_and_why_and_keeps_the_filter(as_ada, contents):
    tagging.keep(contents[0], {"tags": ["tea"]})
    ids = [*(str(content.id) for content in contents[:2]), str(uuid4())]
    as_ada.post(f"/contents/{ids[0]}/cancel")

    answer = as_ada.post("/contents/bulk?tag=tea", {"ids": ids, "do": "cancel"})
    page = as_ada.get(answer.headers["Location"])

    assert answer.headers["Location"].startswith("/?tag=tea#act-")
    assert "1 stopped. 1 left as it was: Nothing of it was on its way." in page.text
    assert "1 left as it was: There is nothing of yours with this id." in page.text
    db.session.expire_all()
    assert contents[1].current.status == Status.CANCELLED


def test_nobody_does_anything_to_what_is_somebody_else_s(as_bob, content):
    form = {"ids": [str(content.id)], "do": "trash"}

    page = as_bob.post("/contents/bulk", form, follow_redirects=True)

    assert "There is nothing of yours with this id." in page.text
    assert as_bob.post(f"/contents/{content.id}/favourite", {"favourite": "1"}).status_code == 404
    assert as_bob.post(f"/contents/{content.id}/tags", {"add": "x"}).status_code == 404
    db.session.refresh(content)
    assert (content.deleted_at, content.favourite) == (None, False)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"do": "trash"}, 422),
        ({"do": "tag", "tag": "", "ids": [str(uuid4())]}, 422),
        ({"do": "tag", "tag": "x" * 10_000, "ids": [str(uuid4())]}, 422),
        ({"do": "trash", "ids": [str(uuid4()) for _ in range(201)]}, 413),
        ({"do": "erase", "ids": [str(uuid4())]}, 400),
        ({"do": "trash", "ids": ["x"]}, 400),
        ({"ids": [str(uuid4())]}, 400),
    ],
)
def test_act_on_many_that_makes_no_sense_is_refused(as_ada, form, status):
    assert as_ada.post("/contents/bulk", form).status_code == status
