"""Voices on pages: described, chosen for a brief, shared, deleted."""

import re

import pytest

from smartcontent.models import Content, KeptVoice
from smartcontent.stores.sql import db

FORM = {
    "name": "Northwind",
    "description": "A good neighbour.",
    "always": "Say “we”, never “the company”.\nBritish spelling.",
    "never": "cheap, revolutionary",
    "prefer": "guests instead of customers",
    "samples-0": "# We fix <script>alert(1)</script> bikes\n</textarea>",
}
BRIEF = {"content_type": "ad_copy", "topic": "A teapot", "tone": "warm", "language": "en"}


@pytest.fixture
def voice(as_ada) -> KeptVoice:
    assert as_ada.post("/voices/new", FORM).status_code == 303
    return db.session.query(KeptVoice).one()


def chosen(page) -> str:
    """The voice that a brief's form has chosen."""
    select = page.text.partition('name="voice_id"')[2].partition("</select>")[0]
    return re.search(r'<option value="[^"]*" selected>([^<]*)<', select)[1]


def test_voice_is_described_and_shown_again_as_it_was_typed(as_ada, voice):
    assert (voice.always, voice.never) == (FORM["always"].split("\n"), ["cheap", "revolutionary"])
    assert voice.samples == [FORM["samples-0"]]
    assert "Northwind" in as_ada.get("/voices").text

    page = as_ada.get(f"/voices/{voice.id}").text
    assert "Say “we”, never “the company”.\nBritish spelling." in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; bikes\n&lt;/textarea&gt;" in page

    as_ada.post(f"/voices/{voice.id}", {**FORM, "never": "", "samples-0": "", "shared": "1"})
    db.session.refresh(voice)
    assert (voice.never, voice.samples, voice.shared) == ([], [], True)


def test_voice_is_chosen_kept_for_the_next_brief_and_gone_when_deleted(as_ada, voice):
    as_ada.post("/contents", {**BRIEF, "voice_id": voice.id})
    content = db.session.query(Content).one()

    assert content.voice.never == ("cheap", "revolutionary")
    assert '<dd dir="auto">Northwind</dd>' in as_ada.get(f"/contents/{content.id}").text
    assert chosen(as_ada.get("/")) == "Northwind"
    assert chosen(as_ada.get(f"/?again={content.id}")) == "Northwind"
    as_ada.post(f"/voices/{voice.id}/delete")
    assert 'name="voice_id"' not in as_ada.get("/").text
    assert chosen(as_ada.get(f"/contents/{content.id}/brief")) == "Northwind (as it was)"
    as_ada.post(f"/contents/{content.id}/brief", {**BRIEF, "voice_id": voice.id, "tone": "plain"})
    db.session.refresh(content)
    assert (content.tone, content.voice.name) == ("plain", "Northwind")
    as_ada.post(f"/contents/{content.id}/brief", {**BRIEF, "voice_id": ""})
    db.session.refresh(content)
    assert content.voice is None


def test_select_is_there_only_where_there_is_a_voice(as_ada):
    assert 'name="voice_id"' not in as_ada.get("/").text


def test_voice_of_somebody_else_is_not_chosen_nor_shown_nor_changed(as_ada, as_bob, voice):
    refused = as_bob.post("/contents", {**BRIEF, "voice_id": voice.id})
    assert (refused.status_code, "choose another one" in refused.text) == (422, True)
    address = f"/voices/{voice.id}"
    assert as_bob.get(address).status_code == 404
    assert as_bob.post(address, FORM).status_code == 404
    assert as_bob.post(f"{address}/delete").status_code == 404
    looked_at = as_bob.post("/contents/preview", {**BRIEF, "voice_id": voice.id}).text
    assert "choose another one" in looked_at
    assert "neighbour" not in looked_at

    as_ada.post(address, {**FORM, "shared": "1"})

    shown = as_bob.get(address).text
    assert "&lt;script&gt;" in shown
    assert 'name="never"' not in shown
    assert as_bob.post(address, FORM).status_code == 403
    assert as_bob.post(f"{address}/delete").status_code == 403
    assert "shared by somebody else" in as_bob.get("/voices").text


def test_what_is_wrong_stands_beside_its_field_with_all_that_was_typed(as_ada):
    answer = as_ada.post("/voices/new", {**FORM, "name": " ", "samples-1": "x" * 2_001})

    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert 'id="samples-1-error"' in answer.text
    assert "British spelling." in answer.text


def test_form_sent_twice_makes_one_voice(as_ada):
    for _ in range(2):
        as_ada.post("/voices/new", {**FORM, "key": "once"})

    assert db.session.query(KeptVoice).count() == 1
