"""One request holds up no other, whatever is sent: the event loop is held to account."""

from collections.abc import Iterator

import pytest
import requests
from attacks import ATTACKS, Attacked
from patience import PATIENCE

# What the loop may be held for at once, in seconds of CPU: twice what it is on a quiet machine, for
# on a busy one the same work takes more. Before they were bounded, attacks took ten times as much.
LONGEST = 0.5
CONNECTIONS = 300


@pytest.fixture
def web(settings: dict, tmp_path) -> Iterator[Attacked]:
    settings = {**settings, "CONNECTIONS_PER_PROCESS": CONNECTIONS // 3}
    web = Attacked(settings, tmp_path, CONNECTIONS)
    yield web
    web.stop()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_is_sent_holds_the_event_loop(web, attack):
    ATTACKS[attack](web)

    assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok
    assert web.longest_hold() < LONGEST


def test_watch_notices_who_holds_the_event_loop(web):
    """Else the test above could not fail."""
    requests.get(f"{web.url}/hold", timeout=PATIENCE)

    assert web.longest_hold() > LONGEST
