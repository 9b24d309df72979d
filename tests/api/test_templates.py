"""Templates: briefs with blanks, kept, shared, built in, filled."""

import pytest
from conftest import both_databases

from smartcontent.briefs.built_in import BUILT_IN
from smartcontent.briefs.template import read_brief

TEMPLATE = {
    "name": "Weekly offer",
    "brief": {
        "content_type": "ad_copy",
        "topic": "{product}, now for {price}. {product} is {what it is}.",
        "keywords": ["{product}", "offer"],
        "title": "Offer: {product}",
        "tone": "playful",
    },
    "defaults": {"price": "an honest price"},
}


@pytest.fixture
def template(script) -> str:
    """The id of a template of Ada's own."""
    return script.post("/templates", TEMPLATE).json["id"]


@both_databases
def test_template_is_kept_read_changed_and_deleted(script):
    made = script.post("/templates", TEMPLATE)
    address = made.headers["Location"].removeprefix("/api/v1")

    assert (made.status_code, made.json["own"], made.json["built_in"]) == (201, True, False)
    assert made.json["blanks"] == ["product", "price", "what it is"]
    assert script.get("/templates").json["items"][0] == made.json
    changed = script.patch(address, {"defaults": None, "name": "Offer"}).json
    assert changed == {**made.json, "defaults": {}, "name": "Offer"}
    assert script.get(address).json == changed
    assert script.delete(address).status_code == 204
    assert script.get(address).status_code == 404


@both_databases
def test_blanks_are_filled_once_and_by_their_defaults(script, template):
    values = {"product": "A {price} pot, blue", "what it is": "warm", "more": "x"}
    told = script.submit(template_id=template, values=values, content_type=None, topic=None)

    content = script.get(f"/contents/{told['id']}").json

    said = "A {price} pot, blue, now for an honest price. A {price} pot, blue is warm."
    assert (content["topic"], content["title"]) == (said, "Offer: A {price} pot, blue")
    assert content["keywords"] == ["A {price} pot", "blue", "offer"]
    assert (content["content_type"], content["tone"]) == ("ad_copy", "playful")


def test_what_is_sent_of_the_brief_takes_the_template_s_place(script, template):
    sent = {"template_id": template, "values": {"product": "Pot", "what it is": "warm"}}

    told = script.post("/contents", {**sent, "tone": "plain", "language": "de"})

    content = script.get(f"/contents/{told.json['id']}").json
    assert (content["tone"], content["language"]) == ("plain", "de")


def test_blank_without_a_value_is_refused_by_its_name(script, template):
    sent = {"template_id": template, "values": {"product": "Pot", "what it is": " \u200b"}}

    answer = script.post("/contents", sent)

    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "values.what it is": ["What it is is missing: the template has a blank for it."]
    }


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"values": {"product": "x" * 1_001}}, "values.product"),
        ({"values": {"product": "a\0b"}}, "values.product"),
        ({"values": {"product": 7}}, "values"),
        ({"values": ["product"]}, "values"),
        ({"template_id": "offer"}, "template_id"),
        ({"values": {"product": "x" * 900, "price": "y" * 900, "what it is": "z"}}, "topic"),
    ],
)
def test_values_that_cannot_be_are_refused_by_their_field(script, template, sent, named):
    answer = script.post("/contents", {"template_id": template, **sent})

    assert answer.status_code == 422
    assert named in answer.json["errors"]


def test_template_of_somebody_else_is_seen_where_it_is_shared_and_changed_by_its_owner(
    script, bobs_script, template
):
    address = f"/templates/{template}"
    sent = {"template_id": template, "values": {"product": "Pot", "what it is": "warm"}}
    assert bobs_script.get(address).status_code == 404
    assert bobs_script.patch(address, {"name": "Mine"}).status_code == 404
    assert bobs_script.delete(address).status_code == 404
    assert bobs_script.post("/contents", sent).status_code == 404

    script.patch(address, {"shared": True})

    assert bobs_script.get(address).json["own"] is False
    assert bobs_script.patch(address, {"name": "Mine"}).status_code == 403
    assert bobs_script.delete(address).status_code == 403
    assert bobs_script.post("/contents", sent).status_code == 202


def test_built_in_ones_are_there_for_all_and_changed_by_nobody(script):
    listed = script.get("/templates").json["items"]
    built_in = [each for each in listed if each["built_in"]]

    assert 5 <= len(built_in) <= 8
    for each in built_in:
        values = dict.fromkeys(each["blanks"], "something")
        told = script.post("/contents", {"template_id": each["id"], "values": values})
        assert told.status_code == 202, told.text
        assert script.patch(f"/templates/{each['id']}", {"name": "Mine"}).status_code == 403
    assert script.delete(f"/templates/{each['id']}").status_code == 403


@pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda each: each.name)
def test_built_in_one_could_have_been_sent_by_anybody(template):
    assert read_brief(template.brief) == (dict(template.brief), {})
    assert set(template.defaults) < set(template.blanks)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", "", "name"),
        ("brief", {}, "brief.content_type"),
        ("brief", {"content_type": "ad_copy", "topic": "x" * 2_001}, "brief.topic"),
        (
            "brief",
            {"content_type": "ad_copy", "topic": "".join(f"{{b{n}}}" for n in range(21))},
            "brief.topic",
        ),
        ("brief", {"content_type": "{kind}", "topic": "x"}, "brief.content_type"),
        ("defaults", {"price": 7}, "defaults"),
        ("defaults", {f"price {n}": "x" * 1_000 for n in range(30)}, "defaults"),
        ("defaults", {"price" * 10_000: "x"}, "defaults"),
        ("defaults", {"price": "\ud83d"}, "defaults"),
        ("defaults", {"price\ud83d": "x"}, "defaults"),
        ("shared", "yes", "shared"),
    ],
)
def test_template_that_cannot_be_is_refused_by_its_field(script, field, value, named):
    answer = script.post("/templates", {**TEMPLATE, field: value})

    assert (answer.status_code, named in answer.json["errors"]) == (422, True)


def test_same_key_finds_the_same_text_though_the_template_has_changed(script, template):
    key = {"headers": {"Idempotency-Key": "once"}}
    body = {"template_id": template, "values": {"product": "Pot", "what it is": "warm"}}
    first = script.post("/contents", body, **key)
    script.patch(f"/templates/{template}", {"defaults": {"price": "nothing"}})

    again = script.post("/contents", body, **key)

    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert script.post("/contents", {**body, "tone": "warm"}, **key).status_code == 422
