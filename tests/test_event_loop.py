"""One request holds up no other, whatever is sent: the event loop is held to account."""

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from attacks import ATTACKS, LARGE, SMALL, Attacked
from conftest import SECRET, Valkey
from costs import cpu_seconds, slowness
from patience import PATIENCE
from processes import Browser
from standing import replace_database
from xlsxwriter import Workbook

from smartcontent.texts.search.tokens import searchable
from smartcontent.web.threads import HASHING_NICE

# What the loop may be held for at once, in seconds of CPU: twice what it is on a quiet machine, for
# on a busy one the same work takes more. Before they were bounded, attacks took ten times as much.
LONGEST = 0.5
CONNECTIONS = 300


@pytest.fixture(scope="module")
def start_attacked(
    shared_valkey: Valkey, databases: dict, tmp_path_factory
) -> Iterator[Callable[[], Attacked]]:
    started = []

    def start() -> Attacked:
        started.append(_attacked(shared_valkey, databases, tmp_path_factory.mktemp("attacked")))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def web(start_attacked: Callable[[], Attacked]) -> Attacked:
    """One process for all attacks: each finds it as the one before has left it."""
    return start_attacked()


def _attacked(shared_valkey: Valkey, databases: dict, folder: Path) -> Attacked:
    replace_database(folder / "smartcontent.db", databases["sqlite"])
    shared_valkey.client.flushall()
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/smartcontent.db",
        "REDIS_URL": shared_valkey.url,
        "SECRET_KEY": SECRET,
        "SMARTCONTENT_HOME": folder,
        "CONNECTIONS_PER_PROCESS": CONNECTIONS // 3,
    }
    return Attacked(settings, folder, CONNECTIONS, SMALL)


# Hashes are of 30 ms each: that they are made beside the loop, and below it, is seen further down.
@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - {"many sign-ups"}))
def test_nothing_that_is_sent_holds_the_event_loop(web, attack):
    for _ in range(2):  # a machine that stands still counts as work
        ATTACKS[attack](web)
        assert requests.get(f"{web.url}/healthz", timeout=PATIENCE).ok
        if (held := web.longest_hold()) < LONGEST:
            return

    assert held / slowness() < LONGEST


def test_long_text_is_made_findable_beside_the_event_loop(web):
    # Korean, hardly a word of it twice: what takes longest.
    syllables = [chr(0xAC00 + number * 5 % 11_172) for number in range(LARGE * 5 // 6)]
    text = " ".join("".join(syllables[at : at + 5]) for at in range(0, len(syllables), 5))
    user, headers = web.browser(), {"Authorization": f"Bearer {web.token()}"}

    def done(said: str) -> dict[str, float]:
        """How long each act of a content with this text held the loop."""
        content_id, holds = web.finished("Tea."), {}
        page, web_api = f"/contents/{content_id}", f"{web.url}/api/v1/contents/{content_id}"
        for name, act in {
            "edited": lambda: user.post(f"{page}/text", title="A teapot", text=said),
            "first again": lambda: user.post(f"{page}/versions/1/current"),
            "current again": lambda: user.post(f"{page}/versions/2/current"),
            "retitled": lambda: user.session.patch(web_api, json={"title": "B"}, headers=headers),
        }.items():
            web.longest_hold()
            assert act().status_code in (200, 303)
            holds[name] = web.longest_hold()
        return holds

    done("Tea is warm.")  # what is done once in a process is done
    for _ in range(5):  # a machine that stands still counts as work
        holds = done(text)
        if max(holds.values()) < cpu_seconds(lambda: searchable(text)) / 2:
            return

    raise AssertionError(holds)


def test_table_is_kept_and_looked_at_beside_the_event_loop(web):
    # In a workbook, which says it once, for eight megabytes; the page shows little of it.
    rows = [[number, ["\U0001f375" * 32_000]] for number in range(2, 62)]
    with Workbook(file := io.BytesIO()) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "a")
        for number, cells in rows:
            sheet.write_string(number - 1, 0, *cells)
    user = web.browser()

    def held() -> float:
        """The longest of keeping the table and of its page."""
        web.longest_hold()
        page = user.session.post(
            f"{web.url}/batches",
            data={"csrf_token": user.token()},
            files={"file": ("table.xlsx", file.getvalue())},
            timeout=PATIENCE,
        )
        assert page.url.endswith("/table")
        return web.longest_hold()

    held()  # what is done once in a process is done
    as_one = cpu_seconds(lambda: json.loads(json.dumps(rows)))
    # A machine that stands still counts as work.
    assert any(held() < as_one / 4 for _ in range(5))


def test_templates_are_compiled_beside_the_event_loop(start_attacked):
    web = start_attacked()
    content_id, user = web.finished("Tea."), web.browser()
    web.longest_hold()
    user.session.get(f"{web.url}/contents/{content_id}", timeout=PATIENCE)
    hold, began = web.longest_hold(), time.thread_time()
    for part in ("view", "status", "actions", "refine", "quality", "how_written"):
        web.app.jinja_env.get_template(f"contents/_{part}.html")

    assert hold < time.thread_time() - began


@pytest.mark.skipif(
    sys.platform != "linux" or os.getpriority(os.PRIO_PROCESS, 0) >= HASHING_NICE,
    reason="a thread has a priority of its own on Linux alone, and none is raised",
)
def test_threads_give_way_to_the_event_loop(web):
    Browser(web.url).post("/sign-in", email="nobody@example.org", password="a password")

    told = web.watched()
    threads = [int(task.name) for task in Path(f"/proc/{told['pid']}/task").iterdir()]
    nice = {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
    first = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice[told["pid"]] == first
    hashing = [each for each in nice.values() if each > first]
    assert 1 <= len(hashing) <= max(1, (os.cpu_count() or 1) // 2)
    assert told["lock_seconds"] < 0.005, "as Python has it"


def test_watch_notices_who_holds_the_event_loop(web):
    """Else the test above could not fail."""
    requests.get(f"{web.url}/hold", timeout=PATIENCE)

    assert web.longest_hold() > LONGEST
