"""A scheduler is killed or paused, or there are two of them."""

import signal
from datetime import timedelta

from conftest import wait_until
from sqlalchemy import delete, func, select, update

from faults import on_both
from faults.site import brief_about
from faults.storyteller import topic
from smartcontent.contents.series import acting
from smartcontent.contents.series.acting import Plan
from smartcontent.models import Content, Series, now
from smartcontent.stores.sql import db


@on_both
def test_draft_that_falls_due_without_a_scheduler_starts_when_one_is_back(site):
    site.kill("scheduler")
    sent = site.submit()
    site.start("scheduler")

    site.wait_for(sent, "completed")


def test_standby_takes_over_when_a_scheduler_is_killed(site):
    site.start("scheduler-2")
    site.kill("scheduler")

    site.wait_for(site.submit(), "completed")


def test_scheduler_paused_and_continued_moves_nothing_twice(site):
    site.start("scheduler-2")
    site.processes.kill("scheduler", signal.SIGSTOP)
    sent = [site.submit() for _ in range(20)]
    for one in sent:
        site.wait_for(one, "completed")
    site.processes.kill("scheduler", signal.SIGCONT)

    another = site.submit()

    site.wait_for(another, "completed")
    assert {site.draft(one)["attempt"] for one in [*sent, another]} == {1}


def test_two_schedulers_start_every_draft_once_and_none_early(site):
    site.start("scheduler-2")
    sent = [site.submit(delay=0.5 + number / 50) for number in range(50)]

    wait_until(lambda: not site.unfinished())

    assert [len(site.ollama.requests_for(one.topic)) for one in sent] == [1] * len(sent)
    drafts = [site.draft(one) for one in sent]
    assert all(draft["started_at"] >= draft["due_at"] for draft in drafts)


@on_both
def test_series_that_are_due_while_schedulers_die_are_written_once_each(site):
    site.start("scheduler-2")
    topics = [topic(next(site.numbers)) for _ in range(12)]
    with site.acting():
        for each in topics:
            values = vars(brief_about(each))
            acting.begin(site.user_id, Plan(values, "0 0 1 1 *", "UTC"))
        db.session.execute(update(Series).values(next_due=now() - timedelta(seconds=1)))

    for name in ("scheduler", "scheduler-2", "scheduler"):
        site.start(name)  # which kills the one that runs

    wait_until(lambda: len(site.ledger.drafts()) >= len(topics) and not site.unfinished())
    for each in topics:
        assert len(site.ollama.requests_for(each)) == 1, each
    with site.acting():
        made = select(func.count(Content.id)).where(Content.series_id.is_not(None))
        assert db.session.scalar(made) == len(topics)
        db.session.execute(delete(Series))
