"""Work that would hold up the event loop, done beside it."""

from collections.abc import Callable
from typing import Any

from gevent import get_hub
from gevent.monkey import is_module_patched


def slowly(work: Callable[..., Any], *args: object) -> Any:
    """Do in a thread what would stall every open stream: a password's hash, a long text."""
    if is_module_patched("threading"):
        return get_hub().threadpool.apply(work, args)
    return work(*args)
