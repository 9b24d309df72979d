"""flask contents and flask queue, through the runner, on both databases."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from conftest import both_databases, free_port

from smartcontent.app import create_app
from smartcontent.contents import ending, submitting
from smartcontent.models import Content, Status, now
from smartcontent.stores import keys
from smartcontent.stores.sql import db
from smartcontent.writing import job

TEAPOT = ("--type", "product_description", "--topic", "A teapot of blue glass")


@both_databases
def test_created_brief_is_scheduled_and_its_id_alone_is_on_standard_output(flask, ada, valkey):
    result = flask(
        "contents", "create", ada.email, *TEAPOT, "--keyword", "tea", "--keyword", "glass",
        "--tone", "witty", "--delay", "90", "--seed", "7",
    )  # fmt: skip

    content = db.session.get(Content, UUID(result.stdout.strip()))
    assert content.user_id == ada.id
    assert (content.topic, content.tone, content.keywords) == (TEAPOT[3], "witty", ["tea", "glass"])
    assert content.settings["seed"] == 7
    wait = content.current.due_at - content.created_at
    assert timedelta(seconds=89.9) < wait < timedelta(seconds=90.1)
    assert valkey.client.zscore(keys.SCHEDULED, content.current.job_id)


def test_brief_that_cannot_be_used_is_refused_with_every_problem_named(flask, ada):
    result = flask("contents", "create", ada.email, "--type", "poem", "--temperature", "9")

    assert result.exit_code == 1
    for word in ("Content type is not known", "Topic is missing", "Temperature must be"):
        assert word in result.stderr
    assert db.session.query(Content).count() == 0


def test_list_is_filtered_and_fits_eighty_columns(flask, ada, content):
    submitting.submit(ada.id, content.brief, "Another title, one that is longer than there is room")
    ending.cancel(content.current)

    everything = flask("contents", "list", ada.email).stdout.splitlines()
    cancelled = json.loads(
        flask("contents", "list", ada.email, "--status", "cancelled", "--json").stdout
    )
    newest = flask("contents", "list", ada.email, "--limit", "1")

    assert len(everything) == 3
    assert max(map(len, everything)) <= 80
    assert [each["id"] for each in cancelled] == [str(content.id)]
    assert "--limit shows more" in newest.stderr


def test_show_tells_brief_status_and_text(flask, due_draft, ollama):
    ollama.says("Tea ", "is warm.")
    job.write_draft(due_draft.id)
    content_id = str(due_draft.content_id)

    page = flask("contents", "show", content_id).stdout
    document = json.loads(flask("contents", "show", content_id, "--json").stdout)

    assert "Status        Completed" in page
    assert page.endswith("\n\nTea is warm.\n")
    assert document["text"] == "Tea is warm."
    assert document["keywords"] == ["teapot"]
    assert document["drafts"][0]["status"] == "completed"


def test_what_others_wrote_commands_no_terminal(flask, ada, due_draft):
    written = due_draft.content.title = "Tea\x1b]52;c;aGk=\x07\x9b2J"
    due_draft.move(Status.CANCELLED, text=written)
    db.session.commit()
    content_id = str(due_draft.content_id)

    shown = [
        flask("contents", *asked).stdout
        for asked in (("list", ada.email), ("show", content_id), ("show", content_id, "--json"))
    ]

    assert all("Tea\\u001b" in each and "\\u009b2J" in each for each in shown)
    assert not any(sign in each for each in shown for sign in "\x1b\x07\x9b")
    assert json.loads(shown[2])["text"] == written


@both_databases
def test_cancelling_twice_succeeds_and_an_ended_draft_refuses(flask, content, due_draft, ollama):
    job.write_draft(due_draft.id)

    first = flask("contents", "cancel", str(content.id))
    second = flask("contents", "cancel", str(content.id))
    ended = flask("contents", "cancel", str(due_draft.content_id))

    assert (first.exit_code, second.exit_code, ended.exit_code) == (0, 0, 1)
    db.session.refresh(content.current)
    assert content.current.status == Status.CANCELLED
    assert "It had ended already: completed." in ended.stderr


@both_databases
def test_queue_status_counts_what_waits_in_the_database_and_in_redis(flask, content, due_draft):
    table = flask("queue", "status").stdout
    document = json.loads(flask("queue", "status", "--json").stdout)

    assert "Pending     2" in table
    assert "no worker is running → start one with `python worker.py`" in table
    assert document["drafts"]["pending"] == 2
    assert document["redis"] == {"scheduled": 2, "queued": 0}
    assert document["oldest_overdue"] < document["next_due"]
    assert document["scheduler"]["state"] == "down"


def test_reconcile_tells_first_and_repairs_then(flask, due_draft, valkey):
    due_draft.due_at = now() - timedelta(minutes=1)
    db.session.commit()
    valkey.client.flushall()

    told = flask("queue", "reconcile", "--dry-run").stdout
    assert valkey.client.zcard(keys.SCHEDULED) == 0
    repaired = flask("queue", "reconcile").stdout
    again = flask("queue", "reconcile").stdout

    assert told == repaired == f"draft {due_draft.id}: scheduled again, Redis had no job for it\n"
    assert valkey.client.zcard(keys.SCHEDULED) == 1
    assert again == "Nothing to repair.\n"


def test_without_redis_a_brief_is_stored_and_the_queue_says_what_it_knows(settings, ada):
    app = create_app(**settings | {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})
    flask = app.test_cli_runner().invoke

    created = flask(args=["contents", "create", ada.email, *TEAPOT])
    status = flask(args=["queue", "status"])

    assert created.exit_code == 0
    assert UUID(created.stdout.strip())
    assert "Redis does not answer → start it or check REDIS_URL" in status.stdout


@pytest.mark.parametrize("args", [("users", "list"), ("queue", "status"), ("queue", "reconcile")])
def test_without_tables_one_sentence_names_the_remedy(settings, tmp_path, args):
    app = create_app(**settings | {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"})

    result = app.test_cli_runner().invoke(args=args)

    assert result.exit_code == 1
    assert (
        result.stderr
        == "Error: The database has no tables yet. Run `flask --app wsgi db upgrade`.\n"
    )
