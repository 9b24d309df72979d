"""GET: the list, one content, its status."""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

import pytest
from conftest import both_databases
from patience import PATIENCE
from sqlalchemy import delete, event

from smartcontent.models import Content, Draft, Status, listing, now
from smartcontent.stores.sql import db
from smartcontent.web.api import access
from smartcontent.writing import job

from .conftest import BRIEF

DRAFT = {
    "id", "number", "origin", "status", "scheduled_for", "started_at", "finished_at",
    "error", "model", "stats", "words", "made_from", "refine", "reproduces", "wishes",
    "read_ahead_ms", "saved_ms",
}  # fmt: skip
STATUS = {
    "status", "scheduled_for", "seconds_until_start", "position", "eta_seconds", "waiting_for",
    "started_at", "finished_at",
}  # fmt: skip


def draft_of(told: dict) -> Draft:
    return db.session.get(Draft, told["draft_id"])


def put(draft: Draft, **values: object) -> None:
    """Put a draft into a state that other processes bring about."""
    for name, value in values.items():
        setattr(draft, name, value)
    db.session.commit()


def titles(answer) -> list[str]:
    return [item["title"] for item in answer.json["items"]]


@both_databases
def test_content_is_told_with_its_brief_and_its_drafts(script):
    told = script.submit(keywords=["teapot", "glass"])

    content = script.get(f"/contents/{told['id']}").json

    assert {name: content[name] for name in BRIEF} == BRIEF
    assert content["keywords"] == ["teapot", "glass"]
    assert (content["status"], content["text"]) == ("pending", "")
    [draft] = content["drafts"]
    assert set(draft) == DRAFT
    assert (draft["id"], draft["number"], draft["origin"]) == (told["draft_id"], 1, "generated")
    assert draft["scheduled_for"] == content["scheduled_for"] == told["scheduled_for"]


@both_databases
def test_text_is_that_of_the_current_draft(script, ollama):
    told = script.submit(delay_seconds=0)
    ollama.says("Tea is warm.")
    job.write_draft(told["draft_id"])
    script.post(f"/contents/{told['id']}/retry")

    content = script.get(f"/contents/{told['id']}").json

    assert (content["status"], content["text"]) == ("pending", "")
    first, second = content["drafts"]
    assert (first["status"], second["number"]) == ("completed", 2)
    assert first["model"]
    assert first["stats"]
    for name in ("scheduled_for", "started_at", "finished_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first[name])


@both_databases
def test_text_of_each_draft_is_told_with_what_was_sent_for_it(script, ollama):
    told = script.submit(delay_seconds=0)
    ollama.says("Tea is warm.")
    job.write_draft(told["draft_id"])
    script.post(f"/contents/{told['id']}/retry")

    first = script.get(f"/contents/{told['id']}/drafts/1").json

    assert (first["number"], first["text"]) == (1, "Tea is warm.")
    assert "teapot" in first["messages"][-1]["content"]
    assert first["options"]["num_predict"]


@pytest.mark.parametrize("number", ["0", "2", "2147483648", "9" * 400, "x"])
def test_draft_that_is_not_there_is_a_404(script, number):
    told = script.submit()

    assert script.get(f"/contents/{told['id']}/drafts/{number}").status_code == 404


def test_draft_of_another_user_is_a_404(script, bobs_script):
    told = script.submit()

    assert bobs_script.get(f"/contents/{told['id']}/drafts/1").status_code == 404


def test_list_of_very_long_texts_comes_in_smaller_pages(script):
    told = [script.submit(title=f"Pot {number}") for number in range(3)]
    for each in told:
        put(draft_of(each), text="x" * (listing.TEXTS_LONGEST // 2))

    first = script.get("/contents")
    second = script.get(f"/contents?cursor={first.json['next_cursor']}")

    assert titles(first) == ["Pot 2", "Pot 1"]
    assert (titles(second), second.json["next_cursor"]) == (["Pot 0"], None)


@both_databases
@pytest.mark.parametrize("sort", ["newest", "relevance"])
def test_list_is_told_page_by_page_newest_first(script, sort):
    for number in range(5):
        script.submit(title=f"Pot {number}")

    first = script.get(f"/contents?sort={sort}&limit=3")
    second = script.get(f"/contents?sort={sort}&limit=3&cursor={first.json['next_cursor']}")

    assert titles(first) == ["Pot 4", "Pot 3", "Pot 2"]
    assert (titles(second), second.json["next_cursor"]) == (["Pot 1", "Pot 0"], None)
    assert "drafts" not in first.json["items"][0]


@both_databases
def test_list_can_be_filtered_and_searched(script):
    script.submit(title="Blue pot")
    other = script.submit(title="Red pot", content_type="ad_copy")
    script.post(f"/contents/{other['id']}/cancel")

    assert titles(script.get("/contents?status=cancelled")) == ["Red pot"]
    assert titles(script.get("/contents?status=pending")) == ["Blue pot"]
    assert titles(script.get("/contents?content_type=ad_copy")) == ["Red pot"]
    assert titles(script.get("/contents?q=RED+pot")) == ["Red pot"]
    assert titles(script.get("/contents?q=%25&status=&content_type=")) == []


@both_databases
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", value) for value in ("0", "101", "-1", "x", "", "1.5", "１", "9" * 5000)),
        *(("status", value) for value in ("done", "PENDING", "a%00b")),
        *(("content_type", value) for value in ("poem", "%ff")),
        *(("q", value) for value in ("tea%00pot", "x" * 201)),
        *(("cursor", value) for value in ("1", "x", "%00", "ü", "=", "AAAA")),
    ],
)  # fmt: skip
def test_parameter_that_is_wrong_is_named(script, name, value):
    answer = script.get(f"/contents?{name}={value}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert answer.json["errors"][name] == [answer.json["detail"]]


@both_databases
@pytest.mark.parametrize("sort", ["newest", "title"])
def test_list_leads_on_past_what_is_erased_while_it_is_read(script, monkeypatch, sort):
    told = [script.submit(title=f"Pot {number}") for number in range(3)]
    first = told[-1 if sort == "newest" else 0]
    measure = listing._those_that_fit

    def erase_and_measure(ids):
        db.session.execute(delete(Content).where(Content.id == UUID(first["id"])))
        db.session.commit()
        return measure(ids)

    monkeypatch.setattr(listing, "_those_that_fit", erase_and_measure)
    page = script.get(f"/contents?sort={sort}&limit=1")
    cursor = page.json["next_cursor"]

    assert (page.status_code, titles(page)) == (200, [])
    assert titles(script.get(f"/contents?sort={sort}&limit=1&cursor={cursor}")) == ["Pot 1"]


@both_databases
@pytest.mark.parametrize("query", ["sort=relevance&q=pot", "q=pot", "sort=oldest&q=pot"])
@pytest.mark.parametrize("place", ["2147483647+0", "2147483646+0", "2147483647", "1+2147483647"])
def test_cursor_at_the_end_of_all_numbers_is_no_error_of_ours(script, content, query, place):
    cursor = urlsafe_b64encode(f"{place} {content.id}".encode()).decode()

    assert script.get(f"/contents?{query}&cursor={cursor}").status_code in (200, 422)


@both_databases
@pytest.mark.parametrize(
    "position",
    [
        "2024-01-01T00:00:00 {}",
        "9999-12-31T23:59:59-14:00 {}",
        "0001-01-01T00:00:00+14:00 {}",
        "2024-01-01T00:00:00+00:00 \0",
    ],
)
def test_forged_cursor_is_refused(script, content, position):
    cursor = urlsafe_b64encode(position.format(content.id).encode()).decode()

    answer = script.get(f"/contents?cursor={cursor}")

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])


@both_databases
def test_status_of_a_pending_draft_counts_down(script):
    before = now()
    told = script.submit()

    status = script.get(f"/contents/{told['id']}/status").json

    took = (now() - before).total_seconds()
    assert set(status) == STATUS
    assert (status["status"], status["position"], status["eta_seconds"]) == ("pending", 0, None)
    assert isinstance(status["seconds_until_start"], float)
    assert 59.999 - took <= status["seconds_until_start"] <= 60  # it is rounded
    assert re.fullmatch(r"Starts in (1 min|\d+ s)\.", status["waiting_for"])
    assert (status["started_at"], status["finished_at"]) == (None, None)


@both_databases
def test_position_counts_all_that_is_due_and_before(script, bobs_script, valkey):
    valkey.client.sadd("rq:workers:generation", "rq:worker:one")
    bobs_script.submit(delay_seconds=0)
    put(draft_of(bobs_script.submit(delay_seconds=0)), status=Status.QUEUED)
    put(draft_of(bobs_script.submit(delay_seconds=0)), status=Status.GENERATING)
    bobs_script.submit(delay_seconds=3600)
    told = script.submit(delay_seconds=0)
    put(draft_of(told), status=Status.QUEUED)
    bobs_script.submit(delay_seconds=0)

    status = script.get(f"/contents/{told['id']}/status").json

    assert (status["position"], status["seconds_until_start"]) == (2, 0.0)
    assert "2 ahead of you" in status["waiting_for"]


@both_databases
def test_status_says_what_each_status_waits_for(script, valkey):
    told = script.submit(delay_seconds=0)
    draft = draft_of(told)
    again = now() + timedelta(hours=1)
    cases = [
        ({"status": Status.PENDING}, 0, "scheduler"),
        (
            {"due_at": again, "failures": 1, "earlier_error": "Ollama is away."},
            0,
            "Ollama is away.",
        ),
        ({"status": Status.QUEUED, "due_at": now()}, 0, "No worker is running"),
        ({"status": Status.HELD}, None, "On hold"),
        ({"status": Status.GENERATING, "started_at": now()}, None, "being written"),
    ]
    for values, position, words in cases:
        put(draft, **values)
        status = script.get(f"/contents/{told['id']}/status").json

        assert status["position"] == position
        assert words in status["waiting_for"]


@both_databases
def test_ended_draft_waits_for_nothing(script, ollama):
    told = script.submit(delay_seconds=0)
    job.write_draft(told["draft_id"])

    status = script.get(f"/contents/{told['id']}/status").json

    assert status["status"] == "completed"
    assert status["started_at"] < status["finished_at"]
    waits = [status[name] for name in ("seconds_until_start", "position", "waiting_for")]
    assert waits == [None, None, None]


def test_list_asks_the_database_as_often_for_many_as_for_one(script, app, monkeypatch):
    monkeypatch.setattr(access, "KNOWN_FOR_SECONDS", PATIENCE)
    script.submit()
    few = statements(app, lambda: script.get("/contents"))
    for _ in range(9):
        script.submit()

    assert statements(app, lambda: script.get("/contents")) == few


def statements(app, work) -> int:
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    work()
    return len(seen)


def test_texts_of_all_writing_systems_come_back_as_they_were(script):
    for topic in ("Čaj, 紅茶, شاي, चाय", "🫖 " * 300, "e\u0301" * 1000, "\u202etea\u202c"):
        told = script.submit(topic=topic)
        kept = db.session.get(Content, db.session.get(Draft, told["draft_id"]).content_id).topic

        assert script.get(f"/contents/{told['id']}").json["topic"] == kept == topic.strip()
