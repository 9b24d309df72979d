"""flask users delete: a person is erased, and what is theirs."""

import threading
from importlib import import_module
from types import SimpleNamespace

import pytest
from conftest import BRIEF, both_databases, make_user, wait_until
from dictation import Dictation
from sqlalchemy import event, func, select, text

from smartcontent.contents import ending, submitting, tagging
from smartcontent.events import TextChannel
from smartcontent.models import ApiToken, Content, Draft, Status, Tag, User
from smartcontent.ollama import Answer
from smartcontent.ollama.errors import failure
from smartcontent.scheduling.clerk import Clerk
from smartcontent.stores import keys
from smartcontent.stores.sql import db
from smartcontent.writing import attempt, job


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


@both_databases
def test_person_is_erased_with_all_that_is_theirs_and_nobody_else(
    flask, app, ada, bob, as_ada, ollama, valkey
):
    written = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current
    job.write_draft(written.id)
    waiting = submitting.submit(ada.id, BRIEF, "A cup").current.job_id
    bobs = submitting.submit(bob.id, BRIEF, "A plate").current.job_id
    _, secret = ApiToken.issue(ada, "script")
    # Of a worker that was killed before it noticed its draft's end.
    TextChannel(ada.id, "a content", written.id, 1).say("Marzipan ")

    result = flask("users", "delete", "Ada@Example.org", "--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 contents, 2 drafts, 1 API tokens" in result.stdout
    db.session.expire_all()
    assert User.with_email("ada@example.org") is None
    assert ApiToken.with_secret(secret) is None
    assert as_ada.get("/account/").status_code == 302
    assert [row for row in db.session.scalars(select(Content.user_id))] == [bob.id]
    assert (count(Draft), count(ApiToken)) == (1, 0)
    assert valkey.client.keys("smartcontent:text:*") == []
    assert valkey.client.exists(f"rq:job:{bobs}")
    assert not valkey.client.exists(f"rq:job:{waiting}")
    assert valkey.client.zrange(keys.SCHEDULED, 0, -1) == [bobs.encode()]


@both_databases
def test_number_of_an_erased_account_is_given_to_no_other(flask, app, bob):
    first = make_user("mal@example.org")
    number = first.id
    assert flask("users", "delete", first.email, "--yes").exit_code == 0

    assert make_user("mallory@example.org").id > number


@pytest.mark.parametrize("ended", [0, 1], ids=["as-begun", "signed-out-once"])
def test_session_of_an_erased_user_opens_no_account_that_gets_the_same_id(flask, app, bob, ended):
    """A backup that is put back has it given again."""
    sessions = []
    for _ in range(2):
        user = make_user("mal@example.org")
        for _ in range(ended):
            user.end_sessions()
        db.session.commit()
        sessions.append((user.id, user.get_id()))
        assert User.from_session(user.get_id()) == user
        assert flask("users", "delete", user.email, "--yes").exit_code == 0
        db.session.execute(text("DELETE FROM sqlite_sequence WHERE name = 'users'"))
        db.session.commit()
    (first_id, first), (second_id, second) = sessions
    assert first_id == second_id  # or this shows nothing
    assert first != second


class Erased:
    """Of the contents, or what else, that are erased: how many by each statement."""

    def __init__(self, fails_at: int = 0, table: str = "contents") -> None:
        self.numbers: list[int] = []
        self._fails_at = fails_at
        self._begins = f"DELETE FROM {table}"

    def __call__(self, _connection, cursor, statement, *_others) -> None:
        if statement.startswith(self._begins):
            self.numbers.append(cursor.rowcount)
            if len(self.numbers) == self._fails_at:
                raise KeyboardInterrupt

    def __enter__(self) -> "Erased":
        event.listen(db.engine, "after_cursor_execute", self)
        return self

    def __exit__(self, *_error) -> None:
        event.remove(db.engine, "after_cursor_execute", self)


@both_databases
def test_large_account_is_erased_in_small_steps_and_whoever_is_interrupted_begins_again(
    app, flask, ada, bob, monkeypatch
):
    app.config["SUBMISSIONS_PER_MINUTE"] = 1_000
    monkeypatch.setattr(import_module("smartcontent.cli.users"), "TOLD_EVERY", 10)
    for number in range(34):
        content = submitting.submit(ada.id, BRIEF, f"Teapot {number}", delay_seconds=3600)
        tagging.keep(content, {"tags": [f"tag {number}"]})
    email = ada.email

    with Erased(fails_at=2) as interrupted:
        flask("users", "delete", email, "--yes")
    db.session.rollback()
    db.session.expire_all()
    assert interrupted.numbers == [10, 10]
    assert count(Content) == 24
    assert not User.with_email(email).is_enabled

    with Erased() as again:
        result = flask("users", "delete", email, "--yes")

    assert result.exit_code == 0
    assert again.numbers == [10, 10, 4]
    assert result.stderr.splitlines() == [
        "Erased 10 of 24 contents",
        "Erased 20 of 24 contents",
    ]
    db.session.expire_all()
    assert (User.with_email(email), count(Content), count(Tag)) == (None, 0, 0)
    assert User.with_email(bob.email)


@both_databases
def test_content_with_many_versions_is_erased_in_small_steps_too(flask, ada):
    submitting.submit(ada.id, BRIEF, "A teapot", variants=[{}] * 30)

    with Erased(table="drafts") as erased:
        assert flask("users", "delete", ada.email, "--yes").exit_code == 0

    assert erased.numbers == [25, 5]


def test_erasing_asks_first(flask, ada):
    refused = flask("users", "delete", ada.email, input="n\n")
    assert (refused.exit_code, "0 contents" in refused.output) == (1, True)
    assert User.with_email(ada.email)

    assert flask("users", "delete", ada.email, input="y\n").exit_code == 0
    assert User.with_email("ada@example.org") is None


def test_last_administrator_is_not_erased_while_there_are_others(flask, founder, ada):
    result = flask("users", "delete", founder.email, "--yes")

    assert result.exit_code == 1
    assert "last administrator: make another one first" in result.stderr
    db.session.expire_all()
    assert User.with_email(founder.email).is_enabled


@both_databases
def test_founder_hands_the_house_to_another_administrator(flask, founder, ada):
    heir = make_user("heir@example.org", is_admin=True)

    assert flask("users", "delete", founder.email, "--yes").exit_code == 0

    db.session.refresh(heir)
    assert heir.is_founder
    assert count(User) == 2


def test_only_user_may_go_and_the_first_page_is_the_first_again(flask, founder, visitor):
    assert flask("users", "delete", founder.email, "--yes").exit_code == 0

    assert visitor.get("/").headers["Location"] == "/welcome"


def test_text_that_is_being_written_leaves_nothing_behind(app, flask, ada, ollama, valkey):
    Dictation(ollama).say("Marzipan ")
    draft_id = submitting.submit(ada.id, BRIEF, "A teapot", delay_seconds=0).current.id

    def write() -> None:
        with app.app_context():
            job.write_draft(draft_id)

    email = ada.email
    db.session.commit()  # SQLite has one writer: the test must not be it meanwhile
    worker = threading.Thread(target=write)
    worker.start()
    wait_until(lambda: valkey.client.keys("smartcontent:text:*"))

    assert flask("users", "delete", email, "--yes").exit_code == 0
    worker.join()

    assert valkey.client.keys("smartcontent:text:*") == []
    assert count(Draft) == 0


@both_databases
def test_text_of_a_worker_that_was_killed_is_gone_with_its_owner(app, flask, ada, bob, valkey):
    def say(draft: Draft) -> None:
        TextChannel(draft.user_id, "a content", draft.id, 1).say("Marzipan ")

    drafts = [submitting.submit(user.id, BRIEF, "A teapot").current for user in (ada, bob)]
    assert flask("users", "delete", ada.email, "--yes").exit_code == 0
    for draft in drafts:
        say(draft)  # and is killed before it has noticed
    valkey.client.set("smartcontent:text:nobody:1", "what we never wrote")
    db.session.commit()

    Clerk(app).turn()

    assert valkey.client.keys("smartcontent:text:*") == [
        f"smartcontent:text:{drafts[1].id}:1".encode()
    ]


@pytest.mark.parametrize("error", [None, attempt.WorkerStopping(), failure("busy", {})], ids=repr)
def test_writer_whose_draft_is_gone_when_it_ends_leaves_nothing_behind(
    due_draft, valkey, monkeypatch, error
):
    def write(attempt: attempt.Attempt, _request: object) -> Answer:
        attempt._channel.say("Marzipan ")
        ending.cancel(due_draft)
        if error:
            raise error
        return SimpleNamespace(taken_out="", done_reason="stop", stats={})

    monkeypatch.setattr(attempt.Attempt, "write", write)

    job.write_draft(due_draft.id)

    assert valkey.client.keys("smartcontent:text:*") == []
    db.session.refresh(due_draft)
    assert due_draft.status == Status.CANCELLED


def test_tokens_are_revoked_with_a_reset_password_unless_they_are_to_stay(flask, ada):
    def reset(*options: str):
        args = ("users", "reset-password", ada.email, "--password-stdin", *options)
        return flask(*args, input="a wholly new password\n")

    _, secret = ApiToken.issue(ada, "script")
    assert "no longer work" not in reset("--keep-tokens").stdout
    assert ApiToken.with_secret(secret)

    assert "no longer work: 1" in reset().stdout
    db.session.expire_all()
    assert ApiToken.with_secret(secret) is None


def test_operator_may_not_choose_a_common_password_either(flask, ada):
    args = ("users", "reset-password", ada.email, "--password-stdin")

    assert "guessed first" in flask(*args, input="password123\n").stderr
    assert "own address" in flask(*args, input="ada@example.org\n").stderr
