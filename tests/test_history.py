"""The history of a content: who did what, when, by which door."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from api.conftest import BRIEF as BRIEF_SENT
from api.conftest import Script, script_of
from conftest import BRIEF, both_databases
from costs import bytes_held
from sqlalchemy import event, func, insert, select
from test_archives import archive_of, files_of, taken

from smartcontent.briefs import task
from smartcontent.contents import ending, submitting, tagging, versions, waiting
from smartcontent.contents.bulk import acts
from smartcontent.contents.bulk.deeds import Deed
from smartcontent.contents.history import words
from smartcontent.contents.history.reading import histories, page_of
from smartcontent.models import BulkAct, Content, Draft, HistoryLine, Status, What, history, now
from smartcontent.models.listing import Filters
from smartcontent.stores.sql import db
from smartcontent.writing import job


def told(content: Content) -> list[str]:
    """What was done, the first first, and by which door."""
    db.session.expire_all()
    lines = histories([content])[content.id]
    return [f"{words.sentence(line)} ({line.door})" for line in reversed(lines)]


@both_databases
def test_passages_are_not_read_for_a_history(content):
    row = {"user_id": content.user_id, "content_id": content.id, "status": Status.COMPLETED}
    longest = task.PASSAGE_LONGEST
    passage = task.Passage(0, longest, '"' * longest, "", "", 0)
    asked_for = task.Task(task.Deed.REFINE, 1, "warmer", passage=passage).as_json()
    many = [{**row, "number": n, "task": asked_for, "created_at": now()} for n in range(2, 102)]
    db.session.execute(insert(Draft), many)
    db.session.commit()
    histories([content])  # what is made once is made

    assert bytes_held(lambda: histories([content])) < 30 * longest
    assert "version 1 to be rewritten (warmer)" in told(content)[-1]


def number_of_lines() -> int:
    return db.session.scalar(select(func.count()).select_from(HistoryLine))


@pytest.fixture
def script(app, ada) -> Script:
    return script_of(app, ada)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", [What.TRASHED, What.RESTORED])
def test_what_two_do_in_one_instant_is_told_once(app, content, what):
    """The other is through with it while the first is about to write."""
    its_id, owner = content.id, content.user_id

    def act() -> None:
        with app.app_context():
            if what == What.TRASHED:
                ending.discard(db.session.get(Content, its_id))
            else:
                ending.restore(owner, its_id)

    others = [act]

    def be_faster(connection, cursor, statement, *_):
        if others and statement.startswith(("UPDATE contents", "INSERT INTO history")):
            with ThreadPoolExecutor(1) as another:
                another.submit(others.pop()).result()

    if what == What.RESTORED:
        ending.discard(content)
    db.session.remove()
    event.listen(db.engine, "before_cursor_execute", be_faster)
    act()

    told_of = select(HistoryLine.what).where(HistoryLine.what == what)
    assert db.session.scalars(told_of).all() == [what]


@both_databases
def test_whatever_people_do_is_told_with_its_door(flask, script, as_ada, visitor, ollama):
    ollama.says("Tea ", "is warm.")
    its_id = script.submit(title="A teapot", tags=["blue"])["id"]
    content = db.session.get_one(Content, UUID(its_id))
    address = f"/contents/{its_id}"
    script.patch(address, {"audience": "all", "keywords": ["tea"]})
    as_ada.post(f"{address}/hold")
    script.post(f"{address}/release")
    as_ada.post(f"{address}/start")
    job.write_draft(content.current.id)
    as_ada.post(f"{address}/tags", {"add": "spring, shop"})
    as_ada.post(f"{address}/tags", {"remove": "blue"})
    as_ada.post(f"{address}/favourite", {"favourite": "1"})
    as_ada.post(f"{address}/text", {"title": "A teapot", "text": "Mine.", "base": "1"})
    script.call("PUT", f"{address}/current", json={"number": 1})
    script.post(f"{address}/drafts", {"refine": "shorter"})
    flask("contents", "cancel", its_id)
    shared = as_ada.post(f"{address}/shares", {"number": 1, "days": 7}).text
    link = re.search(r'<code id="share-link"[^>]*>([^<]*)</code>', shared)[1]
    visitor.post(link, {"verdict": "changes", "name": "Grace", "reason": "Longer"})
    as_ada.post(f"{address}/delete")
    script.post(f"{address}/restore")

    assert told(content) == [
        "Submitted (api)",
        "Brief changed: audience, keywords (api)",
        "Put on hold (page)",
        "Released (api)",
        "Started at once (page)",
        "Version 1 written by llama3.2 (system)",
        "Tagged “shop”, “spring” (page)",
        "No longer tagged “blue” (page)",
        "Made a favourite (page)",
        "Version 2 edited by hand (page)",
        "Version 1 made the current one (api)",
        "Version 3 asked for: version 1 to be rewritten (shorter) (api)",
        "Version 3 stopped (command)",
        "Version 1 shared by a link (page)",
        "Changes to version 1 asked for (reader)",
        "Moved to the trash (page)",
        "Taken out of the trash (api)",
    ]
    page = as_ada.get(f"{address}/history").text
    assert page.index("Taken out of the trash") < page.index("<bdi>Grace, a reader</bdi>")
    assert "<bdi>you, by the API</bdi>" in page
    assert f'href="{address}/history"' in as_ada.get(address).text
    printed = flask("contents", "history", its_id).stdout.splitlines()
    assert (len(printed), "Taken out of the trash" in printed[1]) == (18, True)
    read = json.loads(flask("contents", "history", its_id, "--json", "--limit", "1").stdout)
    assert read == script.get(f"{address}/history?limit=1").json["items"]


def test_another_model_temperature_or_seed_is_a_change_of_the_brief(script, as_ada):
    its_id = script.submit(title="A teapot", seed=7)["id"]
    content = db.session.get_one(Content, UUID(its_id))
    address = f"/contents/{its_id}"

    script.patch(address, {"temperature": 0.8, "seed": None})
    forms = {**vars(content.brief), "keywords": "", "title": "A teapot", "model": "mistral:7b"}
    assert as_ada.post(f"{address}/brief", forms).status_code == 303

    assert told(content) == [
        "Submitted (api)",
        "Brief changed: seed, temperature (api)",
        "Brief changed: model (page)",
    ]


def test_history_of_somebody_else_s_content_is_nobody_s(as_bob, app, bob, content):
    assert as_bob.get(f"/contents/{content.id}/history").status_code == 404
    assert script_of(app, bob).get(f"/contents/{content.id}/history").status_code == 404


def test_submitting_writes_no_line(ada, script):
    submitting.submit(ada.id, BRIEF, "A teapot", tags=["tea"], variants=2)
    script.submit(tags=["tea"])

    assert number_of_lines() == 0


def test_what_did_not_happen_is_not_told(ada, content, due_draft):
    assert due_draft.claim(60)
    began = due_draft.content

    for act in (waiting.hold, waiting.start_now, waiting.release):
        assert not act(due_draft)
    assert not waiting.change_brief(began, BRIEF, "Another", {})
    assert not waiting.undo(began)
    assert not versions.make_current(began, 9)
    tagging.keep(content, {"favourite": False, "tags": [], "title": content.title})
    ending.restore(ada.id, content.id)
    assert number_of_lines() == 0


@both_databases
def test_act_and_its_line_are_one_transaction(ada, content):
    def killed(session):
        raise SystemExit

    event.listen(db.session, "before_commit", killed)
    with pytest.raises(SystemExit):
        tagging.keep(content, {"tags": ["spring"]})
    event.remove(db.session, "before_commit", killed)
    db.session.rollback()

    assert (number_of_lines(), content.tags) == (0, [])


# Every call that changes a content, in an order in which each has something to do.
ACTS = [
    ("PATCH", "", {"title": "Tea"}, What.TITLED),
    ("POST", "/hold", None, What.HELD),
    ("POST", "/release", None, What.RELEASED),
    ("POST", "/start", None, What.STARTED),
    ("POST", "/cancel", None, What.STOPPED),
    ("POST", "/retry", None, What.ASKED_FOR),
    ("POST", "/drafts", {"refine": "shorter"}, What.ASKED_FOR),
    ("POST", "/drafts/3/accept", None, What.ACCEPTED),
    ("PUT", "/current", {"number": 2}, What.CHOSEN),
    ("POST", "/drafts/3/another", None, What.ASKED_FOR),
    ("DELETE", "/drafts/4", None, What.REMOVED),
    ("POST", "/drafts/2/reproduce", None, What.ASKED_FOR),
    ("POST", "/dismissed", {"key": "0" * 32}, What.DISMISSED),
    ("DELETE", "/dismissed", None, What.SHOWN_AGAIN),
    ("POST", "/shares", {}, What.SHARED),
    ("DELETE", "/shares/1", None, What.REVOKED),
    ("POST", "/repurpose", {"content_types": ["ad_copy"]}, None),  # told by what it makes
    ("DELETE", "", None, What.TRASHED),
    ("POST", "/restore", None, What.RESTORED),
]


def test_every_act_of_the_api_is_told(app, script, ollama):
    ollama.says("Tea ", "is warm.")
    content = db.session.get_one(Content, UUID(script.submit()["id"]))
    address, calls = f"/contents/{content.id}", app.url_map.bind("localhost")
    walked = set()

    for method, act, body, what in ACTS:
        before = {line.place for line in histories([content])[content.id]}
        assert script.call(method, address + act, json=body).status_code < 300, act
        db.session.expire_all()
        new = [line for line in histories([content])[content.id] if line.place not in before]
        assert what is None or (what, "api") in {(line.what, line.door) for line in new}, act
        walked.add(calls.match(f"/api/v1{address}{act}", method)[0])
        for draft in content.unfinished() if act in ("/retry", "/drafts") else ():
            job.write_draft(draft.id)

    assert walked == {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/contents/<uuid:content_id>")
        and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
    }


def test_what_is_done_by_a_batch_a_tag_or_for_room_is_told(script, as_ada, ada, monkeypatch):
    rows = [{**BRIEF_SENT, "topic": topic} for topic in ("Tea", "Cups")]
    batch = script.post("/batches", {"rows": rows}).json["id"]
    script.post(f"/batches/{batch}/pause")
    script.post(f"/batches/{batch}/resume")
    content = db.session.scalars(select(Content)).first()
    tagging.keep(content, {"tags": ["blue", "sky"]})
    script.patch("/tags", {"tag": "sky", "name": "air"})
    script.patch("/tags", {"tag": "air", "name": "blue", "merge": True})
    as_ada.post(f"/tags/{content.tags[0].id}/delete")
    script.post(f"/batches/{batch}/cancel")
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 2)
    for _ in range(2):
        versions.save_edit(content, "Tea", "Mine.")

    assert told(content)[1:] == [
        "Put on hold, with 1 other (api)",
        "Released, with 1 other (api)",
        "Tagged “blue”, “sky” (system)",
        "No longer tagged “air” (api)",
        "No longer tagged “blue” (page)",
        "Version 2 edited by hand (system)",
        "Version 3 edited by hand (system)",
        "Version 1 let go, to make room for a newer one (system)",
    ]


@both_databases
def test_act_on_many_is_told_of_each_by_the_door_it_came_by(as_ada, ada, content):
    other = submitting.submit(ada.id, BRIEF, "A cup")
    tagging.keep(other, {"tags": ["tea"]})
    as_ada.post("/contents/bulk", {"all": "1", "do": "tag", "tag": "tea"})
    acts.finish(db.session.query(BulkAct).one())  # as the scheduler does
    acts.finish(acts.begin(ada.id, Filters(), Deed.CANCEL))

    assert told(content)[1:] == ["Tagged “tea”, with 1 other (page)", "Version 1 stopped (system)"]
    assert told(other)[1:] == ["Tagged “tea” (system)", "Version 1 stopped (system)"]


@both_databases
def test_last_lines_are_kept_and_read_page_by_page(script, ada, content, monkeypatch):
    monkeypatch.setattr(history, "LINES_KEPT", 3)
    other = submitting.submit(ada.id, BRIEF, "A cup")
    tagging.keep(other, {"favourite": True})
    for number in range(5):
        tagging.keep(content, {"tags": [f"t{number}"]})

    everything = page_of(content, limit=100)[0]
    tags = [line.details.get("tags") for line in everything]
    assert tags == [["t3"], ["t4"], ["t2"], None]
    read, cursor = [], ""
    while cursor is not None:
        page = script.get(f"/contents/{content.id}/history?limit=2&cursor={cursor}").json
        read += page["items"]
        cursor = page["next_cursor"]
    assert read == [words.as_json(line) for line in everything]
    assert number_of_lines() == 4
    for cursor in ("x", "é", "MjAyNi0wMS0wMSAxIDE"):
        refused = script.get(f"/contents/{content.id}/history?cursor={cursor}")
        assert refused.status_code == 422


@both_databases
def test_each_of_many_keeps_its_last_lines(ada, script, monkeypatch):
    monkeypatch.setattr(history, "LINES_KEPT", 3)
    batch = script.post("/batches", {"rows": [BRIEF_SENT] * 2}).json["id"]
    once, again = db.session.scalars(select(Content).order_by(Content.batch_row))
    for number in range(2):
        tagging.keep(again, {"tags": [f"t{number}"]})
    for act in ("pause", "resume", "pause") * 2:
        assert script.post(f"/batches/{batch}/{act}").status_code == 200

    kept = ["Put on hold", "Released", "Put on hold"]
    for each in (once, again):
        assert [line.split(",")[0] for line in told(each)[1:]] == kept
    assert number_of_lines() == 6


def test_act_on_many_walks_through_what_is_kept_of_each_and_numbers_none_of_it(script):
    """In the one transaction that may write to SQLite."""
    batch = script.post("/batches", {"rows": [BRIEF_SENT] * 10}).json["id"]

    def steps(act: str) -> int:
        """Of SQLite's virtual machine."""
        taken, connection = [], db.session.connection().connection.driver_connection
        connection.set_progress_handler(lambda: taken.append(1), 10)
        assert script.post(f"/batches/{batch}/{act}").status_code == 200
        connection.set_progress_handler(None, 0)
        return 10 * len(taken)

    few = steps("pause")
    script.post(f"/batches/{batch}/resume")
    ids = db.session.scalars(select(Content.id)).all()
    for _ in range(history.LINES_KEPT):
        history.note_all(ids, What.HELD)
    db.session.commit()

    assert steps("pause") - few < 10 * 10 * history.LINES_KEPT


def test_history_is_taken_away_and_goes_with_its_content(flask, ada, bob, content):
    tagging.keep(content, {"favourite": True})
    ending.cancel(content.current)
    archive = archive_of(ada)
    [about] = [data for name, data in files_of(archive).items() if name.endswith("/content.json")]
    assert [line["what"] for line in json.loads(about)["history"]] == [
        "stopped", "favoured", "submitted"
    ]  # fmt: skip

    taken(bob, archive)

    [its] = db.session.scalars(select(Content).filter_by(user_id=bob.id))
    assert told(its) == [
        "Submitted (system)",
        "Version 1 stopped (system)",
        "Taken in from an archive (system)",
    ]
    flask("users", "delete", bob.email, "--yes")
    assert number_of_lines() == 1
    db.session.delete(content)
    db.session.commit()
    assert number_of_lines() == 0
