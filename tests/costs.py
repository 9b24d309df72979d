"""What work costs: CPU time of this thread, which hardly depends on what else the machine does."""

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object]) -> float:
    """What `work` takes, without the garbage that tests before it have left."""
    gc.disable()
    began = time.thread_time()
    try:
        work()
        return time.thread_time() - began
    finally:
        gc.enable()
