"""Redis is killed, comes back empty, is away for a while, or accepts and says nothing."""

import pytest
from conftest import wait_until

from faults import long_on_postgresql
from faults.site import Sent, Site
from smartcontent.health.finding import State
from smartcontent.health.processes import check_workers


@pytest.fixture
def at_every_stage(site: Site) -> list[Sent]:
    """A draft being written, one that waits in the queue, and two whose time has yet to come."""
    site.ollama.go_on()
    writing = [site.submit(), site.submit()]  # as many as there are slots
    for sent in writing:
        site.wait_for_requests(sent)
    queued = site.submit()
    wait_until(lambda: site.valkey.client.llen("rq:queue:generation") == 1)
    return [*writing, queued, site.submit(delay=1.5), site.submit(delay=4)]


def everything_is_written_once(site: Site, drafts: list[Sent]) -> None:
    site.ollama.finish()
    for sent in drafts:
        site.wait_for(sent, "completed")
    assert [site.draft(sent)["attempt"] for sent in drafts] == [1] * len(drafts)


@long_on_postgresql
def test_nothing_is_lost_when_redis_is_killed_and_started_again(site, at_every_stage):
    site.valkey.kill()
    site.valkey.start()

    everything_is_written_once(site, at_every_stage)


@long_on_postgresql
def test_nothing_is_lost_when_redis_forgets_everything(site, at_every_stage):
    site.valkey.client.flushall()

    everything_is_written_once(site, at_every_stage)


def test_worker_that_redis_forgot_is_known_again(site):
    site.valkey.client.flushall()

    with site.acting():
        wait_until(lambda: check_workers().state is State.OK)


@pytest.mark.long
def test_redis_that_is_away_in_mid_text_does_not_hurt_the_text(site):
    sent = site.begin_text()

    site.redis["worker"].refuse()
    assert site.finish(sent)["attempt"] == 1
    site.redis["worker"].restore()

    site.wait_for(site.submit(), "completed")


def test_text_that_redis_missed_is_shown_whole_when_it_is_back(site):
    sent = site.begin_text()
    site.redis["worker"].cut()
    site.valkey.client.flushall()

    wait_until(lambda: ", telling 1: word 0 word 1 " in site.text_shown(sent))


@pytest.mark.parametrize(
    "fault", ["refuse", pytest.param("black_hole", marks=pytest.mark.long), "strand"]
)
def test_scheduling_goes_on_by_itself_after_redis_was_away(site, fault):
    for name in ("scheduler", "worker"):
        getattr(site.redis[name], fault)()
    sent = site.submit(delay=0.2)
    wait_until(lambda: is_noticed(site, fault, sent))
    for name in ("scheduler", "worker"):
        site.redis[name].restore()

    site.wait_for(sent, "completed")


def is_noticed(site: Site, fault: str, sent: Sent) -> bool:
    """Whether the scheduler has felt the fault."""
    if fault == "strand":  # nobody notices that one
        return True
    return bool(site.processes.said("scheduler", "Redis does not answer"))
