"""Templates on pages: chosen, filled, looked at before it is sent; kept, changed, deleted."""

import re
from html import unescape

import pytest

from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.briefs.template import BLANKS_MOST, Template
from smartcontent.models import Content, KeptTemplate
from smartcontent.stores.sql import db

FORM = {
    "template_name": "Weekly offer",
    "content_type": "ad_copy",
    "topic": "{product}, now for {price}",
    "keywords": "{product}, offer",
    "tone": "playful",
    "language": "en",
}


@pytest.fixture
def template(as_ada) -> KeptTemplate:
    assert as_ada.post("/templates/new", FORM).status_code == 303
    return db.session.query(KeptTemplate).one()


def typed(page: str, field: str) -> str:
    """What stands in a field of the page."""
    area = re.search(rf'<textarea id="{field}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return unescape(area[1] if area else re.search(rf'id="{field}"[^>]*value="([^"]*)"', page)[1])


def test_template_is_chosen_filled_looked_at_and_sent(as_ada, template):
    assert "Weekly offer" in as_ada.get("/templates").text
    address = f"/templates/{template.id}"
    assert [typed(as_ada.get(address).text, f"blank-{n}") for n in (1, 2)] == ["", ""]

    shown = as_ada.post(address, {"blank:product": "A {price} pot", "blank:price": "24 euros"})

    assert shown.status_code == 200
    assert typed(shown.text, "topic") == "A {price} pot, now for 24 euros"
    assert typed(shown.text, "keywords") == "A {price} pot, offer"
    assert '<option value="playful" selected>' in shown.text
    assert db.session.query(Content).count() == 0


def test_blank_without_a_value_is_an_error_beside_that_field(as_ada, template):
    answer = as_ada.post(f"/templates/{template.id}", {"blank:product": "Pot", "blank:price": " "})

    assert answer.status_code == 422
    assert "Price is missing" in answer.text.partition('id="blank-2-error"')[2][:200]
    assert 'id="blank-1-error"' not in answer.text
    assert typed(answer.text, "blank-1") == "Pot"


def test_blanks_have_usual_values(as_ada, template):
    as_ada.post(f"/templates/{template.id}/edit", {**FORM, "blank:price": "24 euros"})

    page = as_ada.get(f"/templates/{template.id}").text

    assert [typed(page, f"blank-{n}") for n in (1, 2)] == ["", "24 euros"]
    assert typed(as_ada.get(f"/templates/{template.id}/edit").text, "blank-2") == "24 euros"


@pytest.mark.parametrize("name", ["नाम", "Wohnfläche m²", "½ Preis"])
def test_blank_may_have_a_name_with_vowels_of_hindi_or_raised_digits(as_ada, name):
    form = {**FORM, "topic": f"{{{name}}}", "keywords": ""}
    address = as_ada.post("/templates/new", form).location

    assert typed(as_ada.post(address, {f"blank:{name}": "चाय"}).text, "topic") == "चाय"


@pytest.mark.parametrize("name", sorted(name for name in dir(dict) if name[0] != "_"))
def test_blank_may_be_called_like_a_method(as_ada, name):
    form = {**FORM, "topic": f"A {{{name}}}", "keywords": ""}
    address = as_ada.post("/templates/new", form).location

    assert typed(as_ada.get(address).text, "blank-1") == ""
    assert f"{name.capitalize()} is missing" in as_ada.post(address, {}).text
    kept = db.session.query(KeptTemplate).one()
    assert typed(as_ada.get(f"/templates/{kept.id}/edit").text, "blank-1") == ""


def test_refused_form_has_no_more_fields_than_a_template_may_have_blanks(as_ada):
    topic = "".join(f"{{b{number}}}" for number in range(1_000))

    answer = as_ada.post("/templates/new", {**FORM, "topic": topic})

    assert answer.status_code == 422
    assert answer.text.count('name="blank:') == BLANKS_MOST


def test_brief_of_a_content_becomes_a_template(as_ada, content):
    page = as_ada.get(f"/templates/new?again={content.id}").text

    assert typed(page, "topic") == content.topic
    assert f"/templates/new?again={content.id}" in as_ada.get(f"/contents/{content.id}").text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"template_name": " "}, "template_name"),
        ({"topic": " "}, "topic"),
        ({"topic": "".join(f"{{b{n}}}" for n in range(21))}, "topic"),
    ],
)
def test_what_is_wrong_with_a_template_stands_beside_its_field(as_ada, wrong, field):
    answer = as_ada.post("/templates/new", FORM | wrong)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert typed(answer.text, "keywords") == FORM["keywords"]


def test_template_of_somebody_else_is_filled_where_it_is_shared_but_not_changed(
    as_ada, as_bob, template
):
    address = f"/templates/{template.id}"
    assert as_bob.get(address).status_code == as_bob.post(address).status_code == 404
    assert as_bob.get(f"{address}/edit").status_code == 404
    assert as_bob.post(f"{address}/edit", FORM).status_code == 404
    assert as_bob.post(f"{address}/delete").status_code == 404

    as_ada.post(f"{address}/edit", {**FORM, "shared": "1"})

    assert as_bob.get(address).status_code == 200
    assert as_bob.post(f"{address}/edit", FORM).status_code == 403
    assert as_bob.post(f"{address}/delete").status_code == 403
    as_ada.post(f"{address}/delete")
    assert as_bob.get(address).status_code == 404


def test_built_in_one_is_filled_and_changed_by_nobody(as_ada):
    address = f"/templates/{next(iter(BUILT_IN))}"

    assert as_ada.get(address).status_code == 200
    assert as_ada.get(f"{address}/edit").status_code == 403
    assert as_ada.post(f"{address}/delete").status_code == 403


def test_preview_is_the_prompt_word_for_word(as_ada):
    brief = {"content_type": "ad_copy", "topic": "Tea & <3 pots", "language": "en"}

    shown = as_ada.post("/contents/preview", brief).text
    as_ada.post("/contents", brief)

    content = db.session.query(Content).one()
    page = as_ada.get(f"/contents/{content.id}").text
    assert "&gt; Tea &amp; &lt;3 pots" in shown
    assert re.search(r"about \d+ tokens", shown)
    for said in re.findall("<pre.*?</pre>", shown, re.DOTALL):
        assert said in page
    assert "Topic is missing" in as_ada.post("/contents/preview", {"content_type": "ad_copy"}).text


def test_previews_have_a_bound(as_ada, monkeypatch):
    answers = [as_ada.post("/contents/preview").status_code for _ in range(121)]

    assert (answers[0], answers[-1]) == (200, 429)


def test_what_blanks_would_make_far_too_long_is_refused_before_it_is_made():
    brief = {"content_type": "ad_copy", "topic": "{pot}" * 400, "instructions": "{pot}, {price}"}
    template = Template("Pots", brief)

    assert template.filled({"pot": "x" * 1_000, "price": "24 euros"}) == (
        {},
        {"pot": ["Pot stands in one text 400 times: shorten it."]},
    )
    filled, errors = template.filled({"pot": "x" * 20, "price": "24 euros"})
    assert (len(filled["topic"]), errors) == (8_000, {})


def test_defaults_of_blanks_are_no_more_than_can_be_used(as_ada, template):
    many = {f"blank:price {n}": "x" * 1_000 for n in range(30)}

    assert as_ada.post("/templates/new", FORM | many).status_code == 422
    assert as_ada.post(f"/templates/{template.id}/edit", FORM | many).status_code == 422
    assert db.session.query(KeptTemplate).one().defaults == {}
