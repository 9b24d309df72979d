"""Series by scripts: begun, read, changed, paused, skipped once, ended."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from conftest import both_databases
from sqlalchemy import func, select, update

from smartcontent.contents.series import acting, making
from smartcontent.models import Content, Series, now
from smartcontent.stores.sql import db

from .conftest import BRIEF

SERIES = {"brief": {**BRIEF, "tone": "warm"}, "rule": "0 7 * * 1", "timezone": "Europe/Berlin"}


def begun(script, **more) -> dict:
    answer = script.post("/series", {**SERIES, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/v1/series/{answer.json['id']}"
    return answer.json


def test_series_sent_again_with_its_key_is_the_one_there_is(script):
    key = {"headers": {"Idempotency-Key": "weekly"}}
    first, again = (script.post("/series", SERIES, **key) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json["id"] == first.json["id"]
    assert script.post("/series", SERIES).json["id"] != first.json["id"]
    assert len(script.get("/series").json["items"]) == 2


def test_series_is_said_in_words_with_its_next_three_times(script):
    series = begun(script)

    assert series["words"] == "every Monday at 07:00"
    berlin = ZoneInfo("Europe/Berlin")
    times = [datetime.fromisoformat(due).astimezone(berlin) for due in series["next"]]
    assert [f"{time:%a %H:%M}" for time in times] == ["Mon 07:00"] * 3
    # Of dates: in the weeks before clocks change it is not seven times 24 hours.
    assert [(later.date() - time.date()).days for time, later in pairwise(times)] == [7, 7]
    assert series["name"] == series["brief"]["title"] == "A teapot of blue glass"
    assert (series["paused"], series["brief"]["tone"]) == (False, "warm")
    assert script.get(f"/series/{series['id']}").json == {**series, "made": []}
    assert script.get("/series").json == {"items": [series]}


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"rule": "* * * * *"}, "rule", "more often than once an hour"),
        ({"rule": ""}, "rule", "every Monday at seven is 0 7 * * 1"),
        ({"timezone": "Mars/Base"}, "timezone", "is no time zone"),
        ({"brief": {**BRIEF, "tone": "gruff"}}, "brief.tone", "not known"),
        ({"brief": {**BRIEF, "topic": ""}}, "brief.topic", "Topic is missing"),
        ({"brief": "tea"}, "brief", "must be a brief"),
        ({"paused": "no"}, "paused", "must be true or false"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(script, sent, field, sentence):
    refused = script.post("/series", {**SERIES, **sent})
    series = begun(script)
    unchanged = script.patch(f"/series/{series['id']}", sent)

    for answer in (refused, unchanged):
        assert answer.status_code == 422
        assert sentence in " ".join(answer.json["errors"][field])
    assert script.get("/series").json["items"] == [series]


def test_a_change_changes_what_is_sent_and_a_skip_is_kept(script):
    series = begun(script)
    path = f"/series/{series['id']}"
    skipped = script.post(f"{path}/skip", {"due": series["next"][0]}).json
    again = script.post(f"{path}/skip", {"due": series["next"][0]})

    changed = script.patch(path, {"brief": {"tone": None, "seed": 7}, "name": "Mail"}).json

    assert skipped["next"][:2] == series["next"][1:]
    assert again.status_code == 409
    assert changed["next"] == skipped["next"]
    for paused in (True, False):
        resumed = script.patch(path, {"paused": paused}).json
    assert resumed["next"] == skipped["next"]
    assert (changed["name"], changed["brief"]["tone"], changed["brief"]["seed"]) == (
        "Mail",
        "friendly",
        7,
    )
    assert changed["brief"]["topic"] == BRIEF["topic"]
    daily = script.patch(path, {"rule": "0 7 * * *", "timezone": "UTC"}).json
    assert datetime.fromisoformat(daily["next"][0]) - now() <= timedelta(days=1)
    assert daily["words"] == "every day at 07:00"
    assert [due[11:16] for due in daily["next"]] == ["07:00"] * 3


def test_paused_series_has_no_next_time_until_it_goes_on(script):
    series = begun(script, paused=True)
    path = f"/series/{series['id']}"
    assert (series["paused"], series["next"]) == (True, [])

    assert len(script.patch(path, {"paused": False}).json["next"]) == 3
    assert script.patch(path, {"paused": True, "rule": "0 8 * * 1"}).json["next"] == []
    assert script.patch(path, {"paused": None}).json["next"][0][14:16] == "00"


def test_what_it_made_is_listed_and_stays_when_it_is_deleted(script):
    series = begun(script)
    path = f"/series/{series['id']}"
    db.session.execute(update(Series).values(next_due=now()))
    db.session.commit()
    making.make_all_due()

    (made,) = script.get(path).json["made"]
    assert (made["status"], made["missed"], made["title"]) == ("pending", 0, series["name"])
    assert script.delete(path).status_code == 204
    assert script.get(path).status_code == 404
    assert script.get(f"/contents/{made['content_id']}").json["title"] == series["name"]


def test_series_are_their_owner_s_alone(script, bobs_script):
    series = begun(script)
    path = f"/series/{series['id']}"

    assert bobs_script.get("/series").json == {"items": []}
    for answer in (
        bobs_script.get(path),
        bobs_script.patch(path, {"paused": True}),
        bobs_script.post(f"{path}/skip", {"due": series["next"][0]}),
        bobs_script.delete(path),
    ):
        assert answer.status_code == 404
    assert script.get("/series").json["items"] == [series]


def test_series_with_a_template_or_voice_of_somebody_else_is_not_there(script, bobs_script):
    voice = script.post("/voices", {"name": "Northwind"}).json["id"]
    kept = script.post("/templates", {"name": "News", "brief": BRIEF}).json["id"]
    rule, path = {"rule": "0 7 * * 1"}, f"/series/{begun(bobs_script)['id']}"
    with_voice = {"brief": {**BRIEF, "voice_id": voice}}

    for chosen in (with_voice, {"template_id": kept}):
        assert bobs_script.post("/series", {**rule, **chosen}).status_code == 404
        assert bobs_script.patch(path, chosen).status_code == 404
    assert bobs_script.get(path).json["brief"]["voice"] is None


def test_one_account_has_so_many_series(script, monkeypatch):
    monkeypatch.setattr(acting, "SERIES_MOST", 2)
    begun(script)
    begun(script)

    refused = script.post("/series", SERIES)

    assert (refused.status_code, db.session.scalar(select(func.count(Series.id)))) == (422, 2)
    assert "may have 2 series" in refused.json["detail"]


@both_databases
def test_what_it_makes_sounds_like_the_voice_that_was_chosen(script):
    voice = script.post("/voices", {"name": "Northwind", "description": "Dry wit"}).json["id"]
    series = begun(script, brief={**BRIEF, "voice_id": voice})
    path = f"/series/{series['id']}"
    unchanged = script.patch(path, {"brief": {"tone": "warm"}}).json
    script.delete(f"/voices/{voice}")
    db.session.execute(update(Series).values(next_due=now()))
    db.session.commit()

    making.make_all_due()

    for told in (series, unchanged):
        assert told["brief"]["voice"] == {"id": voice, "name": "Northwind"}
    made = db.session.scalars(select(Content)).one()
    assert made.voice.description == "Dry wit"
    assert script.patch(path, {"brief": {"voice_id": None}}).json["brief"]["voice"] is None
    assert script.patch(path, {"brief": {"voice_id": voice}}).status_code == 404


def test_brief_of_a_template_comes_with_its_blanks_filled(script):
    kept = script.post("/templates", {"name": "News", "brief": {**BRIEF, "topic": "About {what}"}})
    sent = {"template_id": kept.json["id"], "rule": "0 7 * * 1"}

    series = script.post("/series", {**sent, "values": {"what": "tea"}, "brief": {"tone": "warm"}})

    assert series.json["brief"]["topic"] == "About tea"
    assert series.json["brief"]["tone"] == "warm"
    assert "values.what" in script.post("/series", sent).json["errors"]
    path = f"/series/{series.json['id']}"
    changed = script.patch(path, {"template_id": kept.json["id"], "values": {"what": "coffee"}})
    assert changed.json["brief"]["topic"] == "About coffee"
    assert script.post("/series", {**sent, "template_id": path[-36:]}).status_code == 404
