"""What work costs: CPU time of this thread, which hardly depends on what else the machine does."""

import gc
import sys
import time
from collections.abc import Callable
from types import FrameType


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

    For so long, at the most, it holds Python's lock, and every other thread waits.
    """
    longest, since = 0.0, time.thread_time()

    def trace(_frame: FrameType, _event: str, _arg: object) -> Callable:
        nonlocal longest, since
        longest = max(longest, time.thread_time() - since)
        since = time.thread_time()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        cpu_seconds(work)
    finally:
        sys.settrace(before)
    return longest
