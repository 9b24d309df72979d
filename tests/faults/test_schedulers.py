"""A scheduler is killed or paused, or there are two of them."""

import signal

from conftest import wait_until

from faults import on_both


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
