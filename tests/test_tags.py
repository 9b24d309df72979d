"""Tags themselves: counted, renamed, merged, taken off; given with a submission."""

import re
from unicodedata import normalize

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from api.conftest import Script
from conftest import BRIEF, ROOT, both_databases
from sqlalchemy import select

from smartcontent.contents import ending, submitting, tags
from smartcontent.models import ApiToken, Content, Tag
from smartcontent.stores.sql import db


@pytest.fixture
def three(ada, bob, monkeypatch) -> list[Content]:
    """Tagged a; a and b; b. Bob has a tag b, too."""
    monkeypatch.setattr(tags, "AT_ONCE", 1)
    given = (["a"], ["a", "b"], ["b"])
    contents = [submitting.submit(ada.id, BRIEF, str(each), tags=each) for each in given]
    submitting.submit(bob.id, BRIEF, "Bob's", tags=["b"])
    return contents


def counted(user) -> dict[str, int]:
    db.session.expire_all()
    return {tag.name: number for tag, number in Tag.counted(user.id)}


@both_databases
def test_tags_are_counted_renamed_and_merged(ada, bob, three):
    assert counted(ada) == {"a": 2, "b": 2}
    a, b = Tag.named(ada.id, "A"), Tag.named(ada.id, "b")
    with pytest.raises(tags.AlreadyThere):
        tags.rename(a, "B")
    assert counted(ada) == {"a": 2, "b": 2}

    tags.rename(b, "Bé")
    tags.rename(a, "be\u0301", is_merge=True)

    assert (counted(ada), counted(bob)) == ({"Bé": 3}, {"b": 1})
    ending.discard(three[0])
    assert counted(ada) == {"Bé": 2}
    tags.rename(Tag.named(ada.id, "bé"), "BÉ")
    assert counted(ada) == {"BÉ": 2}
    tags.remove(Tag.named(ada.id, "bé"))
    assert (counted(ada), counted(bob)) == ({}, {"b": 1})


def test_page_says_that_a_name_is_taken_before_it_merges(as_ada, as_bob, ada, three):
    tag = Tag.named(ada.id, "a")
    page = as_ada.get("/tags").text
    assert "2 contents" in page
    assert f'action="/tags/{tag.id}"' in page

    asked = as_ada.post(f"/tags/{tag.id}", {"name": "B"})

    assert asked.status_code == 409
    assert "This cannot be undone." in asked.text
    assert counted(ada) == {"a": 2, "b": 2}
    as_ada.post(f"/tags/{tag.id}", {"name": "b", "merge": "1"})
    assert counted(ada) == {"b": 3}
    its = Tag.named(ada.id, "b").id
    assert as_bob.post(f"/tags/{its}", {"name": "c"}).status_code == 404
    assert as_ada.post(f"/tags/{9**99}", {"name": "c"}).status_code == 404
    refused = as_ada.post(f"/tags/{its}", {"name": "c,d"})
    assert (refused.status_code, 'value="c,d"' in refused.text) == (422, True)
    assert '<small id="name-error" class="error">' in refused.text
    as_ada.post(f"/tags/{its}/delete")
    assert "No tags yet" in as_ada.get("/tags").text


def test_calls_count_rename_and_merge_and_a_submission_has_tags(app, ada, three):
    _, secret = ApiToken.issue(ada, "script")
    db.session.commit()
    script = Script(app, secret)
    told = script.submit(tags="new, a")

    assert script.get(f"/contents/{told['id']}").json["tags"] == ["a", "new"]
    names = [(item["name"], item["contents"]) for item in script.get("/tags").json["items"]]
    assert names == [("a", 3), ("b", 2), ("new", 1)]
    renaming = {"tag": "NEW", "name": "b"}
    assert script.patch("/tags", renaming).status_code == 409
    assert script.patch("/tags", renaming | {"merge": True}).json == {"name": "b", "contents": 3}
    assert script.patch("/tags", renaming).status_code == 404


@both_databases
def test_very_many_tags_are_listed_page_by_page(app, ada, as_ada, monkeypatch):
    names = ["Äa", "b", "bc", "ß", "茶"]
    submitting.submit(ada.id, BRIEF, "Tea", tags=names)
    for module in ("smartcontent.web.tags", "smartcontent.web.api.tags"):
        monkeypatch.setattr(f"{module}.PAGE", 2)
    script = Script(app, ApiToken.issue(ada, "script")[1])
    db.session.commit()
    told, after, page = [], "", "/tags"

    for number in (2, 2, 1):
        answer = script.get(f"/tags?after={after}").json
        shown = as_ada.get(page).text
        assert re.findall(r'aria-label="Rename ([^"]*)"', shown) == [
            item["name"] for item in answer["items"]
        ]
        assert len(answer["items"]) == number
        told += [item["name"] for item in answer["items"]]
        after, following = answer["next_after"], re.search(r'href="([^"]*)" rel="next"', shown)
        page = following and following[1]

    assert (after, page) == (None, None)
    assert sorted(told) == sorted(names)
    assert "There are no more." in as_ada.get("/tags?after=\U0010ffff%00").text


def test_command_gives_tags(flask, ada):
    brief = ("--type", "ad_copy", "--topic", "Tea")
    given = ("--tag", "spring", "--tag", "shop")

    assert flask("contents", "create", ada.email, *brief, *given).exit_code == 0

    assert counted(ada) == {"shop": 1, "spring": 1}


@both_databases
def test_tags_that_look_the_same_are_one_and_those_of_before_become_it(ada, bob):
    names = ["Sale 2026", "ＳＡＬＥ\u00a02026", "sa\xadle 2026", "Teapot", "Ｔｅａｐｏｔ"]
    contents = [submitting.submit(ada.id, BRIEF, each, tags=[each]) for each in names]
    assert counted(ada) == {"Sale 2026": 3, "Teapot": 2}
    # Before, only case and the encoding of accents did not count.
    before = {name: normalize("NFC", name).casefold() for name in names}
    tags.remove(Tag.named(ada.id, "teapot"))
    tags.remove(Tag.named(ada.id, "sale 2026"))
    for name in (names[1], *names[2:], names[0]):
        db.session.add(Tag(user_id=ada.id, name=name, sought=before[name]))
    db.session.add(Tag(user_id=bob.id, name=names[1], sought=before[names[1]]))
    db.session.flush()
    own = {tag.name: tag for tag in db.session.scalars(select(Tag).filter_by(user_id=ada.id))}
    for content, name in zip(contents, names, strict=True):
        content.tags = [own[name]]
    contents[0].tags = [own[names[0]], own[names[2]]]
    db.session.commit()
    migration = ScriptDirectory(str(ROOT / "smartcontent" / "migrations")).get_revision("0031")

    with (
        db.engine.begin() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        migration.module.upgrade()

    assert counted(ada) == {names[1]: 3, "Teapot": 2}
    assert Tag.named(ada.id, "sale 2026").name == names[1]
    assert Tag.named(bob.id, "Sale 2026")
