"""The pages of series: chosen as people say it, or as an expert writes it."""

import re
from datetime import timedelta

import pytest
from api.conftest import script_of
from sqlalchemy import func, select, update

from smartcontent.contents.series import making
from smartcontent.models import KeptVoice, Series, now
from smartcontent.recurrence.choices import Choice, Often, choice_of
from smartcontent.stores.sql import db

BRIEF = {"content_type": "email_newsletter", "topic": "What is new at the garden centre"}
WEEKLY = {"often": "weekly", "days": ["1"], "time": "07:00", "timezone": "Europe/Berlin"}


def begin(visitor, **more) -> str:
    answer = visitor.post("/series", {**BRIEF, **WEEKLY, **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].partition("?")[0]


def stored() -> list[Series]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Series)))


def times(page: str) -> list[str]:
    listed = page.partition("The next times")[2].partition("</ul>")[0]
    return re.findall(r'<time datetime="([^"]*)"', listed)


def test_series_is_chosen_shown_edited_paused_and_resumed(as_ada):
    path = begin(as_ada)
    page = as_ada.get(path).text
    assert "Every Monday at 07:00" in page
    assert len(times(page)) == 3

    form = as_ada.get(f"{path}/edit").text
    assert re.search(r'value="1" checked> Monday', form)
    assert 'value="Europe/Berlin"' in form
    assert BRIEF["topic"] in form
    as_ada.post(f"{path}/edit", {**BRIEF, **WEEKLY, "often": "monthly", "day": "L", "name": "Mail"})
    page = as_ada.get(path).text
    assert "On the last day of every month at 07:00" in page
    assert "<h1><bdi>Mail</bdi></h1>" in page

    as_ada.post(f"{path}/pause")
    assert "Paused since" in as_ada.get(path).text
    assert "paused" in as_ada.get("/series").text
    as_ada.post(f"{path}/resume")
    assert len(times(as_ada.get(path).text)) == 3


def test_skipped_twice_by_one_press_one_time_is_left_out(as_ada):
    path = begin(as_ada)
    page = as_ada.get(path).text
    due = re.search(r'name="due" value="([^"]*)"', page)[1]

    as_ada.post(f"{path}/skip", {"due": due})
    as_ada.post(f"{path}/skip", {"due": due})

    assert times(as_ada.get(path).text)[:2] == times(page)[1:]


def test_pressed_twice_one_series_begins(as_ada):
    assert begin(as_ada, key="pressed") == begin(as_ada, key="pressed")
    assert len(stored()) == 1


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"days": []}, "days", "at least one day"),
        ({"time": "soon"}, "time", "a time of the day"),
        ({"time": ""}, "time", "a time of the day"),
        ({"often": "monthly", "day": "32"}, "day", "a day of the month"),
        ({"often": "cron", "cron": "* * * * *"}, "cron", "more often than once an hour"),
        ({"often": "cron", "cron": "0 7 30 2 *"}, "cron", "never comes: there is no day 30"),
        ({"often": "now and then"}, "often", "how often"),
        ({"timezone": "Mars/Base"}, "timezone", "is no time zone"),
        ({"timezone": ""}, "timezone", "Choose a time zone"),
        ({"topic": ""}, "topic", "Topic is missing"),
        ({"name": "Mail" + "x" * 200}, "name", "4 characters too long"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_with_all_that_was_typed(
    as_ada, sent, field, sentence
):
    answer = as_ada.post("/series", {**BRIEF, **WEEKLY, "name": "Mail", **sent})

    assert (answer.status_code, stored()) == (422, [])
    assert re.search(rf'<small id="{field}-error" class="error">[^<]*{sentence}', answer.text)
    assert 'value="Mail' in answer.text


def test_a_content_is_made_a_series_and_leads_to_it(as_ada, content):
    assert f"/series/new?again={content.id}" in as_ada.get(f"/contents/{content.id}").text
    assert content.topic in as_ada.get(f"/series/new?again={content.id}").text
    path = begin(as_ada)
    db.session.execute(update(Series).values(next_due=now()))
    db.session.commit()
    made = making.make(stored()[0].id)

    assert f"/contents/{made.id}" in as_ada.get(path).text
    assert path in as_ada.get(f"/contents/{made.id}").text
    as_ada.post(f"{path}/delete")
    assert path not in as_ada.get(f"/contents/{made.id}").text
    assert db.session.scalar(select(func.count(Series.id))) == 0


def test_voice_is_chosen_and_stays_when_all_else_is_edited(app, ada, as_ada):
    voice = KeptVoice(user_id=ada.id, name="Northwind", description="Dry wit")
    db.session.add(voice)
    db.session.commit()

    path = begin(as_ada, voice_id=str(voice.id))
    assert re.search(f'value="{voice.id}" selected', as_ada.get(f"{path}/edit").text)
    db.session.delete(db.session.get(KeptVoice, voice.id))
    db.session.commit()
    assert "Northwind (as it was)" in as_ada.get(f"{path}/edit").text
    as_ada.post(f"{path}/edit", {**BRIEF, **WEEKLY, "voice_id": str(voice.id), "tone": "warm"})

    assert stored()[0].voice.description == "Dry wit"
    assert "Northwind" in as_ada.get(path).text


def test_series_are_their_owner_s_alone(as_ada, as_bob):
    path = begin(as_ada)

    answers = [as_bob.get(path), as_bob.get(f"{path}/edit"), as_bob.post(f"{path}/delete")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert stored()


def test_zone_that_is_not_known_any_more_breaks_no_page(app, ada, as_ada):
    path, script = begin(as_ada), script_of(app, ada)
    db.session.execute(update(Series).values(timezone="Mars/Base"))
    db.session.commit()

    for page in ("/series", path, f"{path}/edit", "/calendar/"):
        assert as_ada.get(page).status_code == 200, page
    assert len(script.get("/series").json["items"]) == 1
    as_ada.post(f"{path}/pause")
    refused = as_ada.post(f"{path}/resume")
    assert (refused.status_code, script.patch(path, {"paused": False}).status_code) == (409, 409)
    assert "is no time zone: use one as Europe/Berlin. Edit the series" in refused.text
    assert as_ada.post(f"{path}/edit", {**BRIEF, **WEEKLY}).status_code == 303


@pytest.mark.parametrize(
    "choice",
    [
        Choice(Often.DAILY, "00:05"),
        Choice(Often.WEEKDAYS, "07:00"),
        Choice(Often.WEEKLY, "23:59", ("0", "3")),
        Choice(Often.MONTHLY, "07:30", day="L"),
        Choice(Often.MONTHLY, "07:30", day="31"),
    ],
)
def test_a_choice_is_the_same_again_when_its_rule_is_edited(choice):
    assert choice_of(choice.as_cron()) == choice


@pytest.mark.parametrize(
    "cron", ["0 7,19 * * *", "0 7 * 1 *", "0 7 1 * 1", "0 7 * * MON", "*/60 7 * * *"]
)
def test_what_no_choice_says_is_the_expert_s(cron):
    assert choice_of(cron) == Choice(Often.CRON, cron=cron)
    assert choice_of(cron).as_cron() == cron


def test_series_that_is_refused_for_now_is_in_its_form_still(app, as_ada, content):
    path, soon = begin(as_ada), now() + timedelta(minutes=5)
    app.config["SUBMISSIONS_PER_MINUTE"] = 1
    sent = {**BRIEF, "often": "daily", "time": f"{soon:%H:%M}", "timezone": "UTC"}

    refused = as_ada.post("/series", sent)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "1 texts within a minute" in refused.text
    assert BRIEF["topic"] in refused.text
    shown = as_ada.get(f"{path}/edit").text
    base = dict(re.findall(r'name="(base[^"]*)" value="([^"]*)"', shown))
    changed = as_ada.post(f"{path}/edit", {**sent, **base})
    assert changed.status_code == 429
    assert f'value="{soon:%H:%M}"' in changed.text
