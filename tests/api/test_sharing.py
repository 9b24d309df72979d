"""Links to read a version by, as scripts make, list and revoke them."""

import pytest
from conftest import Visitor

from smartcontent.contents import ending, sharing, versions
from smartcontent.stores.sql import db


@pytest.fixture
def shares(script, content) -> str:
    """Where the links of a content of Ada's are, which has a text."""
    ending.cancel(content.current)
    versions.save_edit(content, "A teapot", "It is **blue**.")
    return f"/contents/{content.id}/shares"


def test_link_is_made_read_answered_listed_and_revoked(script, shares, visitor: Visitor):
    made = script.post(shares, {})
    assert made.status_code == 201
    assert (made.json["number"], made.json["is_open"]) == (2, True)
    path = "/shared/" + made.json["url"].rpartition("/")[2]
    assert "It is <strong>blue</strong>." in visitor.get(path).text
    visitor.post(path, {"verdict": "changes", "reason": "Make it red", "name": "Grace"})

    [listed] = script.get(shares).json["items"]
    assert listed["id"] == made.json["id"]
    [said] = listed["reviews"]
    assert (said["verdict"], said["reason"], said["name"]) == ("changes", "Make it red", "Grace")
    assert "url" not in listed

    address = f"{shares}/{listed['id']}"
    assert [script.delete(address).status_code for _ in range(2)] == [204, 204]
    assert visitor.get(path).status_code == 404
    [listed] = script.get(shares).json["items"]
    assert (listed["is_open"], len(listed["reviews"])) == (False, 1)


def test_what_has_no_text_or_too_many_links_is_not_shared(script, shares, monkeypatch):
    assert script.post(shares, {"number": 1}).status_code == 409
    assert script.post(shares, {"number": 99}).status_code == 409
    assert script.post(shares, {"days": 91}).json["errors"].keys() == {"days"}
    monkeypatch.setattr(sharing, "OPEN_MOST", 1)
    assert [script.post(shares, {}).status_code for _ in range(2)] == [201, 409]


def test_nobody_else_has_anything_of_it(script, bobs_script, shares):
    made = script.post(shares, {}).json
    db.session.rollback()

    assert bobs_script.get(shares).status_code == 404
    assert bobs_script.post(shares, {}).status_code == 404
    assert bobs_script.delete(f"{shares}/{made['id']}").status_code == 404
    assert script.delete(f"{shares}/{made['id'] + 1}").status_code == 404
    assert script.get(shares).json["items"][0]["is_open"]
