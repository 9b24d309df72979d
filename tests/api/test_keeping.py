"""Kept in order: title, tags, favourites, what is listed, many at once, and the trash."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from conftest import both_databases

from smartcontent.contents.bulk import acts
from smartcontent.contents.bulk.deeds import IDS_MOST
from smartcontent.contents.tagging import TAGS_MOST
from smartcontent.models import BulkAct, Content, Draft, Status, Tag, now
from smartcontent.stores.sql import db
from smartcontent.writing import job

NOT_THERE = "There is nothing of yours with this id."


def submit(script, title: str, **kept: object) -> str:
    """Submit a brief, and keep it so; answers its id."""
    told = script.submit(title=title)
    assert script.patch(f"/contents/{told['id']}", kept).status_code == 200
    return told["id"]


def titles(script, query: str) -> list[str]:
    answer = script.get(f"/contents?{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json["items"]]


def page_by_page(script, query: str) -> list[str]:
    """The titles of a list, read in pages of one."""
    found, cursor = [], ""
    while cursor is not None:
        page = script.get(f"/contents?{query}&limit=1&cursor={cursor}").json
        found += [item["title"] for item in page["items"]]
        cursor = page["next_cursor"]
    return found


def bulk(script, ids: list[str], deed: str, **more: object) -> list[tuple[bool, str]]:
    answer = script.post("/contents/bulk", {"ids": ids, "do": deed, **more})
    assert answer.status_code == 200, answer.text
    assert [result["id"] for result in answer.json["results"]] == list(dict.fromkeys(ids))
    return [(result["ok"], result.get("detail", "")) for result in answer.json["results"]]


@both_databases
def test_title_tags_and_favourite_change_at_any_time(script, ollama):
    told = script.submit(delay_seconds=0, topic="A teapot")
    ollama.says("Tea is warm.")
    job.write_draft(told["draft_id"])
    address = f"/contents/{told['id']}"

    changed = script.patch(
        address, {"title": "Spring", "tags": "shop, Spring ,SHOP", "favourite": True}
    )

    assert changed.status_code == 200
    assert [changed.json[name] for name in ("title", "tags", "favourite")] == [
        "Spring",
        ["shop", "Spring"],
        True,
    ]
    assert script.get(address).json == changed.json
    assert titles(script, "q=spring warm") == ["Spring"]
    back = script.patch(address, {"title": None, "tags": None, "favourite": None}).json
    assert [back[name] for name in ("title", "tags", "favourite")] == ["A teapot", [], False]
    assert (back["text"], db.session.query(Tag).count()) == ("Tea is warm.", 0)


@both_databases
def test_brief_and_tags_change_together_or_not_at_all(script):
    told = script.submit()
    address = f"/contents/{told['id']}"

    together = script.patch(address, {"tone": "warm", "tags": ["tea"], "favourite": True})
    db.session.get(Draft, told["draft_id"]).due_at = now() - timedelta(seconds=1)
    db.session.commit()
    late = script.patch(address, {"tone": "witty", "tags": ["pot"], "title": "Late"})

    assert (together.status_code, together.json["tone"], together.json["tags"]) == (
        200,
        "warm",
        ["tea"],
    )
    assert late.status_code == 409
    assert script.get(address).json["tags"] == ["tea"]
    assert script.get(address).json["title"] == together.json["title"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tags", "x" * 10_000),
        ("tags", ["x" * 61]),
        ("tags", [str(number) for number in range(TAGS_MOST + 1)]),
        ("tags", ["a\0b"]),
        ("tags", ["a\x1bb"]),
        ("tags", ["\u202e\u200d"]),
        ("tags", ["\ud800"]),
        ("tags", [1]),
        ("tags", {"a": 1}),
        ("favourite", 1),
        ("favourite", "true"),
        ("title", "x" * 201),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_changes(script, field, value):
    told = script.submit()
    before = script.get(f"/contents/{told['id']}").json

    answer = script.patch(f"/contents/{told['id']}", {"favourite": True, field: value})

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert script.get(f"/contents/{told['id']}").json == before


@both_databases
def test_tag_is_one_in_any_case_and_encoding_and_each_user_s_own(script, bobs_script):
    submit(script, "Composed", tags=["Thé", "עברית"])
    submit(script, "Apart", tags=["the\u0301"])
    submit(bobs_script, "Bob's", tags=["thé"])

    assert titles(script, "tag=THÉ") == ["Apart", "Composed"]
    assert titles(script, "tag=עברית") == ["Composed"]
    assert titles(bobs_script, "tag=thé") == ["Bob's"]
    assert titles(script, "tag=th") == []
    assert db.session.query(Tag).count() == 3


@both_databases
def test_list_is_filtered_by_all_that_keeps_it_in_order(script, ollama):
    told = script.submit(delay_seconds=0, title="Written", model="mistral")
    ollama.says("Tea.")
    job.write_draft(told["draft_id"])
    submit(script, "Old", favourite=True, tags=["tea"])
    submit(script, "New", favourite=True)
    old = db.session.query(Content).filter_by(title="Old").one()
    old.created_at = now() - timedelta(days=9)
    db.session.commit()
    day = f"{old.created_at:%Y-%m-%d}"
    moment = f"{old.created_at:%Y-%m-%dT%H:%M:%S}Z"

    assert titles(script, "favourite=1") == ["New", "Old"]
    assert titles(script, "favourite=1&tag=tea") == ["Old"]
    assert titles(script, "model=mistral") == ["Written"]
    assert titles(script, f"since={day}&until={day}") == ["Old"]
    assert titles(script, f"until={moment}") == []
    assert titles(script, f"since={moment}&sort=oldest") == ["Old", "Written", "New"]
    assert titles(script, f"until={moment[:-1]}%2B00:01&favourite=0&tag=&trash=") == []


@both_databases
@pytest.mark.parametrize("sort", ["newest", "oldest", "title"])
def test_every_order_has_pages_that_lose_nothing(script, sort):
    for title in ("beta", "Alpha", "gamma", "alpha", "Alpha two"):
        script.submit(title=title)

    orders = {
        "newest": ["Alpha two", "alpha", "gamma", "Alpha", "beta"],
        "oldest": ["beta", "Alpha", "gamma", "alpha", "Alpha two"],
    }
    found = page_by_page(script, f"sort={sort}")

    if sort == "title":
        assert sorted(found[:2]) == ["Alpha", "alpha"]
        assert found[2:] == ["Alpha two", "beta", "gamma"]
    else:
        assert found == orders[sort]
    assert found == titles(script, f"sort={sort}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sort", "random"),
        ("favourite", "yes"),
        ("trash", "2"),
        ("since", "yesterday"),
        ("since", "2026-03-01T10:00:00"),
        ("since", "0001-01-01T00:00:00%2B23:59"),
        ("until", "9999-12-31"),
        ("until", "2026-02-30"),
        ("tag", "x" * 5_000),
        ("tag", "%00"),
        ("model", "x" * 201),
        ("since", f"2026-03-01T00:00:00.{'0' * 900}%2B00:00"),
    ],
)
def test_wrong_filter_is_refused_by_name_and_passed_over_on_the_page(script, as_ada, name, value):
    answer = script.get(f"/contents?{name}={value}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert as_ada.get(f"/?{name}={value}").status_code == 200


@pytest.mark.parametrize("sort", ["newest", "oldest", "title"])
@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "AGEgMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw"]
)
def test_cursor_of_nobody_s_is_refused(script, sort, cursor):
    assert script.get(f"/contents?sort={sort}&cursor={cursor}").status_code == 422


@both_databases
def test_what_is_in_the_trash_is_listed_by_itself_and_comes_back(script):
    content = submit(script, "Gone", tags=["tea"], favourite=True)
    submit(script, "Kept")
    script.delete(f"/contents/{content}")

    assert (titles(script, ""), titles(script, "trash=1")) == (["Kept"], ["Gone"])
    answer = script.post(f"/contents/{content}/restore")

    assert (answer.status_code, answer.json["tags"], answer.json["favourite"]) == (
        200,
        ["tea"],
        True,
    )
    assert titles(script, "trash=1") == []
    assert script.post(f"/contents/{content}/restore").status_code == 200


def test_nobody_restores_what_is_somebody_else_s(script, bobs_script):
    content = submit(script, "Gone")
    script.delete(f"/contents/{content}")

    assert bobs_script.post(f"/contents/{content}/restore").status_code == 404
    assert script.post(f"/contents/{uuid4()}/restore").status_code == 404
    assert titles(script, "trash=1") == ["Gone"]


@both_databases
def test_many_are_tagged_thrown_away_and_restored_at_once(script):
    ids = [submit(script, title) for title in "ABC"]

    assert bulk(script, [*ids, ids[0]], "tag", tag="Tea") == [(True, "")] * 3
    assert titles(script, "tag=tea&sort=title") == ["A", "B", "C"]
    assert bulk(script, ids[:2], "untag", tag="TEA") == [(True, "")] * 2
    assert titles(script, "tag=tea") == ["C"]
    assert bulk(script, ids[:2], "trash") == bulk(script, ids[:2], "trash") == [(True, "")] * 2
    assert titles(script, "") == ["C"]
    assert bulk(script, ids, "restore") == [(True, "")] * 3
    assert titles(script, "sort=title") == ["A", "B", "C"]


@both_databases
def test_many_are_cancelled_and_retried_each_for_itself(script):
    ids = [submit(script, title) for title in "AB"]
    script.post(f"/contents/{ids[1]}/cancel")

    assert bulk(script, ids, "cancel") == [(True, ""), (False, "Nothing of it was on its way.")]
    script.post(f"/contents/{ids[0]}/retry")
    assert bulk(script, ids, "retry") == [
        (False, "A draft of it is on its way already."),
        (True, ""),
    ]
    statuses = db.session.query(Draft.status).order_by(Draft.id).all()
    assert [status for (status,) in statuses] == [Status.CANCELLED] * 2 + [Status.PENDING] * 2


@pytest.mark.parametrize("deed", ["trash", "restore", "tag", "untag", "cancel", "retry"])
def test_what_is_somebody_else_s_is_as_what_is_not_there(script, bobs_script, deed):
    mine, theirs, nobody_s = submit(script, "Mine"), submit(bobs_script, "Theirs"), str(uuid4())
    before = bobs_script.get(f"/contents/{theirs}").json
    tag = {"tag": "tea"} if "tag" in deed else {}

    results = bulk(script, [theirs, nobody_s, mine], deed, **tag)

    assert results[:2] == [(False, NOT_THERE)] * 2
    assert results[2][0] == (deed != "retry")
    assert bobs_script.get(f"/contents/{theirs}").json == before


def test_content_with_as_many_tags_as_fit_says_so(script):
    full = submit(script, "Full", tags=[f"t{number}" for number in range(TAGS_MOST)])

    assert bulk(script, [full], "tag", tag="T0") == [(True, "")]
    assert bulk(script, [full], "tag", tag="more") == [
        (False, f"It has {TAGS_MOST} tags: take one off first.")
    ]


def test_quota_stops_retries_and_the_others_are_told(app, script):
    ids = [submit(script, title) for title in "AB"]
    bulk(script, ids, "cancel")
    app.config["UNFINISHED_PER_USER"] = 1

    first, second = bulk(script, ids, "retry")

    assert first == (True, "")
    assert not second[0]
    assert "unfinished drafts" in second[1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"do": "trash"}, "ids"),
        ({"ids": [], "do": "trash"}, "ids"),
        ({"ids": "all", "do": "trash"}, "ids"),
        ({"ids": [str(uuid4())] * (IDS_MOST + 1), "do": "trash"}, "ids"),
        ({"ids": ["x"] * 10_000, "do": "trash"}, "ids"),
        ({"ids": [7], "do": "trash"}, "ids"),
        ({"ids": ["\ud800"], "do": "trash"}, "ids"),
        ({"ids": [str(uuid4())], "do": "erase"}, "do"),
        ({"ids": [str(uuid4())], "do": ["trash"]}, "do"),
        ({"ids": [str(uuid4())]}, "do"),
        ({"ids": [str(uuid4())], "do": "tag"}, "tag"),
        ({"ids": [str(uuid4())], "do": "trash", "tag": "tea"}, "tag"),
        ({"ids": [str(uuid4())], "do": "tag", "tag": "x" * 10_000}, "tag"),
        ({"ids": [str(uuid4())], "do": "tag", "tag": "a,b"}, "tag"),
        ({"ids": [str(uuid4())], "do": "tag", "tag": "a\0"}, "tag"),
        ({"ids": [str(uuid4())], "do": "tag", "tag": " \u200f "}, "tag"),
    ],
)
def test_what_cannot_be_done_at_once_is_refused_by_name(script, body, field):
    answer = script.post("/contents/bulk", body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_all_that_matches_is_done_step_by_step_and_undone(script, bobs_script):
    for title in ("Mug two", "Mug one", "Jug"):
        submit(script, title)
    body = {"matching": {"q": "mug"}, "do": "tag", "tag": "warm"}

    begun = script.post("/contents/bulk", body)
    address = begun.headers["Location"].removeprefix("/api/v1")
    act = BulkAct.find(db.session.query(Content).first().user_id, UUID(begun.json["id"]))
    acts.finish(act)

    assert (begun.status_code, begun.json["total"], begun.json["done"]) == (202, 2, 0)
    ended = script.get(address).json
    assert [ended[name] for name in ("done", "changed", "left", "tag")] == [2, 2, [], "warm"]
    assert bobs_script.get(address).status_code == 404
    assert titles(script, "tag=warm&sort=title") == ["Mug one", "Mug two"]
    undoing = script.post(f"{address}/undo")
    assert (undoing.status_code, undoing.json["do"]) == (202, "untag")
    assert undoing.json["undoes"] == begun.json["id"]
    assert script.post(f"{address}/undo").status_code == 409
    assert script.post(f"{address}/stop").status_code == 200


@pytest.mark.parametrize(
    "wrong", ["tea", ["tea"], {"q": 1}, {"limit": "5"}, {"status": "lost"}, {"since": "x"}, 0]
)
def test_what_can_match_nothing_is_refused_by_name(script, wrong):
    answer = script.post("/contents/bulk", {"matching": wrong, "do": "trash"})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["matching"])
