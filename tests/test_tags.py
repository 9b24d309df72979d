"""Tags themselves: counted, renamed, merged, taken off; given with a submission."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unicodedata import normalize

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from api.conftest import BRIEF as BRIEF_SENT
from api.conftest import Script, script_of
from conftest import BRIEF, ROOT, both_databases, is_waiting, wait_until
from flask import Flask
from patience import PATIENCE
from sqlalchemy import delete, event, func, select, text, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError, NoResultFound
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from smartcontent.contents import (
    dismissing,
    emptying,
    ending,
    submitting,
    tagging,
    tags,
    versions,
    waiting,
)
from smartcontent.contents.bulk import acts
from smartcontent.contents.bulk.deeds import Deed
from smartcontent.contents.locking import held_there, one_after_the_other
from smartcontent.models import ApiToken, Content, Draft, Status, Tag, now
from smartcontent.models.tag import content_tags
from smartcontent.stores.sql import db, read_anew


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


@both_databases
def test_what_is_tagged_as_a_merge_ends_keeps_its_tag(app, ada, three):
    late = submitting.submit(ada.id, BRIEF, "Late")
    a, engine, numbers = Tag.named(ada.id, "a"), db.engine, list[int]()
    of_a = select(func.count()).where(content_tags.c.tag_id == a.id)
    db.session.commit()

    def tag_late(_session: object) -> None:
        """Once none of the others has it any more."""
        if numbers[-2:] == [0, 0]:
            return
        with engine.connect() as another:
            numbers.append(another.scalar(of_a))
        if numbers[-2:] == [0, 0]:
            in_another_session(
                app, lambda: tagging.keep(db.session.get(Content, late.id), {"tags": ["a"]})
            )

    event.listen(db.session, "after_commit", tag_late)
    tags.rename(a, "b", is_merge=True)
    event.remove(db.session, "after_commit", tag_late)

    assert numbers == [1, 0, 0]
    assert counted(ada) == {"a": 1, "b": 3}


@both_databases
def test_two_tags_that_are_merged_into_each_other_at_once_come_to_an_end(app, ada, three):
    """After each step of the one, the other gives back what it took: as their locks have it."""
    a, b, rounds = Tag.named(ada.id, "a"), Tag.named(ada.id, "b"), list[bool]()

    def give_back(_session: object) -> None:
        if len(rounds) < 100 and not is_in_between:
            is_in_between.append(True)
            rounds.append(in_another_session(app, lambda: tags._clear_some(b, a)))
            is_in_between.clear()

    is_in_between = list[bool]()
    event.listen(db.session, "after_commit", give_back)
    tags.rename(a, "b", is_merge=True)
    event.remove(db.session, "after_commit", give_back)

    assert len(rounds) < 10


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


@both_databases
def test_tags_that_nothing_has_any_more_go_and_no_others_are_looked_at(ada, three):
    """To look at all of a user's would hold up others: this is done where one writes."""
    db.session.add(Tag(user_id=ada.id, name="of old", sought="of old"))
    db.session.commit()

    tagging.keep(three[1], {"tags": ["c"]})
    tagging.keep(three[2], {"tags": []})
    assert counted(ada) == {"a": 1, "c": 1, "of old": 0}
    acts.finish(acts.begin(ada.id, [three[1].id], Deed.UNTAG, "C"))
    assert counted(ada) == {"a": 1, "of old": 0}
    ending.discard(three[0], now() - timedelta(days=31))
    assert list(emptying.empty()) == [1]
    assert counted(ada) == {"of old": 0}


@both_databases
def test_tags_that_another_has_changed_since_they_were_read_are_replaced(ada, three):
    assert len(three[1].tags) == 2
    db.session.commit()
    with db.engine.begin() as another:
        another.execute(text("DELETE FROM content_tags"))

    tagging.keep(three[1], {"tags": ["c"]})

    assert [tag.name for tag in three[1].tags] == ["c"]


def test_one_user_has_so_many_tags(app, ada, as_ada, bob, three, monkeypatch):
    act = acts.begin(ada.id, [three[0].id], Deed.TAG, "d")
    monkeypatch.setattr(tagging, "TAGS_OF_USER_MOST", 3)
    script = script_of(app, ada)
    assert script.post("/contents", {**BRIEF_SENT, "tags": ["A", "c"]}).status_code == 202

    refused = script.post("/contents", {**BRIEF_SENT, "tags": ["d"]})
    typed = as_ada.post(f"/contents/{three[0].id}/tags", {"add": "d"})
    bulk = as_ada.post("/contents/bulk", {"do": "tag", "tag": "d", "ids": str(three[0].id)})
    acts.finish(act)

    assert (refused.status_code, typed.status_code, bulk.status_code) == (429, 429, 429)
    assert "One account may have 3 tags" in refused.json["detail"]
    assert "One account may have 3 tags" in typed.text
    assert (act.done, act.waits) == (0, True)
    assert counted(ada) == {"a": 3, "b": 2, "c": 1}
    assert script.post("/contents", {**BRIEF_SENT, "tags": ["B"]}).status_code == 202


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


def in_another_session(app: Flask, act: Callable[[], object]) -> object:
    with app.app_context():
        return act()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_tagging_waits_for_nobody_who_holds_the_content_alone(app, ada, content):
    """Who edits has the content and wants the user, who tags the other way: it was a deadlock."""
    Content.take_in(content.current, "tea")  # and does not commit

    with ThreadPoolExecutor(1) as pool:
        tagged = pool.submit(
            in_another_session,
            app,
            lambda: tagging.keep(db.session.get(Content, content.id), {"tags": ["tea"]}),
        )
        tagged.result(PATIENCE)
    db.session.commit()

    assert [tag.name for tag in db.session.scalars(select(Tag))] == ["tea"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("form", "left"), [({"add": "c"}, ["a", "b", "c"]), ({"remove": "A"}, ["b"])]
)
def test_tag_that_another_gives_meanwhile_stays(ada, as_ada, three, monkeypatch, form, left):
    b, engine = Tag.named(ada.id, "b").id, db.engine

    def wait_for_another(user_id: int) -> None:
        monkeypatch.setattr(tagging, "one_after_the_other", one_after_the_other)
        with engine.begin() as another:
            row = {"content_id": three[0].id, "tag_id": b}
            another.execute(content_tags.insert(), row)
        one_after_the_other(user_id)

    monkeypatch.setattr(tagging, "one_after_the_other", wait_for_another)

    as_ada.post(f"/contents/{three[0].id}/tags", form)

    db.session.expire_all()
    assert [tag.name for tag in three[0].tags] == left


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_title_that_stays_waits_for_a_version_that_becomes_the_current_one(app, ada, content):
    db.session.execute(update(Draft).values(status=Status.COMPLETED, text="Tea."))
    db.session.commit()
    db.session.expire_all()
    versions.save_edit(content, "A teapot", "Tea for two.")
    its_id = content.id
    db.session.execute(update(Content).values(current_number=1))
    with ThreadPoolExecutor(1) as pool:
        kept = pool.submit(
            in_another_session,
            app,
            lambda: tagging.keep(db.session.get(Content, its_id), {"title": "A teapot"}),
        )
        wait_until(lambda: kept.done() or is_waiting())
        db.session.commit()
        kept.result(PATIENCE)

    db.session.expire_all()
    assert content.title == "A teapot"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_was_erased_meanwhile_is_said_to_be_gone(app, ada, as_ada, content, monkeypatch):
    its_id, engine = content.id, db.engine

    def erased_first(ids, **how) -> object:
        with engine.begin() as another:
            another.execute(delete(Content).where(Content.id == its_id))
        return held_there(ids, **how)

    monkeypatch.setattr(tagging, "held_there", erased_first)

    answer = script_of(app, ada).patch(f"/contents/{its_id}", {"title": "A teapot"})

    assert answer.status_code in (404, 409), answer.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ["kept", "brief changed"])
def test_who_changes_more_than_tags_waits_for_a_content_before_its_user(app, ada, content, act):
    Content.take_in(content.current, "tea")  # and does not commit
    its_id, changes = content.id, {"tags": ["tea"], "favourite": True}

    def change() -> None:
        its = db.session.get(Content, its_id)
        if act == "kept":
            tagging.keep(its, changes)
        else:
            waiting.change_brief(its, BRIEF, "Mine", {}, kept={"tags": ["tea"]})

    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(in_another_session, app, change)
        wait_until(lambda: changed.done() or is_waiting())
        one_after_the_other(ada.id)  # as who asks for a draft
        db.session.commit()
        changed.result(PATIENCE)

    assert counted(ada) == {"tea": 1}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ["keep", "remove", "rename", "bulk", "dismissals"])
def test_a_content_is_held_before_what_belongs_to_it_is_deleted(ada, three, act):
    """Who erases has the content first: each would wait for the other."""
    a = Tag.named(ada.id, "a")
    dismissing.dismiss(three[0], "a finding")
    act_of = {
        "keep": lambda: tagging.remove_tag(three[0], "a"),
        "remove": lambda: tags.remove(a),
        "rename": lambda: tags.rename(a, "b", is_merge=True),
        "bulk": lambda: acts.finish(acts.begin(ada.id, [three[0].id], Deed.UNTAG, "a")),
        "dismissals": lambda: dismissing.show_again(three[0]),
    }
    asked = list[str]()

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    act_of[act]()
    event.remove(db.engine, "before_cursor_execute", note)

    held = [at for at, words in enumerate(asked) if "FOR KEY SHARE" in words]
    deleted = [
        at for at, words in enumerate(asked) if re.match("DELETE.*(content_tags|dismissals)", words)
    ]
    assert held
    assert held[0] < deleted[0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_tag_is_not_taken_away_from_who_is_about_to_give_it(app, ada, content):
    tag = tagging.tag_named(ada.id, "tea")
    db.session.commit()
    one_after_the_other(ada.id)
    known = tagging.tag_named(ada.id, "tea")  # it is there, and is given in a moment

    with ThreadPoolExecutor(1) as pool:
        removed = pool.submit(
            in_another_session, app, lambda: tags.remove(db.session.get(Tag, tag.id))
        )
        wait_until(lambda: removed.done() or is_waiting())
        content.tags = [known]
        db.session.commit()
        removed.result(PATIENCE)

    assert db.session.scalar(select(func.count()).select_from(content_tags)) == 0


@pytest.mark.parametrize("error", [
    ObjectDeletedError(None, "gone"), StaleDataError("gone"), NoResultFound("gone"),
    IntegrityError("", None, Exception("FOREIGN KEY constraint failed")),
])  # fmt: skip
def test_what_another_act_deletes_meanwhile_is_said(app, ada, as_ada, monkeypatch, error):
    script = script_of(app, ada)

    def gone(*_args: object) -> None:
        raise error

    monkeypatch.setattr(Tag, "named", gone)
    monkeypatch.setattr(Tag, "counted", gone)

    page = as_ada.get("/tags")
    call = script.patch("/tags", {"tag": "tea", "name": "coffee"})

    assert (page.status_code, call.status_code) == (409, 409)
    assert "That came too late" in page.text
    assert "deleted meanwhile" in call.json["detail"]


@pytest.mark.parametrize("is_there", [True, False])
def test_only_what_is_gone_is_taken_for_gone(three, is_there):
    """What the session refuses otherwise is a fault of ours, and no answer for whoever asks."""
    if is_there:
        db.session.expunge(three[0])
    else:
        db.session.connection().execute(delete(Content).where(Content.id == three[0].id))

    with pytest.raises(InvalidRequestError) as refused:
        read_anew(three[0])

    assert isinstance(refused.value, NoResultFound) != is_there
