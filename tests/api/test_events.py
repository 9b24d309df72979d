"""GET /api/v1/events, from a real web process."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain

import pytest
import requests
from conftest import wait_until
from open_page import is_heard
from patience import PATIENCE

from smartcontent.models import ApiToken, now
from smartcontent.stores.sql import db
from smartcontent.writing import job

Events = Iterator[tuple[str, dict]]


@pytest.fixture
def events(web, script, ada, valkey) -> Callable[..., AbstractContextManager[Events]]:
    """Opens Ada's stream: its snapshot, and what happens once the web process hears of it."""
    headers = {"Authorization": f"Bearer {script.token}", "Last-Event-ID": "smartcontent:user:1"}

    @contextmanager
    def events(path: str = "/api/v1/events") -> Iterator[Events]:
        address = f"{web.url}{path}"
        with requests.get(address, headers=headers, stream=True, timeout=PATIENCE) as answer:
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            stream = parsed(answer)
            snapshot = next(stream)
            wait_until(lambda: is_heard(valkey, ada))
            # It may start over where Redis was slow, and says now and then that it is alive.
            yield chain([snapshot], (e for e in stream if e[0] not in ("snapshot", "alive")))

    return events


def parsed(answer: requests.Response) -> Iterator[tuple[str, dict]]:
    name = ""
    for line in answer.iter_lines(chunk_size=1):
        if line.startswith(b"event: "):
            name = line[7:].decode()
        elif line.startswith(b"data: "):
            yield name, json.loads(line[6:])


def test_script_follows_its_draft_to_the_end(events, script, ollama):
    ollama.says("Tea ", "is warm.", gap=0.06)
    with events() as stream:
        assert next(stream)[0] == "snapshot"
        told = script.submit(delay_seconds=0)
        job.write_draft(told["draft_id"])

        seen = []
        while not seen or seen[-1][1].get("status") != "completed":
            seen.append(next(stream))

    statuses = [data["status"] for name, data in seen if name == "status"]
    words = "".join(data["text"] for name, data in seen if name == "text")
    assert statuses == ["pending", "generating", "completed"]
    assert words == "Tea is warm."


def test_stream_carries_nothing_of_others(events, script, bobs_script):
    bobs_script.submit()
    with events("/api/v1/events?user_id=3&channel=smartcontent:user:3") as stream:
        assert next(stream)[1]["drafts"] == []
        bobs_script.submit()
        told = script.submit()

        assert next(stream)[1]["content_id"] == told["id"]


@pytest.mark.parametrize("reason", ["revoked token", "disabled user"])
def test_stream_ends_with(events, ada, reason):
    with events() as stream:
        next(stream)
        if reason == "revoked token":
            db.session.query(ApiToken).update({"revoked_at": now()})
        else:
            ada.is_enabled = False
        db.session.commit()

        assert list(stream) == []


def test_stream_too_many_is_refused_until_one_closes(web, script):
    headers = {"Authorization": f"Bearer {script.token}"}
    url = f"{web.url}/api/v1/events"
    streams = [requests.get(url, headers=headers, stream=True, timeout=PATIENCE) for _ in range(6)]
    events_of = [parsed(stream) for stream in streams]  # held, or their streams would be closed
    for events_of_one in events_of:
        next(events_of_one)

    refused = requests.get(url, headers=headers, timeout=PATIENCE)
    streams[0].close()

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert refused.json()["status"] == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    wait_until(lambda: opens(url, headers), every=0.1)
    for stream in streams[1:]:
        stream.close()


def opens(url: str, headers: dict) -> bool:
    with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as answer:
        return answer.status_code == 200


def test_body_sent_slowly_keeps_nobody_from_writing(web, script):
    body = json.dumps({"content_type": "ad_copy", "topic": "tea"}).encode()
    headers = {"Authorization": f"Bearer {script.token}", "Content-Type": "application/json"}
    url = f"{web.url}/api/v1/contents"

    def slowly() -> Iterator[bytes]:
        yield body[:10]
        # The process takes requests in order: when it has answered this one, it knows of the other.
        assert requests.post(url, data=body, headers=headers, timeout=PATIENCE).status_code == 202
        script.submit()
        yield body[10:]

    answer = requests.post(url, data=slowly(), headers=headers, timeout=PATIENCE)

    assert answer.status_code == 202, answer.text
