"""How the tests wait: for what must happen, so long that only a hang reaches the limit."""

import os
import time
from collections.abc import Callable

# In seconds. A machine that is slower still sets TEST_PATIENCE to a multiple.
PATIENCE = 180 * float(os.environ.get("TEST_PATIENCE", "1"))


def wait_until(condition: Callable[[], object], every: float = 0.01) -> None:
    """Wait for something another process does; fail when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {condition}"
        time.sleep(every)
