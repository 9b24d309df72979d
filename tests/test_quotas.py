"""How much one user may ask for: refused with a sentence and the time to come again."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from api.conftest import BRIEF as API_BRIEF
from api.conftest import script_of
from conftest import BRIEF, Visitor, both_databases
from sqlalchemy import event, func, select, text, update
from werkzeug.exceptions import TooManyRequests

from smartcontent.accounts.invitations import invitation_for
from smartcontent.contents import quotas, submitting, versions
from smartcontent.contents.batches import acting as batches
from smartcontent.contents.series import acting as series
from smartcontent.contents.series.acting import Plan
from smartcontent.models import Asking, Batch, Content, Draft, Status, User, now
from smartcontent.stores.sql import db

FORM = {"content_type": BRIEF.content_type, "topic": "A teapot that nobody forgets"}
NEW = {"password": "a long new password", "password_again": "a long new password"}
FAST, MANY = "SUBMISSIONS_PER_MINUTE", "UNFINISHED_PER_USER"


def submit(user: User) -> Content:
    return submitting.submit(user.id, BRIEF, "A teapot")


def end(user: User) -> None:
    """Every draft of the user has ended."""
    db.session.execute(update(Draft).filter_by(user_id=user.id).values(status=Status.COMPLETED))
    db.session.commit()


def stored(model: type = Content) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


@both_databases
def test_unfinished_drafts_of_a_user_are_limited(app, ada, bob):
    app.config[MANY] = 2
    for _ in range(2):
        submit(ada)

    with pytest.raises(TooManyRequests, match="may have 2 unfinished drafts"):
        submit(ada)

    assert stored() == 2
    submit(bob)
    end(ada)
    submit(ada)


@both_databases
def test_rows_of_batches_within_an_hour_are_limited(app, ada, bob):
    """Those of a batch that is cancelled at once, too: nothing of it is unfinished."""
    app.config[MANY] = 2
    rows = {"rows": [API_BRIEF] * 2}
    script, other = script_of(app, ada), script_of(app, bob)
    for _ in range(5):
        assert script.post("/batches", rows).status_code == 202
        end(ada)

    refused = script.post("/batches", rows)

    assert refused.status_code == 429
    assert "may ask for 10 texts in batches within an hour" in refused.json["detail"]
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert stored() == 10
    submit(ada)
    assert other.post("/batches", rows).status_code == 202
    end(ada)
    db.session.execute(update(Draft).values(created_at=now() - timedelta(hours=1)))
    db.session.commit()
    assert script.post("/batches", rows).status_code == 202


@both_databases
def test_rows_of_batches_sent_at_once_are_counted_as_they_are_stored(app, ada, monkeypatch):
    app.config[MANY] = 2
    monkeypatch.setattr(quotas, "TIMES_AN_HOUR", 1)
    monkeypatch.setattr(quotas, "check_ahead", lambda *_: None)  # each has looked before the other
    script, rows = script_of(app, ada), {"rows": [API_BRIEF] * 2}
    assert script.post("/batches", rows).status_code == 202
    end(ada)

    assert script.post("/batches", rows).status_code == 429

    assert stored() == 2


@both_databases
def test_submissions_within_a_minute_are_limited(app, ada, bob):
    app.config[FAST] = 2
    first, _ = submit(ada), submit(ada)
    end(ada)

    with pytest.raises(TooManyRequests, match="may ask for 2 texts within a minute") as refused:
        submit(ada)

    assert 0 < refused.value.retry_after <= 60
    assert stored() == 2
    submit(bob)
    first.drafts[0].created_at = now() - timedelta(seconds=61)
    db.session.commit()
    submit(ada)


@both_databases
def test_of_many_at_once_no_more_get_through_than_may(app, ada):
    app.config[FAST] = 5
    script = script_of(app, ada)

    def post(_number: int) -> int:
        with app.app_context():
            return (
                script.app.test_client()
                .post("/api/v1/contents", json=API_BRIEF, headers=script._headers)
                .status_code
            )

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(post, range(20)))

    assert sorted(set(statuses)) == [202, 429]
    assert statuses.count(202) == stored() == 5


def test_brief_that_is_refused_stays_in_the_form(app, as_ada, ada):
    app.config[MANY] = 1
    submit(ada)

    answer = as_ada.post("/contents", FORM)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert "wait until some are done, or cancel some. Your brief is still here." in answer.text
    assert FORM["topic"] in answer.text


def test_script_that_is_refused_reads_a_problem(app, ada):
    app.config[FAST] = 1
    script = script_of(app, ada)
    script.submit()

    answer = script.post("/contents", API_BRIEF)

    assert answer.status_code == 429
    assert answer.content_type == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "then send it again" in answer.json["detail"]


def test_submission_that_is_sent_again_counts_for_nothing(app, ada):
    app.config[FAST] = app.config[MANY] = 1
    script = script_of(app, ada)
    key = {"Idempotency-Key": "teapot"}
    first = script.post("/contents", API_BRIEF, headers=key)

    again = [script.post("/contents", API_BRIEF, headers=key) for _ in range(3)]

    assert [answer.status_code for answer in again] == [202] * 3
    assert {answer.json["id"] for answer in again} == {first.json["id"]}


def test_refused_submission_does_not_use_up_its_key(app, ada):
    app.config[MANY] = 1
    script = script_of(app, ada)
    script.submit()
    key = {"Idempotency-Key": "teapot"}
    assert script.post("/contents", API_BRIEF, headers=key).status_code == 429
    end(ada)

    answer = script.post("/contents", API_BRIEF, headers=key)

    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer.headers


def test_another_draft_of_the_same_brief_counts(app, as_ada, ada):
    content = submit(ada)
    end(ada)
    app.config[FAST] = 1
    script = script_of(app, ada)

    page = as_ada.post(f"/contents/{content.id}/retry")
    answer = script.post(f"/contents/{content.id}/retry")

    assert (page.status_code, answer.status_code) == (429, 429)
    assert "then send it again" in page.text
    assert int(page.headers["Retry-After"]) <= 60
    assert stored(Draft) == 1


@pytest.mark.parametrize("asked", [{}, {"variants": 2}, {"refine": "shorter"}])
def test_text_made_of_another_counts(app, ada, asked):
    content = submit(ada)
    content.current.text = "Tea is warm."
    end(ada)
    app.config[FAST] = 1

    answer = script_of(app, ada).post(f"/contents/{content.id}/drafts", asked)

    assert answer.status_code == 429
    assert stored(Draft) == 1


def test_text_edited_by_hand_is_no_submission(app, as_ada, ada):
    content = submit(ada)
    end(ada)
    app.config[FAST] = 1

    for number in range(3):
        edited = {"title": "A teapot", "text": f"Edited {number}"}
        assert as_ada.post(f"/contents/{content.id}/text", edited).status_code == 303


def test_commands_are_counted_too(app, flask, ada):
    app.config[FAST] = 1
    submit(ada)

    result = flask("contents", "create", ada.email, "--type", BRIEF.content_type, "--topic", "Tea")

    assert result.exit_code == 1
    assert "may ask for 1 texts within a minute" in result.output
    assert "Traceback" not in result.output


def test_counting_reads_an_index_not_all_drafts_of_a_user(app):
    for condition, index in (
        ("status IN ('pending', 'queued')", "ix_drafts_user_id_status"),
        ("created_at > '2026-01-01' ORDER BY created_at DESC", "ix_drafts_user_id_created_at"),
    ):
        query = f"EXPLAIN QUERY PLAN SELECT id FROM drafts WHERE user_id = 1 AND {condition}"
        assert index in str(db.session.execute(text(query)).all())


def test_sign_ups_from_one_address_are_limited(app, founder):
    app.config.update(SIGNUP="open", SIGNUPS_PER_HOUR=2)

    def sign_up(number: int, **options: object):
        data = {"email": f"eve{number}@example.org", **NEW}
        return Visitor(app).post("/sign-up", data, **options)

    answers = [sign_up(number) for number in range(3)]

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "ask an administrator for an invitation" in answers[-1].text
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3600
    assert stored(User) == 3
    assert sign_up(4, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 303


def test_invited_people_may_come_all_at_once(app, founder):
    app.config.update(SIGNUP="invite", SIGNUPS_PER_HOUR=1)

    for number in range(3):
        address = f"eve{number}@example.org"
        path = f"/sign-up?invitation={invitation_for(address)}"
        assert Visitor(app).post(path, {"email": address, **NEW}).status_code == 303


@both_databases
def test_what_was_asked_for_counts_though_it_is_deleted(app, ada, content):
    end(ada)
    long_ago = {"text": "Tea.", "created_at": now() - timedelta(seconds=61)}
    db.session.execute(update(Draft).values(long_ago))
    db.session.commit()
    app.config[FAST] = 2
    script = script_of(app, ada)

    def ask_and_delete() -> int:
        asked = script.post(f"/contents/{content.id}/drafts", {"refine": "shorter"})
        if asked.status_code == 202:
            number = asked.json["drafts"][0]["number"]
            assert script.delete(f"/contents/{content.id}/drafts/{number}").status_code == 204
        return asked.status_code

    assert [ask_and_delete() for _ in range(3)] == [202, 202, 429]
    db.session.execute(update(Asking).values(at=now() - timedelta(seconds=61)))
    db.session.commit()
    assert ask_and_delete() == 202


@both_databases
def test_rows_of_batches_count_though_their_versions_are_deleted(app, ada, monkeypatch):
    app.config[MANY] = 2
    monkeypatch.setattr(quotas, "TIMES_AN_HOUR", 1)
    script, rows = script_of(app, ada), {"rows": [API_BRIEF] * 2}
    assert script.post("/batches", rows).status_code == 202
    end(ada)
    for content in db.session.scalars(select(Content)).all():
        script.post(f"/contents/{content.id}/drafts", {"text": "Typed"})
        assert script.delete(f"/contents/{content.id}/drafts/1").status_code == 204

    refused = script.post("/batches", rows)

    assert refused.status_code == 429
    assert "2 texts in batches within an hour" in refused.json["detail"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ["edit", "remove", "retry", "retry batch", "series"])
def test_user_is_held_before_what_was_asked_for_is_forgotten(app, ada, monkeypatch, act):
    """Of two acts that hold them in two orders PostgreSQL ends one."""
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 2)
    sent = script_of(app, ada).post("/batches", {"rows": [API_BRIEF]})
    batch = Batch.find(ada.id, UUID(sent.json["id"]))
    content = db.session.scalars(select(Content)).one()
    versions.cancel(content.current)
    versions.retry(content)
    db.session.execute(update(Draft).values(status=Status.FAILED))
    db.session.commit()
    db.session.expire_all()
    hourly = Plan({"content_type": BRIEF.content_type, "topic": "Tea"}, "0 * * * *", "UTC")
    paused = series.begin(ada.id, hourly, is_paused=True)
    act_of = {
        "edit": lambda: versions.save_edit(content, "A teapot", "Tea."),
        "remove": lambda: versions.remove(content, 1),
        "retry": lambda: versions.retry(content),
        "retry batch": lambda: batches.retry(batch),
        "series": lambda: series.resume(paused),
    }
    asked = list[str]()

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    act_of[act]()
    event.remove(db.engine, "before_cursor_execute", note)

    forgets = [sql.startswith("DELETE FROM askings") for sql in asked].index(True)
    assert any(re.search("FROM users.*FOR NO KEY UPDATE", sql, re.S) for sql in asked[:forgets])


def test_what_was_asked_for_is_forgotten_after_an_hour(app, ada, content):
    db.session.add(Asking(user_id=ada.id, at=now() - timedelta(hours=2)))
    db.session.execute(update(Draft).values(status=Status.COMPLETED, text="Tea."))
    db.session.commit()
    script = script_of(app, ada)
    script.post(f"/contents/{content.id}/drafts", {"refine": "shorter"})
    script.delete(f"/contents/{content.id}/drafts/2")

    assert stored(Asking) == 1


@both_databases
def test_series_that_begin_soon_are_counted(app, ada, as_ada):
    app.config[FAST] = 2
    soon = now() + timedelta(minutes=5)
    series = {"brief": API_BRIEF, "rule": f"{soon:%M %H} * * *"}
    script = script_of(app, ada)
    later = {**series, "rule": f"{now() + timedelta(hours=2):%M %H} * * *"}

    def begin_and_end() -> int:
        begun = script.post("/series", series)
        if begun.status_code == 201:
            assert script.delete(f"/series/{begun.json['id']}").status_code == 204
        return begun.status_code

    assert [begin_and_end() for _ in range(3)] == [201, 201, 429]
    left = script.post("/series", later)
    assert left.status_code == 201
    changed_later = left.json["id"]
    changed = script.patch(f"/series/{left.json['id']}", {"rule": series["rule"]})
    assert changed.status_code == 429
    assert 0 < int(changed.headers["Retry-After"]) <= 60
    paused = script.post("/series", {**series, "paused": True})
    assert paused.status_code == 201
    assert script.patch(f"/series/{paused.json['id']}", {"paused": False}).status_code == 429
    both = {"rule": series["rule"], "paused": False}
    of_another_time = script.post("/series", {**later, "paused": True})
    assert script.patch(f"/series/{of_another_time.json['id']}", both).status_code == 429
    left = script.get(f"/series/{of_another_time.json['id']}").json
    assert (left["rule"], left["paused"]) == (later["rule"], True)
    running = {"rule": series["rule"], "paused": True}
    assert script.patch(f"/series/{changed_later}", running).status_code == 200
