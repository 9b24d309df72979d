"""What work costs: CPU time of this thread, which hardly depends on what else the machine does."""

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from types import FrameType

# Of something known, on a quiet machine of two cores.
KNOWN_SECONDS = 0.008


def cpu_seconds(work: Callable[[], object]) -> float:
    """What `work` takes, without the garbage that tests before it have left."""
    gc.disable()
    began = time.thread_time()
    try:
        work()
        return time.thread_time() - began
    finally:
        gc.enable()


def longest_step(work: Callable[[], object]) -> float:
    """The most that `work` takes between two of its lines.

    For so long, at the most, it holds Python's lock, and every other thread waits. It is done
    thrice, for the machine may do something else in any step.
    """
    work()  # a first call loads things
    return max(min(same) for same in zip(*(_steps(work) for _ in range(3)), strict=True))


def _steps(work: Callable[[], object]) -> list[float]:
    steps, since = [], time.thread_time()

    def trace(_frame: FrameType, _event: str, _arg: object) -> Callable:
        nonlocal since
        steps.append(time.thread_time() - since)
        since = time.thread_time()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        cpu_seconds(work)
    finally:
        sys.settrace(before)
    return steps


def bytes_held(work: Callable[[], object]) -> int:
    """The most memory that what `work` makes takes at any moment."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_takes_less(seconds: float, work: Callable[[], object], kind: str = "") -> None:
    """Hold the work to so much CPU time of this thread: thrice, for a first call loads things.

    A busy machine's caches and shared cores make a second of CPU longer: by how much is measured
    beside the work, on something that always takes the same.
    """
    took = cpu_seconds(work)
    for _ in range(2):
        if took < seconds:
            return
        took = min(took, cpu_seconds(work))
    assert took < seconds or took / slowness() < seconds, kind


def slowness() -> float:
    """How much longer a second of CPU is here and now than on a quiet machine."""
    return max(1.0, min(cpu_seconds(_something_known) for _ in range(3)) / KNOWN_SECONDS)


def _something_known() -> None:
    texts = {}
    for number in range(60_000):
        texts[number & 1023] = str(number)
