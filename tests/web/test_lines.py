"""Few at once, and users by turns."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import wait_until
from patience import PATIENCE

from smartcontent.web.lines import Line


def in_line(line: Line, pool: ThreadPoolExecutor, asked: str, do: Callable[[str], None]) -> None:
    """Have each stand in the line behind the one before, while the first has the turn."""

    def wait(whose: str) -> None:
        with line.turn(whose):
            do(whose)

    for number, whose in enumerate(asked):
        pool.submit(wait, whose)
        wait_until(lambda number=number: waiting(line) == number)


def waiting(line: Line) -> int:
    with line._changing:
        return sum(map(len, line._waiting.values())) + line._free * 100


def test_who_comes_waits_for_nothing_but_what_is_at_work():
    line, order, go_on = Line(1), [], threading.Event()

    def work(whose: str) -> None:
        assert go_on.wait(PATIENCE)
        order.append(whose)

    with ThreadPoolExecutor(9) as pool:
        in_line(line, pool, "aaaabbc", work)
        go_on.set()

    assert "".join(order) == "abcabaa"
    assert waiting(line) == 100


def test_who_is_ended_while_waiting_takes_no_turn(monkeypatch):
    class Ended(BaseException):
        pass

    class Killed:
        """What a request waits by that is ended meanwhile."""

        asked = 0

        def acquire(self) -> None:
            self.asked += 1
            if self.asked == 2:
                raise Ended

        def release(self) -> None:
            raise AssertionError("nobody waits by it any more")

    line = Line(1)
    monkeypatch.setattr("smartcontent.web.lines.Lock", Killed)

    with line.turn("a"):
        with pytest.raises(Ended), line.turn("b"):
            raise AssertionError
        assert waiting(line) == 0
    with line.turn("c"):
        assert waiting(line) == 0

    assert waiting(line) == 100
