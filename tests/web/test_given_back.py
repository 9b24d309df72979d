"""What was typed into a form that is refused is given back."""

import re
from html import unescape

import pytest

from smartcontent.contents import ending, versions
from smartcontent.models import Content, KeptTemplate, KeptVoice
from smartcontent.stores.sql import db

TEMPLATE = {
    "template_name": "Offer",
    "content_type": "ad_copy",
    "topic": "{sale-price} of {product}",
    "language": "en",
    "shared": "1",
}
TYPED = "Only 24 euros,\nwith <b>a cup</b>"


def given_back(page: str) -> list[tuple[str, str]]:
    """What an error page gives back, with its labels."""
    found = re.findall(r"<label>([^<]*)<textarea readonly[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    return [(unescape(label), unescape(text)) for label, text in found]


def own_words(page: str, where: str) -> list[tuple[str, list[str]]]:
    """Where each form of a page leads, and its fields for words of one's own."""
    forms = re.findall(r'<form[^>]*method="post"[^>]*>.*?</form>', page, re.DOTALL)
    field = r'<(?:textarea|input(?=[^>]*dir="auto"))[^>]*\sname="([^"]+)"'
    leads = ((re.search(r'<form[^>]*\saction="([^"]*)"', form), form) for form in forms)
    return [(unescape(at[1]) if at else where, re.findall(field, form)) for at, form in leads]


@pytest.fixture
def template(as_ada) -> KeptTemplate:
    as_ada.post("/templates/new", TEMPLATE)
    return db.session.query(KeptTemplate).one()


@pytest.fixture
def written(as_ada, content: Content) -> Content:
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", "It is blue.")
    as_ada.post(f"/contents/{content.id}/tags", {"add": "Spring"})
    return content


def test_every_form_gives_back_all_that_was_written_into_it(as_ada, template, written):
    table = as_ada.post("/batches", {"pasted": "Topic\nA teapot"}).headers["Location"]
    link = as_ada.post(f"/contents/{written.id}/shares", {"number": 2, "days": 7}).text
    reader = re.search(r'<code id="share-link"[^>]*>[^<]*?(/shared/[^<]*)</code>', link)[1]
    pages = [
        *("/", "/?q=tea", "/tags", "/voices/new", "/series/new", "/batches", table, reader),
        *(f"/templates/{template.id}", f"/templates/{template.id}/edit", "/account/"),
        *(f"/contents/{written.id}{page}" for page in ("", "/text", "/brief")),
    ]
    seen = set()

    for path in pages:
        page = as_ada.get(path)
        assert page.status_code == 200, path
        for leads_to, names in own_words(page.text, path):
            typed = {name: f"{TYPED} of {name}" for name in names}
            refused = as_ada.post(leads_to, {"csrf_token": "of another session", **typed})
            assert refused.status_code == 400
            assert [text for _, text in given_back(refused.text)] == [*typed.values()], leads_to
            seen |= typed.keys()

    assert seen >= {
        *("topic", "title", "text", "name", "samples-0", "reason", "instruction", "pasted"),
        *("add", "tag", "template_name", "blank:product"),
    }


def test_no_secret_and_no_mark_is_given_back(visitor):
    secrets = {"csrf_token": "no", "password": "a secret", "key": "a mark", "seen": "another"}

    assert given_back(visitor.post("/sign-in", {**secrets, "text": "Tea"}).text) == [
        ("Text", "Tea")
    ]


def test_blanks_typed_for_a_template_that_was_changed_are_given_back(as_ada, as_bob, template):
    path = f"/templates/{template.id}"
    typed = {"blank:product": TYPED, "blank:sale-price": "24 euros"}
    changed = TEMPLATE | {"topic": "{sale-price} of {item}", "blank:product": "a cup"}
    as_ada.post(f"{path}/edit", changed)

    lacking = as_bob.post(path, typed)
    as_ada.post(f"{path}/edit", changed | {"blank:item": "a cup"})
    lacking_nothing = as_bob.post(path, typed)

    assert (lacking.status_code, lacking_nothing.status_code) == (422, 409)
    for page in (lacking, lacking_nothing):
        told = re.search(r"<bdi>Product</bdi></dt><dd[^>]*>(.*?)</dd>", page.text, re.DOTALL)
        assert unescape(told[1]) == TYPED
    assert as_bob.post(path, {"blank:sale-price": "24 euros"}).status_code == 200
    assert "has no blank any more" not in as_bob.get(path).text


def test_usual_text_of_a_blank_that_the_brief_has_lost_is_given_back_with_the_form(as_ada):
    refused = as_ada.post("/templates/new", TEMPLATE | {"topic": "", "blank:product": "A & cup"})

    assert refused.status_code == 422
    assert re.search('name="blank:product" value="A &amp; cup"', refused.text)


def test_what_was_typed_for_what_is_deleted_by_now_is_given_back(as_ada, template):
    as_ada.post("/voices/new", {"name": "Warm"})
    voice = db.session.query(KeptVoice).one()
    typed = {
        f"/templates/{template.id}": ("blank:sale-price", "Sale-price"),
        f"/voices/{voice.id}": ("samples-1", "Texts that sound like it"),
    }
    for path in typed:
        as_ada.post(f"{path}/delete")

    for path, (name, label) in typed.items():
        answer = as_ada.post(path, {name: TYPED})
        assert (answer.status_code, given_back(answer.text)) == (404, [(label, TYPED)])
