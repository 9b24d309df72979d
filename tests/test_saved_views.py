"""Saved views: a search kept under a name, found again, renamed, let go; what is gone is said."""

import re
from html import unescape

import pytest
from api.conftest import script_of
from conftest import BRIEF, both_databases
from test_archives import archive_of, taken

from smartcontent.contents import ending, saved_views, submitting, tagging, versions
from smartcontent.contents.archives.taking_in import Taken
from smartcontent.contents.saved_views import CannotBeKept, keep
from smartcontent.models import KeptVoice, SavedView
from smartcontent.stores.sql import db


@pytest.fixture
def three(ada):
    contents = [submitting.submit(ada.id, BRIEF, title) for title in ("Tea pot", "Tea cup", "Jug")]
    tagging.keep(contents[0], {"tags": ["spring"]})
    return contents


def links(page: str) -> dict[str, str]:
    """The views beside the search, with where each leads."""
    nav = re.search(r'<nav class="rooms views".*?</nav>', page, re.DOTALL)
    found = re.findall(r'href="([^"]*)"[^>]*><bdi>(.*?)</bdi>', nav[0]) if nav else []
    return {name: unescape(address) for address, name in found}


def shown(page: str) -> list[str]:
    return re.findall(r'<h3 id="title-[^>]*><a[^>]*>(.*?)</a>', page)


@both_databases
def test_search_is_kept_under_a_name_and_found_again(as_ada, as_bob, three):
    searched = as_ada.get("/?q=pot&tag=SPRING&sort=title&status=&since=rubbish").text
    action = unescape(re.search(r'action="(/views[^"]*)"', searched)[1])

    answer = as_ada.post(action, {"name": "Spring <pots>"})

    page = as_ada.get(answer.headers["Location"]).text
    assert "“<bdi>Spring &lt;pots&gt;</bdi>” stands beside the search from now on." in page
    assert shown(page) == ["Tea <mark>pot</mark>"]
    address = links(as_ada.get("/").text)["Spring &lt;pots&gt;"]
    assert re.search(r"view=[0-9a-f-]{36}&q=pot&tag=SPRING&sort=title$", address)
    assert links(as_bob.get("/").text) == {}
    assert 'aria-current="page"><bdi>Spring' in as_ada.get("/?tag=SPRING&q=pot&sort=title").text


def test_view_is_renamed_and_deleted_by_its_owner_alone(as_ada, as_bob, ada, three):
    view = keep(ada.id, "Tea", {"q": "tea"})
    address = f"/views/{view.id}"

    assert as_bob.post(address, {"name": "Mine"}).status_code == 404
    assert as_bob.post(f"{address}/delete").status_code == 404
    as_ada.post(address, {"name": "All tea"})
    assert list(links(as_ada.get("/").text)) == ["All tea"]
    answer = as_ada.post(f"{address}/delete")

    assert answer.headers["Location"] == "/?q=tea"
    assert links(as_ada.get("/").text) == {}
    assert len(shown(as_ada.get("/").text)) == 3


@both_databases
def test_name_that_another_view_has_is_refused_in_any_case_of_letters(as_ada, ada, bob, three):
    keep(ada.id, "Été", {"q": "tea"})
    keep(bob.id, "Été", {"q": "tea"})
    other = keep(ada.id, "Pots", {"q": "pot"})

    for address in ("/views?q=jug", f"/views/{other.id}"):
        answer = as_ada.post(address, {"name": "E\u0301TE\u0301"})
        assert answer.status_code == 409
        assert "You have a view “Été” already: choose another name." in answer.text
    assert list(links(as_ada.get("/").text)) == ["Pots", "Été"]
    as_ada.post(f"/views/{other.id}", {"name": "POTS"})
    assert list(links(as_ada.get("/").text)) == ["POTS", "Été"]


@pytest.mark.parametrize(
    ("address", "name", "status", "said"),
    [
        ("/views?q=tea", "", 422, "Name is missing: say how it is to be called."),
        ("/views?q=tea", "\u202e", 422, "Name is missing"),
        ("/views?q=tea", "x" * 81, 422, "Name: 1 character too long, at most 80 fit."),
        ("/views", "All", 409, "Search or filter first"),
        ("/views?status=nonsense&favourite=0", "All", 409, "Search or filter first"),
    ],
)
def test_view_that_cannot_be_is_refused_with_the_reason(as_ada, address, name, status, said):
    answer = as_ada.post(address, {"name": name})

    assert (answer.status_code, said in answer.text) == (status, True)


def test_there_are_so_many_and_no_more(ada, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 1)
    keep(ada.id, "One", {"q": "tea"})

    with pytest.raises(CannotBeKept, match="You have 1 views"):
        keep(ada.id, "Two", {"q": "tea"})


def test_what_of_a_view_is_gone_or_unknown_is_said(as_ada, ada, three):
    voice = KeptVoice(user_id=ada.id, name="Northwind")
    db.session.add(voice)
    db.session.flush()
    filters = {"tag": "spring", "voice": str(voice.id), "colour": "<red>", "status": "burnt"}
    view = keep(ada.id, "Old", filters)
    address = links(as_ada.get("/").text)["Old"]
    page = as_ada.get(address).text
    assert "No content has" not in page
    assert "It also asks for “colour: &lt;red&gt;”, which is unknown here and left out." in page
    assert "It also asks for “status: burnt”" in page

    tagging.keep(three[0], {"tags": []})
    db.session.delete(voice)
    db.session.commit()

    page = as_ada.get(address).text
    assert "No content has the tag “spring” any more." in page
    assert "Its voice is deleted" in page
    assert view.filters == filters


def test_calls_keep_change_and_delete_views(app, ada, bob, three):
    script, bobs = script_of(app, ada), script_of(app, bob)
    made = script.post("/views", {"name": "Tea", "filters": {"q": "tea", "status": ""}})
    assert (made.status_code, made.json["filters"]) == (201, {"q": "tea"})
    address = f"/views/{made.json['id']}"

    assert made.headers["Location"].endswith(address)
    assert script.post("/views", {"name": "TEA", "filters": {"q": "x"}}).status_code == 409
    for filters in ({}, {"q": ""}):
        assert script.post("/views", {"name": "x", "filters": filters}).status_code == 409
    long = f"2026-03-01T00:00:00.{'0' * 900}+00:00"
    halves = ({"q": "\ud83d"}, {"tag": "\ud83d"}, {"model": "\ud83d"})
    for filters in (
        {"colour": "red"},
        {"status": "burnt"},
        {"q": 1},
        [],
        None,
        {"since": long},
        *halves,
    ):
        assert script.post("/views", {"name": "x", "filters": filters}).status_code == 422
    changed = script.patch(address, {"filters": {"tag": "none"}}).json
    assert (changed["name"], changed["filters"]) == ("Tea", {"tag": "none"})
    assert changed["lost"] == ["No content has the tag “none” any more."]
    assert script.get("/views").json["items"] == [script.get(address).json]
    for act in (bobs.get, bobs.delete):
        assert act(address).status_code == 404
    assert script.delete(address).status_code == 204
    assert script.get("/views").json["items"] == []


def test_views_are_taken_away_and_taken_in_once_and_erased(flask, ada, bob, three):
    ending.cancel_all(three[0])
    versions.save_edit(three[0], "Tea pot", "Tea.")
    keep(ada.id, "Old", {"q": "tea", "colour": "red"})
    archive = archive_of(ada)

    assert taken(bob, archive) == Taken(contents=3, views=1)
    assert taken(bob, archive) == Taken(already_there=4)

    [kept] = SavedView.of(bob.id)
    assert (kept.name, kept.filters) == ("Old", {"q": "tea", "colour": "red"})
    assert "1 saved views" in flask("users", "delete", bob.email, "--yes").stdout
    assert SavedView.of(bob.id) == []
