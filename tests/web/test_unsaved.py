"""What is typed into the editor of a text is kept until it is saved, on whatever device."""

import re
from html import unescape

import pytest
from conftest import both_databases
from sqlalchemy import func, select

from smartcontent.accounts import erasure
from smartcontent.contents import ending, versions
from smartcontent.models import Content, UnsavedEdit
from smartcontent.stores.sql import db

STAMPS = [f"{number:032x}" for number in range(20)]


@pytest.fixture
def page(content: Content) -> str:
    """The editor of a text."""
    content.current.due_at = content.created_at
    content.current.claim(60)
    content.current.write(1, text="Tea.")
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", "Tea.")
    return f"/contents/{content.id}/text"


def typed(text: str, stamp: str = STAMPS[1], seen: str = "", **also: object) -> dict[str, object]:
    return {"title": "A teapot", "text": text, "base": 2, "stamp": stamp, "seen": seen} | also


def field(page: str, name: str) -> str:
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def text_in(page: str) -> str:
    return unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.S)[1])


@both_databases
def test_what_was_typed_is_in_the_editor_of_another_device_until_it_is_saved(as_ada, page, content):
    assert as_ada.post(f"{page}/unsaved", typed("Tea is")).status_code == 204
    more = typed("Tea is warm.", STAMPS[2], seen=STAMPS[1])
    assert as_ada.post(f"{page}/unsaved", more).status_code == 204

    elsewhere = as_ada.get(page).text
    assert (text_in(elsewhere), field(elsewhere, "seen")) == ("Tea is warm.", STAMPS[2])
    assert "have not saved" in elsewhere
    assert "not saved" in as_ada.get(f"/contents/{content.id}").text

    form = {"title": "A teapot", "text": "Tea is warm.", "base": 2, "seen": STAMPS[2]}
    assert as_ada.post(page, form).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(UnsavedEdit)) == 0
    assert text_in(as_ada.get(page).text) == "Tea is warm."
    assert "not saved" not in as_ada.get(f"/contents/{content.id}").text


@both_databases
def test_two_that_type_at_once_are_told_with_the_difference_and_neither_is_overwritten(
    as_ada, page
):
    as_ada.post(f"{page}/unsaved", typed("Tea is warm.", STAMPS[1]))

    told = as_ada.post(f"{page}/unsaved", typed("Tea is cold.", STAMPS[2]))

    assert told.status_code == 409
    assert re.search(r"<del[^>]*><span[^>]*>taken out: </span>warm\.<", told.text)
    assert re.search(r"<ins[^>]*><span[^>]*>added: </span>cold\.<", told.text)
    assert text_in(as_ada.get(page).text) == "Tea is warm."
    stamp = re.search('data-go-on="([^"]+)"', told.text)[1]
    mine = typed("Tea is cold.", STAMPS[3], seen=stamp)
    assert as_ada.post(f"{page}/unsaved", mine).status_code == 204
    # The other has not seen that.
    theirs = typed("Tea is warm!", STAMPS[4], seen=STAMPS[1])
    assert as_ada.post(f"{page}/unsaved", theirs).status_code == 409
    assert text_in(as_ada.get(page).text) == "Tea is cold."


def test_answer_that_got_lost_is_no_other_page(as_ada, page):
    as_ada.post(f"{page}/unsaved", typed("Tea is", STAMPS[1]))

    # All that the page has sent since the last answer it has heard.
    again = typed("Tea is warm.", STAMPS[3], seen=f"{STAMPS[1]} {STAMPS[2]}")
    assert as_ada.post(f"{page}/unsaved", again).status_code == 204
    # Nor is one that typed the very same.
    assert as_ada.post(f"{page}/unsaved", typed("Tea is warm.", STAMPS[4])).status_code == 204


@both_databases
def test_change_that_was_taken_back_is_in_nobodys_way(as_ada, page):
    as_ada.post(f"{page}/unsaved", typed("Tea is", STAMPS[1]))
    back = typed("Tea.", STAMPS[2], seen=STAMPS[1])
    assert as_ada.post(f"{page}/unsaved", back).status_code == 204
    discarded = as_ada.post(f"{page}/discard", {"seen": STAMPS[1]}, follow_redirects=True)
    assert "What you had typed is discarded." in discarded.text

    assert field(discarded.text, "seen") == ""
    assert as_ada.post(f"{page}/unsaved", typed("Tea is hot.", STAMPS[3])).status_code == 204
    assert text_in(as_ada.get(page).text) == "Tea is hot."
    # Whoever goes on with what they had typed before is told.
    later = typed("Tea!", STAMPS[4], seen=STAMPS[2])
    assert as_ada.post(f"{page}/unsaved", later).status_code == 409


def test_text_saved_elsewhere_meanwhile_is_told_and_what_is_typed_kept(as_ada, page, content):
    versions.save_edit(content, "A teapot", "Theirs.")

    told = as_ada.post(f"{page}/unsaved", typed("Mine."))

    compare = f"/contents/{content.id}/compare?from=2&amp;to=3"
    assert told.status_code == 200
    assert compare in told.text
    shown = as_ada.get(page).text
    assert "changed elsewhere" in shown
    assert compare in shown
    assert text_in(shown) == "Mine."
    # Saved from here, with that in sight, it is the next version.
    form = {"title": "A teapot", "text": "Mine.", "base": field(shown, "base")}
    assert as_ada.post(page, form | {"seen": field(shown, "seen")}).status_code == 303
    assert [each.text for each in content.versions()][:2] == ["Mine.", "Theirs."]


def test_save_leaves_alone_what_was_typed_elsewhere_and_not_seen(as_ada, page):
    as_ada.post(f"{page}/unsaved", typed("Tea is warm.", STAMPS[1]))

    as_ada.post(page, {"title": "A teapot", "text": "Tea is cold.", "base": 2, "seen": ""})

    assert text_in(as_ada.get(page).text) == "Tea is warm."


def test_what_was_typed_is_discarded_unless_it_is_more_by_now(as_ada, page):
    as_ada.post(f"{page}/unsaved", typed("Tea is warm.", STAMPS[1]))
    assert as_ada.post(f"{page}/discard", {"seen": STAMPS[2]}).status_code == 303
    assert text_in(as_ada.get(page).text) == "Tea is warm."

    answer = as_ada.post(f"{page}/discard", {"seen": STAMPS[1], "key": "k"})

    assert answer.location.endswith("?sent=k")
    assert text_in(as_ada.get(page).text) == "Tea."


def test_text_that_is_saved_is_not_kept_as_unsaved(as_ada, page):
    assert as_ada.post(f"{page}/unsaved", typed("Tea.")).status_code == 204
    assert db.session.scalar(select(func.count()).select_from(UnsavedEdit)) == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text": "x" * 100_001}, 422),
        ({"title": "x" * 201}, 422),
        ({"text": "\0"}, 422),
        ({"base": "one"}, 422),
        ({"base": 2**31}, 422),
        ({"stamp": ""}, 400),
        ({"stamp": "x" * 32}, 400),
        ({"text": ""}, 204),
        ({"text": "x" * 100_000}, 204),
        ({"text": "שלום 茶\u200f 👨‍👩‍👧", "seen": "x " * 1_000}, 204),
    ],
)
def test_what_cannot_be_kept_is_refused_and_all_else_kept(as_ada, page, sent, status):
    assert as_ada.post(f"{page}/unsaved", typed("Tea!") | sent).status_code == status

    kept = text_in(as_ada.get(page).text)
    assert kept == (sent["text"] if status == 204 else "Tea.")


def test_editor_of_others_is_nowhere(as_bob, page):
    assert as_bob.post(f"{page}/unsaved", typed("Mine.")).status_code == 404
    assert as_bob.post(f"{page}/discard", {"seen": STAMPS[1]}).status_code == 404


def test_person_is_erased_with_what_they_typed(as_ada, ada, page):
    as_ada.post(f"{page}/unsaved", typed("Tea is warm."))

    list(erasure.erase(ada))

    assert db.session.scalar(select(func.count()).select_from(UnsavedEdit)) == 0
