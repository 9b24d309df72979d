"""One press, one thing made: a form that is sent again makes nothing new."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import PASSWORD, Visitor, both_databases
from sqlalchemy import func, select
from test_contents import BRIEF_FORM, complete

from smartcontent.accounts import tokens
from smartcontent.contents import dismissing, ending, sharing, voices_and_templates
from smartcontent.contents.bulk import acts
from smartcontent.models import ApiToken, Batch, BulkAct, Content, Draft, Review, Share
from smartcontent.stores.sql import db

KEY = {"key": "a key"}
# Forms that make something, by the end of their action.
MAKING = (
    *("/contents", "/retry", "/text", "/tokens", "/refine", "/variants", "/repurpose", "/shares"),
    *("/series", "/templates/new", "/voices/new", "/batches", "/contents/bulk"),
)


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@both_databases
def test_brief_sent_many_times_at_once_makes_one_content(app, as_ada):
    form = {**BRIEF_FORM, **KEY, "csrf_token": as_ada.token()}
    cookie = as_ada.client._cookies

    def send(_number: int) -> str:
        client = Visitor(app).client
        client._cookies = cookie
        return client.post("/contents", data=form).headers["Location"]

    with ThreadPoolExecutor(4) as several:
        (place,) = set(several.map(send, range(4)))

    assert count(Content) == 1
    as_ada.post("/contents", form | {"topic": "Another teapot"})
    assert count(Content) == 2
    ending.discard(db.session.scalars(select(Content).order_by(Content.created_at)).first())
    again = [as_ada.post("/contents", form).headers["Location"] for _ in range(2)]
    assert again[0] == again[1] != place
    assert count(Content) == 3


def test_version_asked_for_twice_is_made_once(as_ada, content, ollama):
    complete(content, ollama)
    edit = {"title": "A teapot", "text": "Tea.", **KEY}
    for _ in range(2):
        assert as_ada.post(f"/contents/{content.id}/text", edit).status_code == 303
    assert count(Draft) == 2

    for _ in range(2):
        assert as_ada.post(f"/contents/{content.id}/retry", KEY).status_code == 303
        complete(content, ollama)
    assert count(Draft) == 3
    assert as_ada.post(f"/contents/{content.id}/text", edit).status_code == 303
    assert count(Draft) == 3
    assert content.current.number == 3


@pytest.mark.parametrize("which", ["ids", "all"])
def test_many_texts_asked_for_twice_are_written_once_more_once(as_ada, content, ollama, which):
    complete(content, ollama)
    form = {"do": "retry", which: {"ids": [str(content.id)], "all": "1"}[which], **KEY}
    places = []
    for _ in range(2):
        places.append(as_ada.post("/contents/bulk", form).headers["Location"])
        acts.finish(db.session.scalars(select(BulkAct)).first())
        complete(content, ollama)

    assert places[0] == places[1]
    assert (count(BulkAct), count(Draft)) == (1, 2)
    as_ada.post("/contents/bulk", form | {"key": "another"})
    assert count(BulkAct) == 2


def test_token_asked_for_twice_is_one_whose_secret_was_seen_last(as_ada):
    form = {"name": "script", "password": PASSWORD, **KEY}

    pages = [as_ada.post("/account/tokens", form).text for _ in range(2)]

    first, last = (re.search(r'id="secret">([^<]+)', page)[1] for page in pages)
    assert count(ApiToken) == 1
    assert ApiToken.with_secret(first) is None
    assert ApiToken.with_secret(last) is not None


def test_what_was_kept_as_the_last_there_is_room_for_is_found_again(
    as_ada, content, ollama, monkeypatch
):
    for limited in (tokens, dismissing):
        monkeypatch.setattr(limited, "MOST", 1)
    monkeypatch.setattr(voices_and_templates, "KEPT_MOST", 1)
    complete(content, ollama)
    template = {"template_name": "Offer", "content_type": "ad_copy", "topic": "{product}"}
    forms = {
        "/account/tokens": ({"name": "script", "password": PASSWORD}, 200),
        "/voices/new": ({"name": "Northwind"}, 303),
        "/templates/new": (template, 303),
        f"/contents/{content.id}/dismiss": ({"dismiss": "0" * 32}, 303),
    }

    for address, (form, status) in forms.items():
        answers = [as_ada.post(address, form | KEY).status_code for _ in range(2)]
        assert (address, answers) == (address, [status, status])

    refused = [
        as_ada.post("/voices/new", {"name": "Other"}),
        as_ada.post("/templates/new", template),
    ]
    assert [each.status_code for each in refused] == [409, 409]


def test_link_asked_for_twice_is_one(as_ada, content, ollama):
    complete(content, ollama)
    form = {"number": 1, "days": 7}

    pages = [as_ada.post(f"/contents/{content.id}/shares", form | KEY).text for _ in range(2)]
    first, again = (re.search(r'id="share-link"[^>]*>([^<]+)', page)[1] for page in pages)
    assert first == again
    assert count(Share) == 1
    as_ada.post(f"/contents/{content.id}/shares", form | {"key": "another"})
    as_ada.post(f"/contents/{content.id}/shares", form | KEY | {"days": 30})
    assert count(Share) == 3
    sharing.revoke(content, 1)
    assert as_ada.post(f"/contents/{content.id}/shares", form | KEY).status_code == 200
    assert count(Share) == 4


def test_what_a_reader_says_twice_is_said_once(as_ada, content, ollama):
    complete(content, ollama)
    page = as_ada.post(f"/contents/{content.id}/shares", {"number": 1, "days": 7} | KEY).text
    path = "/shared/" + re.search(r'id="share-link"[^>]*>[^<]*/shared/([^<]+)', page)[1]

    for reason in ("Shorter.", "Shorter.", "Warmer."):
        assert as_ada.post(path, {"verdict": "changes", "reason": reason}).status_code == 303

    assert count(Review) == 2


def test_table_sent_twice_is_kept_once(as_ada):
    form = {"pasted": "Topic\nTea"}

    places = [as_ada.post("/batches", form | KEY).headers["Location"] for _ in range(2)]
    as_ada.post("/batches", form | KEY | {"pasted": "Topic\nCup"})

    assert places[0] == places[1]
    assert count(Batch) == 2


@pytest.mark.parametrize("ends", ["completed", "cancelled"])
def test_every_form_that_makes_something_has_a_key_of_its_own(as_ada, content, ollama, ends):
    if ends == "completed":
        complete(content, ollama)
    else:
        ending.cancel(content.current)
    pages = "".join(
        as_ada.get(path).text
        for path in (
            *("/", f"/contents/{content.id}", f"/contents/{content.id}/text", "/account/"),
            *("/series/new", "/templates/new", "/voices/new", "/batches"),
        )
    )

    forms = re.findall(r'<form[^>]* action="([^"]+)"(.*?)</form>', pages, re.S)
    making = [(action, form) for action, form in forms if action.endswith(MAKING)]
    keys = [re.search(r'name="key" value="([^"]{20,})"', form) for _, form in making]
    assert len(making) >= 3
    assert all(keys), making
    assert len({key[1] for key in keys}) == len(keys)
