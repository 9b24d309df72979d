"""What must be true of every draft ever submitted, whatever has failed meanwhile."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import redis as redis_py
from patience import PATIENCE
from scripted_ollama import Recorded

from faults.ledger import Change, Ledger
from faults.storyteller import Storyteller
from smartcontent.models.job_ids import draft_id_of
from smartcontent.models.status import FINAL
from smartcontent.stores import keys
from smartcontent.stores.keys import QUEUE

# How long a stopped draft's connection may stay open: another draft of its content may begin.
# A worker looks five times a second whether it was stopped, and a busy machine takes its time.
CLOSING_SECONDS = PATIENCE / 30


class Invariants:
    """Compares database, Redis and Ollama; `broken` says in sentences what does not fit."""

    def __init__(self, ledger: Ledger, redis: redis_py.Redis, ollama: Storyteller) -> None:
        self._ledger, self._redis, self._ollama = ledger, redis, ollama
        self._may_be_two: set[str] = set()

    def allow_two_at_once(self, topic: str) -> None:
        """Expect a text to be told twice at a time: a whole host that is paused cannot hang up."""
        self._may_be_two.add(topic)

    def broken(self) -> list[str]:
        """Every violation in the database and at Ollama, once all drafts have had their time."""
        drafts = self._ledger.drafts()
        history = self._ledger.history()
        return [
            *self._unfinished(drafts),
            *self._early(history),
            *self._changed_after_the_end(history),
            *self._unclaimed_requests(drafts, history),
            *self._two_at_once(drafts),
            *self._foreign_texts(drafts),
        ]

    def _unfinished(self, drafts: list[dict[str, Any]]) -> Iterator[str]:
        for draft in drafts:
            if draft["status"] not in FINAL and draft["status"] != "held":
                yield f"draft {draft['id']} is still {draft['status']}"

    def _early(self, history: list[Change]) -> Iterator[str]:
        for change in history:
            if change.is_claim and change.started_at < change.due_at:
                early = (change.due_at - change.started_at).total_seconds() * 1000
                yield f"draft {change.draft_id} started {early:.3f} ms early"

    def _changed_after_the_end(self, history: list[Change]) -> Iterator[str]:
        for change in history:
            # What is found out about a text may be noted after its end.
            if change.before in FINAL and (change.after != change.before or change.is_rewritten):
                yield f"draft {change.draft_id} became {change.after} after {change.before}"

    def _unclaimed_requests(
        self, drafts: list[dict[str, Any]], history: list[Change]
    ) -> Iterator[str]:
        """Ollama's own clock: the n-th request for a text came after the n-th claim of it."""
        topics = {draft["id"]: draft["topic"] for draft in drafts}
        claims = [
            (topics[change.draft_id], change.started_at) for change in history if change.is_claim
        ]
        for name in set(topics.values()):
            starts = sorted(started for topic, started in claims if topic == name)
            requests = sorted(map(came_at, self._ollama.requests_for(name)))
            for number, request in enumerate(requests):
                if number >= len(starts) or request < starts[number]:
                    yield f"{name}: request {number + 1} came without a claim"

    def _two_at_once(self, drafts: list[dict[str, Any]]) -> Iterator[str]:
        names = [draft["topic"] for draft in drafts]
        for name in set(names) - self._may_be_two:
            allowed = CLOSING_SECONDS if names.count(name) > 1 else 0.0
            requests = sorted(self._ollama.requests_for(name), key=lambda r: r.at)
            for first, second in itertools.pairwise(requests):
                ended = first.closed_at or first.finished_at or time.monotonic()
                if ended - second.at > allowed:
                    yield f"{name}: two requests were open at once for {ended - second.at:.3f} s"

    def _foreign_texts(self, drafts: list[dict[str, Any]]) -> Iterator[str]:
        """A completed text is one that Ollama told to its end, whole and nobody else's."""
        for draft in drafts:
            if draft["origin"] == "edited":  # by a person
                continue
            told = self._ollama.of(draft["topic"])
            whole = [story.text for story in told if story.request.finished_at]
            if draft["status"] == "completed" and told and draft["text"] not in whole:
                yield f"draft {draft['id']} has a text that nobody told: {draft['text'][:80]!r}"

    def left_in_redis(self) -> list[str]:
        """What should be gone: RQ clears up a moment after a draft has ended."""
        return list(self._left_in_redis())

    def _left_in_redis(self) -> Iterator[str]:
        """No entry, no place in the queue, and no hash that nobody will ever remove."""
        for job_id in self._redis.zrange(keys.SCHEDULED, 0, -1):
            yield f"{job_id!r} is left in the sorted set"
        for job_id in self._redis.lrange(keys.QUEUED, 0, -1):
            yield f"{job_id!r} is left in the queue"
        # RQ itself sweeps up those whose worker did not say how they ended, or was cut off between
        # taking a job and saying that it has it.
        swept = {
            *(entry.rpartition(b":")[0] for entry in self._redis.zrange(f"rq:wip:{QUEUE}", 0, -1)),
            *self._redis.lrange(f"rq:queue:{QUEUE}:intermediate", 0, -1),
        }
        for key in self._redis.scan_iter("rq:job:*"):
            name = key.removeprefix(b"rq:job:")
            is_ours = draft_id_of(name.decode(errors="replace"))
            if is_ours and name not in swept and self._redis.ttl(key) == -1:
                status = self._redis.hget(key, "status")
                yield f"{key!r} is left as {status!r}, and would be for ever"


def came_at(request: Recorded) -> datetime:
    """When a request came, by the clock of the wall."""
    ago = time.monotonic() - request.at
    return datetime.fromtimestamp(time.time() - ago, UTC)
