"""A reading ahead makes no draft late: a thousand schedules, in time that is only counted."""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from smartcontent.preflight.plan import Upcoming, to_read
from smartcontent.preflight.preflight import LOOK_SECONDS

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = timedelta(seconds=20)
BATCHES = (64, 2048)  # tokens: the demo model's, Ollama's
EPSILON = 1e-6


@dataclass(frozen=True)
class Planned:
    """A draft of a schedule; times in seconds from its beginning, the prompt in tokens."""

    model: str
    told_at: float
    due: float
    tokens: int
    writing: float


@dataclass
class Server:
    """Ollama with one place, where one request is served after another and what was read is kept.

    `rate` is how many tokens a second it reads, `known` how many it is thought to. It reads a whole
    `batch` of them before it notices that nobody wants them any more.
    """

    batch: int
    rate: float
    known: float
    free_at: float = 0.0
    read: dict[Planned, float] = field(default_factory=dict)
    reading: tuple[Planned, float] | None = None
    begun_at: float = 0.0
    surprises: int = 0  # drafts that nobody knew of when a reading began, and due before its end

    def begin_to_read(self, draft: Planned, moment: float) -> None:
        self.reading, self.begun_at = (draft, max(moment, self.free_at)), moment

    def go_on(self, moment: float, is_given_up: bool) -> None:
        """What has come of a reading by now; one that is given up ends with its batch."""
        if self.reading is None:
            return
        draft, began = self.reading
        so_far = max(0.0, (moment - began) * self.rate)
        if so_far >= draft.tokens or is_given_up:
            tokens = min(draft.tokens, math.ceil(so_far / self.batch) * self.batch)
            self.read[draft] = tokens
            self.free_at = max(self.free_at, began + tokens / self.rate if tokens else 0.0)
            self.reading = None

    def first_word(self, draft: Planned) -> float:
        """When it comes, of a request that is sent at the due time."""
        start = max(draft.due, self.free_at)
        first_word = start + (draft.tokens - self.read.get(draft, 0.0)) / self.rate
        self.free_at = first_word + draft.writing
        return first_word

    def upcoming(self, drafts: list[Planned], moment: float) -> list[Upcoming]:
        waiting = [each for each in drafts if each.told_at <= moment < each.due]
        firsts: dict[str, Planned] = {}
        for each in sorted(waiting, key=lambda each: each.due):
            firsts.setdefault(each.model, each)
        return [
            Upcoming(at(each.due), each.tokens / self.known, each not in self.read)
            for each in firsts.values()
        ]


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def first_words(
    drafts: list[Planned], server: Server, looks: list[float]
) -> tuple[dict[Planned, float], dict[Planned, int]]:
    """When each draft has its first word, and how many surprises it may have to wait for.

    The model looks at these times; without any, nothing is read ahead.
    """
    words, may_wait = {}, {}
    events: list[tuple[float, int, Planned | None]] = [(look, 1, None) for look in looks]
    events += [(each.due, 0, each) for each in drafts]
    for moment, _, due in sorted(events, key=lambda event: event[:2]):
        server.go_on(moment, is_given_up=False)
        if due is not None:
            if server.reading is not None and due.told_at > server.begun_at:
                server.surprises += 1
            server.go_on(moment, is_given_up=True)
            may_wait[due] = server.surprises
            words[due] = server.first_word(due)
        elif server.reading is None:
            upcoming = server.upcoming(drafts, moment)
            chosen = to_read(upcoming, server.free_at > moment, at(moment), USUAL)
            if chosen is not None:
                [it] = [draft for draft in drafts if at(draft.due) == chosen.due_at]
                server.begin_to_read(it, moment)
    return words, may_wait


def schedule(dice: random.Random) -> list[Planned]:
    drafts = []
    for _ in range(dice.randint(2, 12)):
        told_at = dice.uniform(0, 120)
        # Most wait for their minute; some are started by hand, while another may be read.
        delay = dice.choice([60, 60, 60, dice.uniform(10, 120), 0.001])
        tokens = dice.randint(100, 3000)
        drafts.append(
            Planned(dice.choice("ab"), told_at, told_at + delay, tokens, dice.uniform(1, 40))
        )
    return drafts


@pytest.mark.parametrize("begin", range(0, 1000, 250))
def test_reading_ahead_makes_no_draft_late(begin):
    is_sooner = 0
    for seed in range(begin, begin + 250):
        dice = random.Random(seed)
        drafts = schedule(dice)
        batch, rate = dice.choice(BATCHES), dice.uniform(20, 2000)
        known = rate * dice.uniform(0.5, 1.5)  # what it is thought to read may be too much
        looks = [dice.uniform(0, LOOK_SECONDS) + n * LOOK_SECONDS for n in range(170)]

        without, _ = first_words(drafts, Server(batch, rate, known), [])
        with_it, may_wait = first_words(drafts, Server(batch, rate, known), looks)

        for draft, word in with_it.items():
            assert draft.due <= word
            longest = without[draft] + may_wait[draft] * batch / rate
            assert word <= longest + EPSILON, (seed, draft)
            is_sooner += word < without[draft] - EPSILON
    assert is_sooner > 250


def test_it_is_read_as_long_before_as_it_takes_or_as_long_as_models_are_loaded():
    quick, slow = Upcoming(at(100), seconds=1), Upcoming(at(100), seconds=40)

    assert to_read([quick], False, at(79), USUAL) is None
    assert to_read([quick], False, at(80), USUAL) is quick
    assert to_read([slow], False, at(37), USUAL) is None
    assert to_read([slow], False, at(38), USUAL) is slow


@pytest.mark.parametrize("seconds", [5e10, 1e300])
def test_reading_that_was_said_to_take_for_ever_is_not_begun(seconds):
    assert to_read([Upcoming(at(100), seconds)], False, at(80), USUAL) is None
